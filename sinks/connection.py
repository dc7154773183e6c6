"""How to reach ClickHouse, and clients whose settings suit what they are for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from clickhouse_driver import Client

from infra.settings import Settings
from sinks.native_client import NativeClient

# It logs each failed attempt with a traceback before it raises; whoever asked says it in a sentence.
logging.getLogger("clickhouse_driver.connection").setLevel(logging.CRITICAL)

#: No query of ours may wait for ever; a checkpoint or a block is a matter of seconds.
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class ClickHouseSettings:
    """Address (native protocol) and account of a ClickHouse server."""

    host: str = "127.0.0.1"
    port: int = 9000
    user: str = "writer"
    password: str = field(default="", repr=False)
    tls: bool = False
    ca: str | None = None


def from_settings(settings: Settings) -> ClickHouseSettings:
    """The server and account that the process settings name."""
    return ClickHouseSettings(
        settings.clickhouse_host,
        settings.clickhouse_port,
        settings.clickhouse_user,
        settings.clickhouse_password.get_secret_value(),
        settings.clickhouse_tls,
        str(settings.clickhouse_ca) if settings.clickhouse_ca else None,
    )


def reader_from_settings(settings: Settings) -> ClickHouseSettings:
    """The same server with the account for reading."""
    password = settings.clickhouse_bi_password.get_secret_value()
    return replace(from_settings(settings), user=settings.clickhouse_bi_user, password=password)


def connect(settings: ClickHouseSettings, **options: object) -> NativeClient:
    """A client that connects on first use; ``options`` are settings of the driver and of its queries.

    Inserts are synchronous: the server's asynchronous ones would put rows of several blocks together, and an
    acknowledgement would no longer mean that this very block is stored.
    """
    return _client(settings, 5, _TIMEOUT_SECONDS, {"async_insert": 0, **options})


def connect_briefly(settings: ClickHouseSettings) -> Client:
    """A client that soon gives up, and sets nothing: the account for reading may not."""
    return _client(settings, 3, 20, {})


def _client(settings: ClickHouseSettings, connect_seconds: float, answer_seconds: float, options: dict) -> NativeClient:
    return NativeClient(
        settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        secure=settings.tls,
        **({"ca_certs": settings.ca} if settings.ca else {}),
        database="default",
        connect_timeout=connect_seconds,
        send_receive_timeout=answer_seconds,
        client_name="kpistream",
        settings=options,
    )


def connect_binary(settings: ClickHouseSettings, **options: object) -> Client:
    """A client that takes and gives strings as bytes, and sends each insert as one block unless told
    otherwise.
    """
    return connect(settings, **{"strings_as_bytes": True, "insert_block_size": 2**31 - 1, **options})
