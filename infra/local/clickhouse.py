"""One ClickHouse server on the loopback interface, run out of libchdb.so as a child process."""

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.local.artifacts import fetch_libchdb
from infra.local.clickhouse_config import User, bi, server_xml, users_xml, writer
from infra.local.errors import StackError
from infra.local.native import LIBRARY as FAILED_WRITES
from infra.local.ports import HOST, answers
from infra.local.processes import ChildProcess
from infra.local.server import Server

_CHILD = Path(__file__).with_name("clickhouse_child.py")


class ClickHouseServer(Server):
    """A server and its data, with the users `writer` and `bi` and any others given.

    Passwords come from the caller, else from the environment (KPISTREAM_CLICKHOUSE_PASSWORD,
    KPISTREAM_CLICKHOUSE_BI_PASSWORD), else they are random and kept in the data folder, for its owner's eyes.
    """

    def __init__(self, data_dir: Path, tcp_port: int | None = None, http_port: int | None = None,
                 password: str | None = None, bi_password: str | None = None, users: Sequence[User] = (),
                 library: Path | None = None, pass_fds: Sequence[int] = ()) -> None:
        super().__init__()
        self.data_dir = Path(data_dir).absolute()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log = self.data_dir / "clickhouse.log"
        self.password = password or self._password("writer", "KPISTREAM_CLICKHOUSE_PASSWORD")
        self.bi_password = bi_password or self._password("bi", "KPISTREAM_CLICKHOUSE_BI_PASSWORD")
        self._users = [writer(self.password), bi(self.bi_password), *users]
        self._library = library
        self._pass_fds = pass_fds
        self._tcp = self._reserve(tcp_port, "ClickHouse (TCP)")
        self._http = self._reserve(http_port, "ClickHouse (HTTP)")

    @property
    def host(self) -> str:
        """Address it listens on."""
        return HOST

    @property
    def tcp_port(self) -> int:
        """Port of the native protocol."""
        return self._tcp.port

    @property
    def http_port(self) -> int:
        """Port of the HTTP interface."""
        return self._http.port

    def answers(self) -> bool:
        """Whether both interfaces take connections and the writer can ask something."""
        if not (answers(self.tcp_port) and answers(self.http_port)):
            return False
        try:
            with self.client() as client:
                return client.execute("SELECT 1") == [(1,)]
        except (Error, OSError, EOFError):
            return False

    def client(self, user: str = "writer", password: str | None = None) -> Client:
        """A client of the native protocol, as the writer unless told otherwise; use it in `with`."""
        password = password or {"writer": self.password, "bi": self.bi_password}[user]
        return Client(HOST, port=self.tcp_port, user=user, password=password)

    def _spawn(self) -> ChildProcess:
        library = self._library or fetch_libchdb()
        users_file = self.data_dir / "users.xml"
        config = self.data_dir / "config.xml"
        write_private(users_file, users_xml(self._users))
        write_private(config, server_xml(users_file, self.data_dir / "clickhouse-server.log"))
        return ChildProcess("ClickHouse", [
            sys.executable, "-IS", str(_CHILD), str(library), str(config), f"{self.data_dir / 'data'}/",
            str(self.tcp_port), str(self.http_port),
        ], self.log, self._pass_fds, {"LD_PRELOAD": str(FAILED_WRITES)} if FAILED_WRITES.exists() else None)

    def _password(self, user: str, variable: str) -> str:
        if given := os.environ.get(variable):
            return given
        kept = self.data_dir / f"{user}.password"
        if kept.exists():
            return kept.read_text().strip()
        password = secrets.token_urlsafe(18)
        write_private(kept, password + "\n")
        return password


def write_private(path: Path, content: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
    except OSError as error:
        raise StackError(f"Cannot write {path}: {error.strerror}.") from error
    part.rename(path)
