"""The whole path on real servers: any client's records, plan changes without a restart, kill -9 in the middle."""

from __future__ import annotations

import json
import subprocess
import time
from collections import defaultdict
from decimal import Decimal

from confluent_kafka import Producer

from benchmarks.check import read_topic
from benchmarks.sales import plan_of, produce_sales
from infra.control_topic import apply_plan
from infra.local.artifacts import fetch
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from schemas.results import decode_award
from schemas.topics import AWARDS
from tests.integration.pipeline import ROOT, Pipeline

TIERS = ROOT / "plans" / "benchmark-tiers.yaml"


def sale(id: str, employee: str, amount: str) -> dict:
    return {
        "specversion": "1.0", "source": "shop", "id": id, "type": "sale", "time": "2026-03-05T10:00:00+08:00",
        "data": {"employee": employee, "amount": amount, "currency": "CNY"},
    }  # fmt: skip


def revenue(pipeline: Pipeline) -> dict[str, Decimal]:
    return dict(
        pipeline.query("SELECT employee, sum(value) FROM bi.kpi_person_month WHERE kpi = 'revenue' GROUP BY employee")
    )


def test_events_of_any_client_count_and_a_plan_change_takes_effect_at_once(own_stack: LocalStack):
    plan = plan_of(load_plan(TIERS), employees=4)
    with Pipeline(own_stack, partitions=3) as pipeline:
        apply_plan(pipeline.settings, plan)
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            with_librdkafka(pipeline, codec, [sale(f"{codec}-{n}", "E000000", "1000.10") for n in range(20)])
        for codec in (None, "gzip", "lz4"):
            pipeline.produce(
                "events.sales",
                [sale(f"py-{codec}-{n}", "E000001", "1000.10") for n in range(40)],
                compression_type=codec,
            )
        with_console_producer(own_stack, [sale(f"java-{n}", "E000002", "1000.10") for n in range(20)])
        pipeline.wait_until_drained()
        assert revenue(pipeline) == {
            "E000000": Decimal("100010"),
            "E000001": Decimal("120012"),
            "E000002": Decimal("20002"),
        }
        assert pipeline.query("SELECT count() FROM bi.awards") == [(0,)]

        lower = plan.awards[0].model_copy(
            update={"tiers": (plan.awards[0].tiers[0].model_copy(update={"value": Decimal(100_000)}),)}
        )
        apply_plan(pipeline.settings, plan.model_copy(update={"awards": (lower,)}))
        pipeline.wait_until_drained()
        assert sorted(pipeline.query("SELECT employee, threshold, plan_version, cause_type FROM bi.awards")) == [
            ("E000000", "100000", 2, "plan"), ("E000001", "100000", 2, "plan"),
        ]  # fmt: skip
        pipeline.produce("events.sales", [sale("last", "E000002", "80000")])
        pipeline.wait_until_drained()
        assert ("E000002", "last") in pipeline.query("SELECT employee, cause_id FROM bi.awards")
        assert pipeline.query("SELECT sum(applied), sum(unaccounted) FROM bi.conservation") == [(241, 0)]


def with_librdkafka(pipeline: Pipeline, codec: str, events: list[dict]) -> None:
    """Null keys and librdkafka's default partitioner (CRC32 of the key; random without one)."""
    producer = Producer(
        {"bootstrap.servers": pipeline.settings.kafka_bootstrap, "compression.type": codec, "linger.ms": 50}
    )
    for number, event in enumerate(events):
        producer.produce("events.sales", json.dumps(event).encode(), key=None if number % 2 else event["id"])
    assert producer.flush(20) == 0


def with_console_producer(stack: LocalStack, events: list[dict]) -> None:
    """Kafka's own Java console producer."""
    jars = fetch().kafka_jars
    lines = "".join(json.dumps(event) + "\n" for event in events)
    command = [
        "java", "-Xmx128m", "-cp", f"{jars}/*", "org.apache.kafka.tools.ConsoleProducer",
        "--bootstrap-server", stack.kafka.bootstrap, "--topic", "events.sales",
    ]  # fmt: skip
    done = subprocess.run(command, input=lines, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_kill_9_of_the_worker_changes_no_figure(own_stack: LocalStack):
    events, employees = 60_000, 150
    plan = plan_of(load_plan(TIERS), employees)
    with Pipeline(own_stack, partitions=4, max_batch_records="400", checkpoint_seconds="0.2") as pipeline:
        apply_plan(pipeline.settings, plan)
        expected = produce_sales(pipeline.settings.kafka_bootstrap, "events.sales", events, employees)
        kills = 0
        for _ in range(3):
            if wait_for_progress(pipeline, events // 5):
                pipeline.kill_worker()
                kills += 1
                pipeline.start_worker()
        assert kills >= 2, "the worker was through before it could be killed: nothing was tested"
        pipeline.wait_until_drained()

        cells = pipeline.query(
            "SELECT employee, toString(toStartOfMonth(day)), sum(numerator), sum(denominator) "
            "FROM kpistream.kpi_days FINAL GROUP BY 1, 2"
        )
        assert {(employee, month[:7]): (int(total * 100), int(count)) for employee, month, total, count in cells} == {
            key: (cents, expected.counts[key]) for key, cents in expected.cents.items()
        }
        assert pipeline.query(
            "SELECT sum(applied), sum(duplicate), sum(dead_lettered), sum(unaccounted) FROM bi.conservation"
        ) == [(events, 0, 0, 0)]
        sent = defaultdict(set)
        for record in read_topic(pipeline.settings, AWARDS.name):
            sent[decode_award(record.value).award_id].add(record.value)
        assert {len(copies) for copies in sent.values()} == {1}, (
            "a replay may send an award again, but never a different one"
        )
        awards = [decode_award(next(iter(copies))) for copies in sent.values()]
        assert {(award.employee, award.period, award.tier) for award in awards} == expected.awards()
        assert len(awards) == len(expected.awards())
        assert pipeline.command("reconcile").exit_code == 0


def wait_for_progress(pipeline: Pipeline, events: int, seconds: float = 30) -> bool:
    """Whether the newest worker folded that many events and still has some to do."""
    deadline = time.monotonic() + seconds
    worker = pipeline.workers[-1]
    while time.monotonic() < deadline:
        lines = dict(
            line.rsplit(" ", 1) for line in pipeline.metrics(worker).splitlines() if line.startswith("kpistream_")
        )
        if float(lines.get("kpistream_events_total", 0)) >= events:
            return True
        time.sleep(0.02)
    return False
