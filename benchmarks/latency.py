"""From an event's place in Kafka's log to that of the award it caused, both by the broker's own clock.

``python -m benchmarks.latency [--rate EVENTS/S] [--seconds N] [--alerts]``: sales at a steady rate to one worker,
checkpoints on; every employee crosses tiers all the time, so that awards come throughout. With ``--alerts`` the alerts
process runs too, and the way to the HTTP request that announces the award is measured as well.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click
from confluent_kafka import Producer

from benchmarks.alert_receiver import Receiver, start_alerts
from benchmarks.check import read_topic
from benchmarks.sales import plan_of
from benchmarks.throughput import PARTITIONS
from benchmarks.worker import Worker, drained
from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.plan_file import load_plan
from schemas.results import decode_award
from sinks.connection import from_settings

EMPLOYEES = 10_000
_TICK_SECONDS = 0.002  # what is due within it is sent at once, or the sleeps alone would take a core


def produce(settings: Settings, rate: int, seconds: int) -> None:
    """Sales at ``rate``; each employee's tenth sale crosses the first tier."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "acks": "all"})
    started, number = time.perf_counter(), 0
    while number < rate * seconds:
        due = min(int((time.perf_counter() - started) * rate) + 1, rate * seconds)
        for one in range(number, due):
            event = {
                "specversion": "1.0", "source": "shop", "id": f"s{one}", "type": "sale",
                "time": "2026-03-05T10:00:00Z",
                "data": {"employee": f"E{one // 10 % EMPLOYEES:06d}", "amount": "20000.00", "currency": "CNY"},
            }  # fmt: skip
            producer.produce("events.sales", json.dumps(event), key=event["id"])
        number = due
        producer.poll(0)  # with a time-out it would return at each delivery, and the rate would be the broker's
        time.sleep(max(started + due / rate - time.perf_counter(), _TICK_SECONDS))
    producer.flush()


@click.command()
@click.option("--rate", default=1000)
@click.option("--seconds", default=20)
@click.option("--alerts", is_flag=True, help="Measure to the alert's HTTP request too.")
def main(rate: int, seconds: int, alerts: bool) -> None:
    """Measure and print one JSON line."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack(Path(folder) / "stack") as stack,
        ExitStack() as closing,
    ):
        environment = stack.connection.environment() | {"KPISTREAM_PARTITIONS": str(PARTITIONS)}
        os.environ.update(environment)
        settings = Settings()
        create_topics(settings)
        migrate(from_settings(settings))
        apply_plan(settings, plan_of(load_plan(Path("plans/benchmark-tiers.yaml")), EMPLOYEES))
        worker = Worker(environment, Path(folder) / "worker.log")
        closing.callback(worker.kill)
        worker.wait_ready()
        while worker.total("kpistream_next_offset") < 2 * PARTITIONS or not drained(worker):
            time.sleep(0.2)  # every partition of both stages has the plan
        receiver = Receiver()
        closing.callback(receiver.close)
        teller = start_alerts(environment, Path(folder), receiver) if alerts else None
        if teller is not None:
            closing.callback(teller.kill)
        produce(settings, rate, seconds)
        time.sleep(2)
        worker.stop()
        appended = {json.loads(record.value)["id"]: record.timestamp for record in read_topic(settings, "events.sales")}
        awards = [(decode_award(record.value).cause.id, record.timestamp) for record in read_topic(settings, "awards")]
        if teller is not None:
            wait_until_told(receiver, len(awards))
            teller.stop()
    if not awards:
        raise click.ClickException("no award came")
    result = {"rate": rate, "awards": len(awards), "milliseconds": figures([at - appended[id] for id, at in awards])}
    if alerts:
        result["alerts"] = len(receiver.came)
        result["repeated"] = len(receiver.came) - len({one[2:] for one in receiver.came})
        result["milliseconds_to_alert"] = figures([at - appended[id] for at, id, *_ in receiver.came])
    click.echo(json.dumps(result))


def wait_until_told(receiver: Receiver, awards: int, seconds: float = 60) -> None:
    """Return when as many alerts came as there are awards."""
    deadline = time.monotonic() + seconds
    while len(receiver.came) < awards:
        if time.monotonic() > deadline:
            raise click.ClickException(f"{len(receiver.came)} alerts of {awards} awards came")
        time.sleep(0.1)


def figures(waits: list[float]) -> dict[str, int]:
    """Median, 99th percentile and maximum."""
    waits = sorted(waits)
    shares = (("median", 0.5), ("p99", 0.99), ("max", 1))
    return {name: round(waits[min(int(len(waits) * share), len(waits) - 1)]) for name, share in shares}


if __name__ == "__main__":
    main()
