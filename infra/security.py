"""Accounts and TLS of our connections: settings, and what they mean to each client library.

Secrets come from the environment or from files that it names, and leave this module only towards a client.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

_SECRETS = ("kafka_password", "clickhouse_password", "clickhouse_bi_password")


class SecuritySettings(BaseSettings):
    """How connections prove who they are and whom they reach."""

    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the brokers' listener has it"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_user: str = Field("", description="Kafka account, with SASL")
    kafka_password: SecretStr = Field(SecretStr(""), description="its password")
    kafka_password_file: Path | None = Field(None, description="file that holds it instead")
    kafka_ca: Path | None = Field(None, description="PEM file of the authorities whose brokers are trusted; "
                                                    "else those of the system")  # fmt: skip
    kafka_certificate: Path | None = Field(None, description="PEM file of our own certificate, if brokers want one")
    kafka_key: Path | None = Field(None, description="PEM file of its key, without a password")
    clickhouse_tls: bool = Field(False, description="true: TLS to ClickHouse; KPISTREAM_CLICKHOUSE_PORT is then the "
                                                    "server's tcp_port_secure (9440)")  # fmt: skip
    clickhouse_ca: Path | None = Field(None, description="PEM file of the authorities whose servers are trusted; "
                                                         "else those that come with Python")  # fmt: skip
    clickhouse_password_file: Path | None = Field(None, description="file that holds the password")
    clickhouse_bi_password_file: Path | None = Field(None, description="file that holds the reader's password")

    @model_validator(mode="after")
    def _usable(self) -> SecuritySettings:
        for name in _SECRETS:
            if file := getattr(self, f"{name}_file"):
                object.__setattr__(self, name, self._secret(name, file))
        for name in ("kafka_ca", "kafka_certificate", "kafka_key", "clickhouse_ca"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{_variable(name)} names {path}, which is no file")
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password.get_secret_value()):
            raise ValueError(
                f"KPISTREAM_KAFKA_SECURITY is {self.kafka_security}: it needs KPISTREAM_KAFKA_USER and "
                "KPISTREAM_KAFKA_PASSWORD or KPISTREAM_KAFKA_PASSWORD_FILE"
            )
        if bool(self.kafka_certificate) != bool(self.kafka_key):
            raise ValueError("KPISTREAM_KAFKA_CERTIFICATE and KPISTREAM_KAFKA_KEY belong together")
        return self

    def _secret(self, name: str, file: Path) -> SecretStr:
        if getattr(self, name).get_secret_value():
            raise ValueError(f"{_variable(name)} and {_variable(name)}_FILE are both set: one of them")
        try:
            return SecretStr(file.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
            raise ValueError(f"{_variable(name)}_FILE names {file}, which cannot be read: {said}") from None

    @property
    def kafka_tls(self) -> bool:
        """Whether connections to Kafka are encrypted."""
        return self.kafka_security.endswith("SSL")

    def kafka_tls_context(self) -> ssl.SSLContext | None:
        """Trusts what the settings say, and checks that a broker is who it says; None without TLS."""
        if not self.kafka_tls:
            return None
        context = ssl.create_default_context(cafile=str(self.kafka_ca) if self.kafka_ca else None)
        if self.kafka_certificate:
            context.load_cert_chain(str(self.kafka_certificate), str(self.kafka_key))
        return context

    def kafka_options(self, bootstrap: str | None = None) -> dict[str, Any]:
        """Address, account and TLS for a client of aiokafka or kafka-python: both name them alike."""
        address = bootstrap or self.kafka_bootstrap  # type: ignore[attr-defined]
        options: dict[str, Any] = {"bootstrap_servers": [one.strip() for one in address.split(",")]}
        if self.kafka_security == "PLAINTEXT":
            return options
        options |= {"security_protocol": self.kafka_security, "ssl_context": self.kafka_tls_context()}
        if self.kafka_security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_user,
                "sasl_plain_password": self.kafka_password.get_secret_value(),
            }
        return options


def _variable(name: str) -> str:
    return f"KPISTREAM_{name.upper()}"
