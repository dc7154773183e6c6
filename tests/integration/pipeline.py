"""The whole pipeline as child processes on a LocalStack: worker, sink, and waiting for both to catch up."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from click.testing import CliRunner, Result
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.producer.future import RecordMetadata

from infra.cli import main
from infra.clickhouse.migrate import migrate
from infra.local.ports import PortReservation
from infra.local.processes import ChildProcess
from infra.local.stack import LocalStack
from infra.topic_admin import create_topics
from schemas.topics import CREDITS, FACTS, INTERNAL, KPI_UPDATES
from sinks.connection import connect, from_settings
from tests.integration.conftest import settings_of
from tests.integration.forked import ForkedCommand

ROOT = Path(__file__).parent.parent.parent


class Pipeline:
    """Topics, tables, one worker and one sink on a running stack; a context manager.

    ``stack`` must hold nothing (own_stack, module_stack): topics and tables have fixed names. ``settings`` are further
    settings by field name, such as ``checkpoint_seconds="0.2"``.
    """

    def __init__(self, stack: LocalStack, partitions: int = 2, **settings: object) -> None:
        given = {f"KPISTREAM_{name.upper()}": str(value) for name, value in settings.items()}
        fast = {"KPISTREAM_CHECKPOINT_SECONDS": "0.3", "KPISTREAM_UPDATE_SECONDS": "0.1"}
        self.environment = (
            stack.connection.environment() | fast | {"KPISTREAM_PARTITIONS": str(partitions)} | given
        )
        self.settings = settings_of(self.environment)
        self.workers: list[ChildProcess] = []
        self.sink: ChildProcess | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="kpistream-pipeline-")
        self._ports: dict[int, PortReservation] = {}

    # -- processes

    def start(self) -> Pipeline:
        """Create topics and tables, start one worker and the sink, return when both are ready."""
        create_topics(self.settings)
        migrate(from_settings(self.settings))
        self.sink = self._launch("sink")
        self.workers.append(self._launch("worker"))
        for process in (self.sink, *self.workers):
            self._wait_ready(process)
        return self

    def start_worker(self, wait: bool = True, instead_of: ChildProcess | None = None) -> ChildProcess:
        """One more worker, on the port of an ended one. A second one is ready once it was given partitions."""
        worker = self._launch("worker", self._ports[instead_of.pid] if instead_of else None)
        self.workers.append(worker)
        if wait:
            self._wait_ready(worker)
        return worker

    def kill_worker(self, number: int = 0) -> None:
        """kill -9 of a worker, as if the machine had died; start_worker() brings another."""
        self.workers.pop(number).kill()

    def stop_worker(self, number: int = 0) -> ChildProcess:
        """SIGTERM to a worker, and wait for its end."""
        worker = self.workers.pop(number)
        worker.stop(60)
        return worker

    def stop(self) -> None:
        """End all processes in order, by their ids."""
        for process in (*self.workers, self.sink):
            if process is not None:
                process.stop(60)
        self.workers, self.sink = [], None
        for port in self._ports.values():
            port.release()
        self._folder.cleanup()

    def __enter__(self) -> Pipeline:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, command: str, port: PortReservation | None = None) -> ChildProcess:
        port = port or PortReservation()
        log = Path(self._folder.name) / f"{command}-{port.port}-{len(self._ports)}.log"
        # a worker that takes a killed one's place takes its name too, and with it its partitions, without a rebalance
        name = {"KPISTREAM_WORKER_ID": f"{command}-{len(self.workers)}"}
        process = ForkedCommand(command, [command, "--web-port", str(port.port)], log, self.environment | name)
        self._ports[process.pid] = port
        return process

    def _wait_ready(self, process: ChildProcess, timeout: float = 120) -> None:
        process.wait_until(lambda: self._page(process, "readyz") is not None, timeout)

    def _page(self, process: ChildProcess, page: str) -> str | None:
        """What a process's web server answers, None unless it is a 200."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self._ports[process.pid].port}/{page}", timeout=5
            ) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def port(self, process: ChildProcess) -> int:
        """The web port of a process."""
        return self._ports[process.pid].port

    def metrics(self, process: ChildProcess) -> str:
        """The metrics page of a process."""
        return self._page(process, "metrics") or ""

    # -- commands, input, output

    def command(self, *arguments: str) -> Result:
        """Run a kpistream command in this process, with the pipeline's settings."""
        return CliRunner().invoke(main, list(arguments), env=self.environment)

    def apply(self, plan_file: Path) -> None:
        """``kpistream plan apply``."""
        result = self.command("plan", "apply", str(plan_file))
        assert result.exit_code == 0, result.output

    def produce(
        self, topic: str, values: Sequence[bytes | dict | None], **options: object
    ) -> list[RecordMetadata]:
        """Send records (events as dictionaries, or raw bytes), each confirmed; returns where each lies."""
        producer = KafkaProducer(
            **self.settings.kafka_options(), acks="all", max_request_size=16 << 20, **options
        )
        try:
            raw = [json.dumps(value).encode() if isinstance(value, dict) else value for value in values]
            # the client sends no record without both key and value
            sent = [producer.send(topic, value, key=b"key" if value is None else None) for value in raw]
            return [future.get(30) for future in sent]
        finally:
            producer.close()

    def query(self, text: str, parameters: dict | None = None) -> list[tuple]:
        """Rows of a ClickHouse query, as the writer."""
        with connect(from_settings(self.settings)) as client:
            return client.execute(text, parameters)

    # -- waiting

    def wait_until_drained(self, timeout: float = 90) -> None:
        """Return when everything that is in the topics now has been folded, checkpointed and loaded.

        Follows the flow: a stage commits only once its results are in its output topics, so after it is level
        with its input, the ends of the next topics are final. Sources are assumed to hold no transactions.
        """
        deadline = time.monotonic() + timeout
        consumer = KafkaConsumer(**self.settings.kafka_options())
        admin = KafkaAdminClient(**self.settings.kafka_options())
        try:
            for group, topics in self._groups():
                while behind := _behind(consumer, admin, group, topics):
                    self._check_alive()
                    if time.monotonic() > deadline:
                        raise AssertionError(
                            f"{group} is behind after {timeout:.0f} s: {behind}\n{self.logs()}"
                        )
                    time.sleep(0.1)
        finally:
            consumer.close()
            admin.close()

    def _groups(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Consumer groups and what they read, in the order of the flow."""
        prefix = self.settings.group_prefix
        yield f"{prefix}-intake", self.settings.source_topics
        yield f"{prefix}-crediting", (FACTS.name,)
        yield f"{prefix}-performance", (CREDITS.name,)
        yield f"{prefix}-rollups", (KPI_UPDATES.name,)
        yield f"{prefix}-sink", tuple(topic.name for topic in INTERNAL)

    def _check_alive(self) -> None:
        for process in (*self.workers, self.sink):
            assert process is None or process.running(), f"{process.name} ended:\n{process.log_tail(30)}"

    def logs(self, lines: int = 15) -> str:
        """The ends of all logs."""
        processes = [process for process in (*self.workers, self.sink) if process is not None]
        return "\n".join(f"--- {process.name}\n{process.log_tail(lines)}" for process in processes)


def _behind(
    consumer: KafkaConsumer, admin: KafkaAdminClient, group: str, topics: Sequence[str]
) -> dict[str, int]:
    """Records that ``group`` has not committed yet, by partition; {} when it is level."""
    parts = [
        TopicPartition(topic, number)
        for topic in topics
        for number in consumer.partitions_for_topic(topic) or ()
    ]
    offsets = {part: one.offset for part, one in admin.list_group_offsets(group)[group].items()}
    ends = consumer.end_offsets(parts)
    lag = {part: ends[part] - max(offsets.get(part, 0), 0) for part in parts}
    return {f"{part.topic}/{part.partition}": records for part, records in lag.items() if records}
