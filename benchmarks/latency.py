"""From an event's place in Kafka's log to that of the award it caused, both by the broker's own clock.

``python -m benchmarks.latency [--rate EVENTS/S] [--seconds N]``: sales at a steady rate to one worker, checkpoints on;
every employee crosses tiers all the time, so that awards come throughout.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import click
from confluent_kafka import Producer

from benchmarks.check import read_topic
from benchmarks.sales import plan_of
from benchmarks.throughput import PARTITIONS, Worker, drained
from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.plan_file import load_plan
from schemas.results import decode_award
from sinks.connection import from_settings

EMPLOYEES = 10_000


def produce(settings: Settings, rate: int, seconds: int) -> None:
    """Sales at ``rate``; each employee's tenth sale crosses the first tier."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "linger.ms": 0, "acks": "all"})
    started = time.perf_counter()
    for number in range(rate * seconds):
        event = {
            "specversion": "1.0", "source": "shop", "id": f"s{number}", "type": "sale", "time": "2026-03-05T10:00:00Z",
            "data": {"employee": f"E{number // 10 % EMPLOYEES:06d}", "amount": "20000.00", "currency": "CNY"},
        }  # fmt: skip
        producer.produce("events.sales", json.dumps(event), key=event["id"])
        producer.poll(0)  # with a time-out it would return at each delivery, and the rate would be the broker's
        time.sleep(max(started + number / rate - time.perf_counter(), 0))
    producer.flush()


@click.command()
@click.option("--rate", default=1000)
@click.option("--seconds", default=20)
def main(rate: int, seconds: int) -> None:
    """Measure and print one JSON line."""
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder) / "stack") as stack:
        environment = stack.connection.environment() | {"KPISTREAM_PARTITIONS": str(PARTITIONS)}
        os.environ.update(environment)
        settings = Settings()
        create_topics(settings)
        migrate(from_settings(settings))
        apply_plan(settings, plan_of(load_plan(Path("plans/benchmark-tiers.yaml")), EMPLOYEES))
        worker = Worker(environment, Path(folder) / "worker.log")
        while '"ready"' not in worker.get("/readyz"):
            time.sleep(0.2)
        while worker.total("kpistream_next_offset") < 2 * PARTITIONS or not drained(worker):
            time.sleep(0.2)  # every partition of both stages has the plan
        produce(settings, rate, seconds)
        time.sleep(2)
        worker.stop()
        appended = {json.loads(record.value)["id"]: record.timestamp for record in read_topic(settings, "events.sales")}
        awards = [(decode_award(record.value).cause.id, record.timestamp) for record in read_topic(settings, "awards")]
    waits = sorted(at - appended[id] for id, at in awards)
    if not waits:
        raise click.ClickException("no award came")
    at = {
        name: waits[min(int(len(waits) * share), len(waits) - 1)]
        for name, share in (("median", 0.5), ("p99", 0.99), ("max", 1))
    }
    click.echo(json.dumps({"rate": rate, "awards": len(waits), "milliseconds": at}))


if __name__ == "__main__":
    main()
