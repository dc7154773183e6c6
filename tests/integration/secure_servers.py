"""Servers that want TLS and accounts, with certificates made for the occasion by openssl."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from infra.local.kafka import KafkaServer
from infra.local.ports import HOST, PortReservation

USER, PASSWORD = "kpistream", "kafka-only-for-this-test"

#: Settings of a broker that asks for rights.
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}


@dataclass(frozen=True)
class Certificates:
    """An authority, a server's certificate signed by it, and an authority that signed nothing."""

    ca: Path
    certificate: Path
    key: Path
    other_ca: Path


def make_certificates(folder: Path) -> Certificates:
    """In ``folder``; valid for 127.0.0.1."""
    for name in ("ca", "other"):
        _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=test {name}",
                 "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", "server.key",
             "-out", "server.csr")  # fmt: skip
    (folder / "names").write_text(f"subjectAltName=IP:{HOST},DNS:localhost\n")
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
             "-days", "2", "-extfile", "names", "-out", "server.pem")  # fmt: skip
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key", folder / "other.pem")


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class SecureKafka(KafkaServer):
    """A broker with a second listener, SASL_SSL: SCRAM-SHA-512 and PLAIN, one account, and more if given.

    The first listener stays as it is: by it the broker talks to itself and the test prepares it.
    """

    def __init__(self, data_dir: Path, certificates: Certificates, users: dict[str, str] | None = None,
                 **settings: str) -> None:  # fmt: skip
        self.users = {USER: PASSWORD, **(users or {})}
        super().__init__(data_dir)
        self.outside: PortReservation = self._reserve(None, "Kafka (SASL_SSL)")
        pair = data_dir / "server-pair.pem"
        data_dir.mkdir(parents=True, exist_ok=True)
        pair.write_text(certificates.key.read_text() + certificates.certificate.read_text())
        plain = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        modules = "org.apache.kafka.common.security"
        place = super().settings()
        self._settings |= {
            "listeners": f"{place['listeners']},SASL_SSL://{self.secure}",
            "advertised.listeners": f"{place['advertised.listeners']},SASL_SSL://{self.secure}",
            "listener.security.protocol.map": f"{place['listener.security.protocol.map']},SASL_SSL:SASL_SSL",
            "inter.broker.listener.name": "PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(pair),
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{modules}.plain.PlainLoginModule required {plain};",
            **settings,
        }

    @property
    def secure(self) -> str:
        """Address of the listener that wants an account."""
        return f"{HOST}:{self.outside.port}"

    def _format(self, command: list[str]) -> None:
        scram = (f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in self.users.items())
        super()._format([*command, *(part for one in scram for part in ("--add-scram", one))])


class TlsFront:
    """TLS in front of a server that cannot speak it itself: the ClickHouse library listens for plain TCP only."""

    def __init__(self, port: int, certificates: Certificates) -> None:
        self._behind = port
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificates.certificate, certificates.key)
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:  # a client that trusts us not, or went away
            client.settimeout(10)
            encrypted = self._context.wrap_socket(client, server_side=True)
            with encrypted, socket.create_connection((HOST, self._behind)) as server:
                _relay(encrypted, server)


def _relay(encrypted: ssl.SSLSocket, server: socket.socket) -> None:
    encrypted.settimeout(None)
    while True:
        ready = [encrypted] if encrypted.pending() else select.select([encrypted, server], [], [])[0]
        for one, other in ((encrypted, server), (server, encrypted)):
            if one in ready:
                if not (data := one.recv(1 << 16)):
                    return
                other.sendall(data)
