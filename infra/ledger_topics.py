"""Payouts and payments on their topics: for HR's own programs, for the tables, and as the log of what was paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from msgspec import DecodeError

from infra.settings import Settings
from infra.topic_reading import whole_topic
from schemas.payouts import Payment, Payout, decode_payment, decode_payout, encode_payout
from schemas.topics import PAYMENTS, PAYOUTS, Topic

_TIMEOUT_S = 60
Row = TypeVar("Row", Payout, Payment)


def publish(settings: Settings, topic: Topic, rows: Sequence[Payout | Payment]) -> None:
    """Send every row, each delivery confirmed; raises kafka.errors.KafkaError where one fails."""
    producer = KafkaProducer(**settings.kafka_options(), acks="all", max_block_ms=15_000)
    try:
        sent = [
            producer.send(topic.name, encode_payout(row), key=(row.employee or row.unit).encode()) for row in rows
        ]
        for future in sent:
            future.get(timeout=_TIMEOUT_S)
    finally:
        producer.close(timeout=5)


def logged_payments(settings: Settings) -> list[Payment]:
    """Every payment of the topic, of all plans."""
    return [_decoded(record, decode_payment) for record in whole_topic(settings, PAYMENTS.name)]


def published_versions(settings: Settings, plan: str) -> dict[tuple[str, str], int]:
    """(Kind, period) → the newest version of its payout that was published."""
    found: dict[tuple[str, str], int] = {}
    for record in whole_topic(settings, PAYOUTS.name):
        row = _decoded(record, decode_payout)
        if row.plan == plan:
            period = row.period_kind, row.period
            found[period] = max(found.get(period, 0), row.payout_version)
    return found


def _decoded(record: ConsumerRecord, decode: Callable[[bytes | None], Row]) -> Row:
    """Passed over, what a newer program has recorded as paid would be paid a second time."""
    try:
        return decode(record.value)
    except DecodeError as error:
        raise click.ClickException(
            f"{record.topic}, partition {record.partition}, offset {record.offset} cannot be read ({error}): a newer "
            "kpistream wrote it, or somebody who should not (docs/reliability.md, Records that do not belong)"
        ) from error
