"""Payouts and payments on their topics: for HR's own programs, for the tables, and as the log of what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import KafkaProducer

from infra.settings import Settings
from infra.topic_reading import whole_topic
from schemas.payouts import Payment, Payout, decode_payment, decode_payout, encode_payout
from schemas.topics import PAYMENTS, PAYOUTS, Topic

_TIMEOUT_S = 60


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
    return [decode_payment(record.value) for record in whole_topic(settings, PAYMENTS.name)]


def published_versions(settings: Settings, plan: str) -> dict[tuple[str, str], int]:
    """(Kind, period) → the newest version of its payout that was published."""
    found: dict[tuple[str, str], int] = {}
    for record in whole_topic(settings, PAYOUTS.name):
        row = decode_payout(record.value)
        if row.plan == plan:
            period = row.period_kind, row.period
            found[period] = max(found.get(period, 0), row.payout_version)
    return found
