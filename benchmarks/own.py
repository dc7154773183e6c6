"""kpistream on servers of its own: topics, tables, a plan, and workers, sinks and queries on them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import click
from clickhouse_driver import Client
from confluent_kafka import Producer

from benchmarks.worker import Worker, drained
from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.ingest.routing import topic_of
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.plan import Plan
from sinks.connection import connect, from_settings

PARTITIONS = 4


class Own:
    """A context manager; what it started ends with it."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self._closing = ExitStack()
        self._partitions = partitions
        self._processes = 0

    def __enter__(self) -> Own:
        self.folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        self.stack = self._closing.enter_context(LocalStack())
        partitions = {"KPISTREAM_PARTITIONS": str(self._partitions)}
        self.environment = self.stack.connection.environment() | partitions
        os.environ.update(self.environment)
        self.settings = Settings()
        create_topics(self.settings)
        migrate(from_settings(self.settings))
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    @property
    def broker(self) -> str:
        """Kafka's address."""
        return self.settings.kafka_bootstrap

    def apply(self, plan: Plan) -> None:
        """Put a plan in force."""
        apply_plan(self.settings, plan)

    def start(self, command: str = "worker", **settings: object) -> Worker:
        """A process, with further settings by field name; it may not be ready yet."""
        self._processes += 1
        given = {f"KPISTREAM_{name.upper()}": str(value) for name, value in settings.items()}
        log = self.folder / f"{command}-{self._processes}.log"
        worker = Worker(self.environment | given, log, (command,))
        self._closing.callback(worker.kill)
        return worker

    def query(self, sql: str, **settings: object) -> list[tuple]:
        """Rows from ClickHouse."""
        client: Client = connect(from_settings(self.settings))
        try:
            return client.execute(sql, settings=settings)
        finally:
            client.disconnect()


def produce_events(broker: str, events: Iterable[tuple[str, bytes]]) -> int:
    """(event type, JSON) to the business topics; how many."""
    producer = Producer(
        {"bootstrap.servers": broker, "linger.ms": 20, "compression.type": "lz4", "batch.num.messages": 50_000,
         "queue.buffering.max.messages": 1_000_000, "sticky.partitioning.linger.ms": 10}
    )  # fmt: skip
    count = 0
    for kind, value in events:
        producer.produce(topic_of(kind), value)
        count += 1
        if count % 10_000 == 0:
            producer.poll(0)
            while len(producer) > 800_000:
                producer.poll(0.1)
    if left := producer.flush(120):
        raise click.ClickException(f"{left} records did not reach Kafka")
    return count


def wait_for(what: str, reached: Callable[[], bool], *processes: Worker, seconds: float = 300) -> None:
    """Return when it is so; ClickException when a process ends before, or time is up."""
    deadline = time.monotonic() + seconds
    while not reached():
        for process in processes:
            if (code := process.exit_code()) is not None:
                raise click.ClickException(f"{what}: a process ended with {code}:\n{process.last_words()}")
        if time.monotonic() > deadline:
            raise click.ClickException(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.1)


def measure(events: int, *workers: Worker, seconds: float = 600) -> dict:
    """Time from the first event folded until all is folded, acknowledged and in a checkpoint, over all workers."""
    samples: list[tuple[float, float, float]] = []  # time, events, CPU seconds
    deadline = time.monotonic() + seconds
    while True:
        for worker in workers:
            if (code := worker.exit_code()) is not None:
                raise click.ClickException(f"the worker ended with {code}:\n{worker.last_words()}")
        done = sum(worker.total("kpistream_events_total") for worker in workers)
        samples.append((time.perf_counter(), done, sum(worker.cpu_seconds() for worker in workers)))
        if done >= events and all(drained(worker) for worker in workers):
            break
        if time.monotonic() > deadline:
            raise click.ClickException(f"after {seconds:.0f} s the workers had folded {done:,.0f} of {events:,} events")
        time.sleep(0.25)
    # from the last look at which there was nothing yet
    began, first, cpu = next((sample for sample in reversed(samples) if not sample[1]), samples[0])
    ended, used = time.perf_counter(), sum(worker.cpu_seconds() for worker in workers)
    middle = [sample for sample in samples if 0.1 * events < sample[1] < events]
    rate = (middle[-1][1] - middle[0][1]) / (middle[-1][0] - middle[0][0]) if len(middle) > 4 else None
    return {
        "events": events,
        "seconds": round(ended - began, 2),
        "events_per_second": round((events - first) / (ended - began)),
        "steady_events_per_second": rate and round(rate),
        "cpu_seconds": round(used - cpu, 2),
        "cpu_us_per_event": round((used - cpu) / max(events - first, 1) * 1e6, 2),
    }
