"""Payouts on the topic ``payouts``, for HR's own programs."""

from __future__ import annotations

from collections.abc import Iterable

from kafka import KafkaProducer

from infra.settings import Settings
from schemas.payouts import Payout, encode_payout
from schemas.topics import PAYOUTS

_TIMEOUT_S = 60


def publish(settings: Settings, rows: Iterable[Payout]) -> None:
    """Send every row, each delivery confirmed; raises kafka.errors.KafkaError where one fails."""
    producer = KafkaProducer(**settings.kafka_options(), acks="all", max_block_ms=15_000)
    try:
        sent = [
            producer.send(PAYOUTS.name, encode_payout(row), key=(row.employee or row.unit).encode()) for row in rows
        ]
        for future in sent:
            future.get(timeout=_TIMEOUT_S)
    finally:
        producer.close(timeout=5)
