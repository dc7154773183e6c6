"""Kafka and ClickHouse together, under one data folder."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from infra.local import data_dir as folders
from infra.local.artifacts import cache_dir, fetch
from infra.local.clickhouse import ClickHouseServer
from infra.local.clickhouse_config import User
from infra.local.connection import FILE_NAME, Connection
from infra.local.kafka import KafkaServer
from infra.local.server import Server


class LocalStack:
    """Both servers on free loopback ports; a context manager.

    With a data folder, a second start finds what the first left. Without one, the data lies in a temporary
    folder that goes away with the stack. The servers die with this process, however it ends.
    """

    kafka: KafkaServer
    clickhouse: ClickHouseServer

    def __init__(self, data_dir: Path | None = None, *, kafka_port: int | None = None,
                 clickhouse_port: int | None = None, clickhouse_http_port: int | None = None,
                 kafka_settings: Mapping[str, str] | None = None, users: Sequence[User] = ()) -> None:
        self._temporary = data_dir is None
        self.data_dir = Path(data_dir).absolute() if data_dir else folders.new_temporary(cache_dir() / "runs")
        self._kafka_options = {"port": kafka_port, "settings": kafka_settings}
        self._clickhouse_options = {
            "tcp_port": clickhouse_port, "http_port": clickhouse_http_port, "users": users,
        }
        self._lock: folders.DataDirLock | None = None
        self._servers: list[Server] = []

    @property
    def connection(self) -> Connection:
        """How to reach the servers."""
        return Connection(
            kafka_bootstrap=self.kafka.bootstrap,
            clickhouse_host=self.clickhouse.host,
            clickhouse_port=self.clickhouse.tcp_port,
            clickhouse_http_port=self.clickhouse.http_port,
            clickhouse_user="writer",
            clickhouse_password=self.clickhouse.password,
            clickhouse_bi_user="bi",
            clickhouse_bi_password=self.clickhouse.bi_password,
        )

    def start(self, timeout: float = 90) -> Connection:
        """Start both side by side and return when both answer; when one fails, neither is left."""
        folders.prepare(self.data_dir)
        self._lock = folders.DataDirLock(self.data_dir)
        try:
            artifacts = fetch()
            inherited = [self._lock.fd]
            self.clickhouse = ClickHouseServer(self.data_dir / "clickhouse", library=artifacts.libchdb,
                                               pass_fds=inherited, **self._clickhouse_options)  # type: ignore[arg-type]
            self._servers.append(self.clickhouse)
            self.kafka = KafkaServer(self.data_dir / "kafka", jars=artifacts.kafka_jars,
                                     pass_fds=inherited, **self._kafka_options)  # type: ignore[arg-type]
            self._servers.append(self.kafka)
            for server in self._servers:
                server.launch()
            for server in self._servers:
                server.wait_ready(timeout)
            self.connection.write(self.data_dir)
        except BaseException:
            self.stop()
            raise
        return self.connection

    def stop(self) -> None:
        """Stop both; a temporary data folder is removed, another keeps everything but the connection file."""
        while self._servers:
            self._servers.pop().close()
        if self._lock:
            (self.data_dir / FILE_NAME).unlink(missing_ok=True)
            if self._temporary:
                shutil.rmtree(self.data_dir, ignore_errors=True)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> "LocalStack":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
