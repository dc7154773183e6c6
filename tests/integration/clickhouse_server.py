"""A ClickHouse server of a test module's own, so that it may be killed and its tables may hold anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.clickhouse.migrate import migrate
from infra.local.clickhouse import ClickHouseServer
from infra.local.clickhouse_config import User
from sinks.connection import ClickHouseSettings
from sinks.loader import Loader, Retry, loader_client


def settings_of(server: ClickHouseServer, user: str = "writer") -> ClickHouseSettings:
    """How to reach ``server`` as ``user``."""
    password = {"writer": server.password, "bi": server.bi_password}[user]
    return ClickHouseSettings(server.host, server.tcp_port, user, password)


@contextmanager
def running_server(
    folder: Path, migrated: bool = True, users: Sequence[User] = ()
) -> Iterator[ClickHouseServer]:
    """A server with its data in ``folder``, with all migrations or with nothing."""
    server = ClickHouseServer(folder, users=users)
    try:
        server.start()
        if migrated:
            migrate(settings_of(server))
        yield server
    finally:
        server.close()


def flush(loader: Loader) -> dict[tuple[str, int], int]:
    """Insert what the loader has buffered; what may be committed then."""
    taken = loader.take()
    loader.insert(taken)
    return taken.offsets


def loader_of(server: ClickHouseServer, attempts: int = 1) -> Loader:
    """A loader that does not wait between attempts."""
    settings = settings_of(server)
    return Loader(lambda: loader_client(settings), Retry(attempts), sleep=lambda seconds: None)
