"""Rebuilt from the tables where the topics have lost their records: as from the topics while they had them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import msgspec
import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from infra.cli import main
from infra.control_topic import apply_plan, close_period
from infra.local.stack import LocalStack
from schemas.control import PeriodClosed
from schemas.plan_file import load_plan
from schemas.topics import CREDITS, FACTS
from tests.integration.pipeline import Pipeline
from tests.integration.test_rebuild import NEW, PLAN

BEFORE = PLAN.replace("[sale]", "[sale, refund]")
#: As what has always been counted.
SAME = BEFORE.splitlines()[-1].replace("id: sold", "id: again")


@pytest.fixture
def pipeline(own_stack: LocalStack) -> Iterator[Pipeline]:
    with Pipeline(own_stack, partitions=2) as running:
        yield running


def event(kind: str, number: int, **data: object) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0", "source": "s", "id": f"{kind}{number}", "type": kind,
            "time": f"2026-0{2 + number % 2}-1{number % 9}T10:00:00Z", "data": {"currency": "CNY", **data},
        }
    )  # fmt: skip


def history() -> tuple[list[bytes], dict[tuple[str, str], Fraction]]:
    """Sales, some of them split, some sent twice, some refunded; by employee and month what is left of them."""
    events, left = [], defaultdict(Fraction)
    for number in range(60):
        month = f"2026-0{2 + number % 2}"
        shares = {"ABC"[number % 3]: Fraction(1)}
        payee: dict = {"employee": "ABC"[number % 3]}
        if number % 5 == 0:
            shares = {"A": Fraction(3, 4), "B": Fraction(1, 4)}
            payee = {"splits": [{"employee": who, "percent": int(part * 100)} for who, part in shares.items()]}
        sale = event("sale", number, amount=100 + 4 * number, **payee)
        events += [sale, sale] if number % 7 == 0 else [sale]
        net = Fraction(100 + 4 * number)
        if number % 6 == 1:
            events.append(event("refund", number, sale_id=f"sale{number}", amount=40))
            net -= 40
        for who, share in shares.items():
            left[who, month] += net * share
    return events, left


def test_from_the_tables_where_the_topics_have_lost_their_records(pipeline: Pipeline) -> None:
    plan = load_plan(BEFORE)
    events, left = history()
    apply_plan(pipeline.settings, plan)
    pipeline.produce("events.sales", events[:40])
    pipeline.wait_until_drained()
    close_period(pipeline.settings, PeriodClosed.of(plan, "month", "2026-02"))
    pipeline.produce("events.sales", events[40:60])
    pipeline.wait_until_drained()
    apply_plan(pipeline.settings, load_plan(f"{BEFORE}{SAME}\n{NEW}"))
    pipeline.produce("events.sales", events[60:])
    pipeline.wait_until_drained()

    def told(*more: str) -> str:
        shown = CliRunner().invoke(main, ["rebuild", *more], env=pipeline.environment)
        assert shown.exit_code == 0, shown.output
        return shown.stdout

    from_topic = told()
    assert "again" in from_topic and "deals" in from_topic and "CNY in all." in from_topic
    assert told("--from", "tables") == from_topic

    # the business topic, and the internal ones that a rebuild could read
    delete_records(pipeline, "events.sales", FACTS.name, CREDITS.name)
    gone = pipeline.command("rebuild")
    assert gone.exit_code == 1 and "its first records were deleted" in gone.output and "--from tables" in gone.output
    assert told("--from", "tables") == from_topic
    switched = pipeline.command("rebuild", "--from", "tables", "--switch", "--reason", "history")
    assert switched.exit_code == 0, switched.output
    pipeline.wait_until_drained()
    months = (
        "SELECT employee, formatDateTime(day, '%%Y-%%m') AS month, sum(numerator) FROM kpistream.kpi_days FINAL "
        "WHERE kpi = %(kpi)s GROUP BY employee, month"
    )
    for kpi in ("again", "sold"):
        found = {(who, month): Fraction(value) for who, month, value in pipeline.query(months, {"kpi": kpi})}
        assert found == left
    # from the tables that hold adjustments by now, with the last of them still in the topic
    assert "Nothing differs" in told("--from", "tables")
    compared = pipeline.command("reconcile")
    assert compared.exit_code == 0, compared.output

    pipeline.query("ALTER TABLE kpistream.credits DELETE WHERE id = 'sale3' SETTINGS mutations_sync = 2")
    refused = pipeline.command("rebuild", "--from", "tables")
    assert refused.exit_code == 1 and "the tables do not agree" in refused.output


def delete_records(pipeline: Pipeline, *topics: str) -> None:
    consumer = KafkaConsumer(**pipeline.settings.kafka_options())
    admin = KafkaAdminClient(**pipeline.settings.kafka_options())
    try:
        parts = [TopicPartition(topic, one) for topic in topics for one in consumer.partitions_for_topic(topic)]
        admin.delete_records(consumer.end_offsets(parts))
        assert consumer.beginning_offsets(parts) == consumer.end_offsets(parts)
    finally:
        consumer.close()
        admin.close()
