"""What the system must come to: plain addition over the records of the source topics, read back from Kafka."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from schemas.plan import Plan

MAX_EVENT_BYTES = 262_144
_FIRST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Record:
    """A record as Kafka holds it; ``time``: when the broker took it, ms since the epoch."""

    partition: int
    offset: int
    time: int
    value: bytes | None
    headers: tuple = ()


def read_topic(bootstrap: str, topic: str) -> list[Record]:
    """All committed records of a topic, in order within each partition."""
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "chaos-oracle", "enable.auto.commit": False,
        "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.message.max.bytes": 16 << 20,
    })  # fmt: skip
    try:
        partitions = sorted(consumer.list_topics(topic, 30).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        open_ends, found = set(partitions), []
        while open_ends:
            message = consumer.poll(30)
            if message is None:
                raise TimeoutError(f"{topic} does not end")
            if message.error() is None:
                place = message.partition(), message.offset(), message.timestamp()[1]
                found.append(Record(*place, message.value(), tuple(message.headers() or ())))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                open_ends.discard(message.partition())
            else:
                raise RuntimeError(str(message.error()))
        return found
    finally:
        consumer.close()


@dataclass
class Expected:
    """Brute force over the input; money in Decimal, periods as 2026-03."""

    records: int = 0
    rejected: int = 0
    duplicates: int = 0
    credits: dict[str, Decimal] = field(default_factory=dict)  # by event id, what it counts for
    waiting: set[str] = field(default_factory=set)  # refunds whose sale never came
    revenue: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sales: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    events: dict[str, int] = field(default_factory=dict)  # when the broker first took each event

    def tiers(self, plan: Plan) -> set[tuple[str, str, int]]:
        """(employee, period, tier) of every tier that stands in the end."""
        bounds = [tier.value for tier in plan.awards[0].tiers]
        return {
            (*key, tier) for key, total in self.revenue.items() for tier, bound in enumerate(bounds) if total >= bound
        }

    def money(self, plan: Plan) -> dict[tuple[str, str], Decimal]:
        """What everyone is due: the amount of the highest tier that stands."""
        due: dict[tuple[str, str], Decimal] = {}
        for employee, period, tier in sorted(self.tiers(plan)):
            due[employee, period] = plan.awards[0].tiers[tier].amount
        return due


def expected_of(records: list[Record]) -> Expected:
    """Every event once, whatever order they came in."""
    found, events = Expected(records=len(records)), {}
    for record in sorted(records, key=lambda one: one.time):
        event = _event(record)
        if event is None:
            found.rejected += 1
        elif event["id"] in events:
            found.duplicates += 1
        else:
            events[event["id"]] = event
            found.events[event["id"]] = record.time
    for id, event in events.items():
        sale = event if event["type"] == "sale" else events.get(event["data"]["sale_id"])
        if sale is None:
            found.waiting.add(id)
            continue
        key = sale["data"]["employee"], f"{_moment(sale):%Y-%m}"
        amount = Decimal(event["data"]["amount"])
        found.credits[id] = amount if sale is event else -amount
        found.revenue[key] += found.credits[id]
        found.sales[key] += sale is event
    return found


def _event(record: Record) -> dict | None:
    """An event of the traffic; None for anything that is none, or that is dated as no event may be."""
    if record.value is None or len(record.value) > MAX_EVENT_BYTES:
        return None
    try:
        event = json.loads(record.value)
        if event["type"] not in ("sale", "refund"):
            return None
        happened = _moment(event).timestamp()
    except (ValueError, RecursionError, LookupError, TypeError, OverflowError):
        return None
    return event if _FIRST <= happened <= record.time / 1000 + 48 * 3600 else None


def _moment(event: dict) -> datetime:
    return datetime.fromisoformat(event["time"]).astimezone(UTC)
