"""From an event's place in Kafka's log to that of the award it caused, both by the broker's own clock.

``python -m benchmarks.latency [--rate EVENTS/S]… [--seconds N] [--alerts] [--bi]``: sales at a steady rate to one
worker, checkpoints on; employees cross tiers all the time, so that awards come throughout. With ``--alerts`` the alerts
process runs too, and the way to the HTTP request that announces the award is measured as well; with ``--bi`` a sink,
and the way to a view that shows the sale.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import click
from confluent_kafka import Producer

from benchmarks.alert_receiver import Receiver, start_alerts
from benchmarks.bi_watch import BiWatch, shown_after
from benchmarks.check import read_topic
from benchmarks.own import PARTITIONS, Own, wait_for
from benchmarks.results import Topic
from benchmarks.sales import plan_of
from benchmarks.table import markdown, number
from benchmarks.worker import STAGES, Worker, drained
from infra.settings import Settings
from schemas.blocks import decode_block
from schemas.plan_file import load_plan
from schemas.results import decode_award
from schemas.topics import CREDITS, FACTS
from sinks.connection import from_settings

EMPLOYEES = 10_000
#: Below this rate every sale brings an award, above every tenth: enough of them for a 99th percentile.
_FEW = 100
_TICK_SECONDS = 0.002  # what is due within it is sent at once, or the sleeps alone would take a core


def produce(settings: Settings, rate: int, seconds: int) -> int:
    """Sales at ``rate``; how many. An employee's tenth sale (at low rates each) crosses a tier."""
    producer = Producer({"bootstrap.servers": settings.kafka_bootstrap, "acks": "all"})
    each, amount = _each(rate), _amount(rate)
    started, sent = time.perf_counter(), 0
    while sent < rate * seconds:
        due = min(int((time.perf_counter() - started) * rate) + 1, rate * seconds)
        for one in range(sent, due):
            sale = {"employee": f"E{one // each % EMPLOYEES:06d}", "amount": str(amount), "currency": "CNY"}
            event = {
                "specversion": "1.0", "source": "shop", "id": f"s{one}", "type": "sale",
                "time": "2026-03-05T10:00:00Z", "data": sale,
            }  # fmt: skip
            producer.produce("events.sales", json.dumps(event), key=event["id"])
        sent = due
        producer.poll(0)  # with a time-out it would return at each delivery, and the rate would be the broker's
        time.sleep(max(started + due / rate - time.perf_counter(), _TICK_SECONDS))
    producer.flush()
    return rate * seconds // each


def _each(rate: int) -> int:
    return 1 if rate < _FEW else 10


def _amount(rate: int) -> Decimal:
    return Decimal(200_000) / _each(rate)


def run(rate: int, seconds: int, alerts: bool, bi: bool) -> dict:
    """One rate on servers of its own."""
    with Own() as own, ExitStack() as closing:
        own.apply(plan_of(load_plan(Path("plans/benchmark-tiers.yaml")), EMPLOYEES))
        worker = own.start()
        worker.wait_ready()
        wait_for(  # every partition of both stages has the plan
            "the plan", lambda: worker.total("kpistream_next_offset") >= 2 * PARTITIONS and drained(worker), worker
        )
        receiver = Receiver()
        closing.callback(receiver.close)
        teller = start_alerts(own.environment, own.folder, receiver) if alerts else None
        if teller is not None:
            closing.callback(teller.kill)
        if bi:
            own.start("sink").wait_ready()
            watch = BiWatch(from_settings(own.settings), _amount(rate))
        used, folds = worker.cpu_seconds(), _folds(worker)
        wanted = produce(own.settings, rate, seconds)
        topic, came = Topic(own.broker, "awards"), [0]

        def all_came() -> bool:
            came[0] += sum(1 for _ in topic)
            return came[0] >= wanted

        wait_for("the last award", all_came, worker, seconds=120)
        topic.close()
        used = worker.cpu_seconds() - used
        folds = {stage: now - folds[stage] for stage, now in _folds(worker).items()}
        if bi:
            watch.wait_for(rate * seconds)
        worker.stop()
        sales = read_topic(own.settings, "events.sales")
        appended = {json.loads(record.value)["id"]: record.timestamp for record in sales}
        awards = [(decode_award(one.value), one.timestamp) for one in read_topic(own.settings, "awards")]
        steps = steps_of(own.settings, appended, awards)
        if teller is not None:
            wait_until_told(receiver, len(awards))
            teller.stop()
    result = {"rate": rate, "awards": len(awards), "expected": wanted, "folds": folds}
    result["cpu_us_per_event"] = round(used / (rate * seconds) * 1e6, 1)
    if awards:
        result["milliseconds"] = figures([at - appended[award.cause.id] for award, at in awards])
        result["steps"] = {stage: figures(waits) for stage, waits in steps.items()}
    if bi:
        result["milliseconds_to_bi"] = figures(shown_after(list(appended.values()), watch.looks))
    if alerts:
        result["alerts"] = len(receiver.came)
        result["repeated"] = len(receiver.came) - len({one[2:] for one in receiver.came})
        result["milliseconds_to_alert"] = figures([at - appended[id] for at, id, *_ in receiver.came])
    return result


def steps_of(settings: Settings, appended: dict[str, int], awards: list) -> dict[str, list[float]]:
    """Milliseconds from each record in Kafka to the one that the next stage made of it, of what led to ``awards``."""
    facts = {(one.partition, one.offset): one.timestamp for one in read_topic(settings, FACTS.name)}
    credits = {(one.partition, one.offset): one for one in read_topic(settings, CREDITS.name)}
    steps: dict[str, list[float]] = {"intake": [], "crediting": [], "performance": []}
    for award, at in awards:
        credit = credits[award.position.partition, award.position.offset]
        block, meta = decode_block(credit.value)
        fact = facts[meta["partition"], block.column("offset")[award.position.index].as_py()]
        times = appended[award.cause.id], fact, credit.timestamp, at
        for waits, (before, after) in zip(steps.values(), pairwise(times), strict=True):
            waits.append(after - before)
    return steps


def _folds(worker: Worker) -> dict[str, int]:
    return {stage: int(worker.total("kpistream_fold_seconds_count", stage=stage)) for stage in STAGES}


@click.command()
@click.option("--rate", type=int, multiple=True, default=(1, 1_000, 10_000), show_default=True)
@click.option("--seconds", default=20, show_default=True)
@click.option("--alerts", is_flag=True, help="Measure to the alert's HTTP request too.")
@click.option("--bi", is_flag=True, help="Measure to a view too that shows the sale.")
@click.option("--report", type=click.Path(path_type=Path))
def main(rate: tuple[int, ...], seconds: int, alerts: bool, bi: bool, report: Path | None) -> None:
    """Measure; a JSON line for each rate, and the section."""
    rows, wrong = [], False
    ways = {"": "milliseconds"} | ({"view: ": "milliseconds_to_bi"} if bi else {})
    ways |= {"alert: ": "milliseconds_to_alert"} if alerts else {}
    head = ["events/s", *(f"{way}{name} ms" for way in ways for name in ("median", "99 %", "most")), "check"]
    beside = ", a sink and a dashboard that asks twice a second" if bi else ""
    for one in rate:
        result = run(one, seconds, alerts, bi)
        click.echo(json.dumps(result))
        right = result["awards"] == result["expected"]
        wrong |= not right
        measured = [result.get(figure, {}) if right else {} for figure in ways.values()]
        rows.append([
            number(one), *(number(found.get(name)) for found in measured for name in ("median", "p99", "max")),
            f"{'ok' if right else 'wrong'}: {result['awards']:,} awards of {result['expected']:,}",
        ])  # fmt: skip
        text = (
            "## Latency\n\nFrom the event's place in Kafka to its award's, both by the broker's clock"
            f"{', and to a view that shows it' if bi else ''}; one worker{beside}, checkpoints every second, "
            f"{seconds} s at each rate.\n\n"
            f"{markdown(head, rows)}\n"
        )
        if report:
            report.write_text(text)
    if wrong:
        raise SystemExit(1)


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
