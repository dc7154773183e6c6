"""What the topics say about alerts: the log of deliveries, and awards that still wait for one. Reads, never commits."""

from __future__ import annotations

import time
from collections.abc import Iterator

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from msgspec import MsgspecError

from infra.kafka_records import KafkaConsumer
from infra.settings import Settings
from schemas.results import decode_award
from schemas.topics import ALERTS, AWARDS
from sinks.alerts.config import AlertSettings
from sinks.alerts.delivery import Deliveries, Delivery, decode_delivery
from sinks.alerts.outbox import Outbox, Pending

_POLL_MS = 1000


def read_deliveries(settings: Settings) -> tuple[dict[str, Delivery], Deliveries]:
    """The newest delivery of each alert, in the order of their last record, and the whole log; raises KafkaError."""
    newest: dict[str, Delivery] = {}
    known = Deliveries()
    for record in _records(settings, ALERTS.name, {}):
        try:
            delivery = decode_delivery(record.value or b"")
        except MsgspecError:
            continue
        newest.pop(delivery.alert_id, None)
        newest[delivery.alert_id] = delivery
        known.add(delivery)
    return newest, known


def read_pending(settings: Settings, alerts: AlertSettings, known: Deliveries) -> list[Pending]:
    """Alerts that the awards after the committed offsets ask for and the log does not settle; raises KafkaError."""
    outbox = Outbox(alerts, known)
    for record in _records(settings, AWARDS.name, _committed(settings)):
        try:
            award = decode_award(record.value)
        except MsgspecError:
            continue
        outbox.take(record.partition, record.offset, record.timestamp, award, int(time.time() * 1000))
    return sorted(outbox.pending(), key=lambda one: one.since)


def _committed(settings: Settings) -> dict[int, int]:
    consumer = KafkaConsumer(
        **settings.kafka_options(),
        group_id=f"{settings.group_prefix}-alerts",
        enable_auto_commit=False,
    )
    try:
        found = {}
        for number in consumer.partitions_for_topic(AWARDS.name) or ():
            offset = consumer.committed(TopicPartition(AWARDS.name, number))
            if offset is not None:
                found[number] = offset
        return found
    finally:
        consumer.close()


def _records(settings: Settings, topic: str, begin: dict[int, int]) -> Iterator[ConsumerRecord]:
    """Records of ``topic`` from the offsets of ``begin`` (else the first) to the end as it is now."""
    consumer = KafkaConsumer(
        **settings.kafka_options(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(parts)
        for part in parts:
            if part.partition in begin:
                consumer.seek(part, begin[part.partition])
        ends = consumer.end_offsets(parts)
        while [part for part in parts if consumer.position(part) < ends[part]]:
            for records in consumer.poll(_POLL_MS).values():
                yield from records
    finally:
        consumer.close()
