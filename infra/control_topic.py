"""Putting control records in-band: into ``control`` and into every partition of the topics whose stages need them.

One command at a time: all partitions meet plans, closes and adjustments in the same order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from infra.control_lock import sole_operator
from infra.settings import Settings
from schemas.blocks import kind_header
from schemas.control import KIND, Control, PeriodClosed, PlanApplied, ValuesAdjusted, decode_control, encode_control
from schemas.plan import Plan
from schemas.topics import CONTROL, CONTROL_TARGETS, CREDITS


def newest_plan(settings: Settings) -> PlanApplied | None:
    """The plan applied last, None before the first."""
    consumer = KafkaConsumer(
        **settings.kafka_options(), enable_auto_commit=False, max_partition_fetch_bytes=16 << 20
    )
    try:
        partition = TopicPartition(CONTROL.name, 0)
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        for offset in reversed(range(end)):  # the last records may be closes
            control = _record_at(consumer, partition, offset)
            if isinstance(control, PlanApplied):
                return control
        return None
    finally:
        consumer.close()


def _record_at(consumer: KafkaConsumer, partition: TopicPartition, offset: int) -> Control:
    consumer.seek(partition, offset)
    while True:
        for records in consumer.poll(1000).values():
            return decode_control(records[0].value)


def close_period(settings: Settings, record: PeriodClosed) -> None:
    """Write a close everywhere it is needed, acknowledged by all replicas. A second one changes nothing."""
    with sole_operator(settings):
        _write_everywhere(settings, encode_control(record))


def apply_plan(settings: Settings, plan: Plan) -> PlanApplied:
    """Write ``plan`` as a control record everywhere it is needed, acknowledged by all replicas.

    Its version becomes one above the version in force if the file does not say a higher one.
    """
    with sole_operator(settings):
        before = newest_plan(settings)
        if before is not None and plan.version <= before.plan.version:
            plan = plan.model_copy(update={"version": before.plan.version + 1})
        record = PlanApplied(id=uuid4().hex, time=time.time_ns() // 1_000_000, plan=plan)
        _write_everywhere(settings, encode_control(record))
        return record


def adjust(settings: Settings, records: dict[int, ValuesAdjusted]) -> None:
    """Write each adjustment into its partition of the credits, acknowledged by all replicas."""
    with sole_operator(settings):
        write_adjustments(settings, sorted(records.items()))


def write_adjustments(settings: Settings, records: Iterable[tuple[int, ValuesAdjusted]]) -> None:
    """Likewise, for whoever is the sole operator already: (partition, record), in this order."""
    producer = KafkaProducer(**settings.kafka_options(), acks="all", max_request_size=16 << 20)
    try:
        for partition, record in records:
            headers = list(kind_header(KIND))
            producer.send(CREDITS.name, encode_control(record), partition=partition, headers=headers).get(30)
    finally:
        producer.close()


def credits_partitions(settings: Settings) -> int:
    """How many partitions the credits have."""
    consumer = KafkaConsumer(**settings.kafka_options())
    try:
        return len(consumer.partitions_for_topic(CREDITS.name) or ())
    finally:
        consumer.close()


def _write_everywhere(settings: Settings, value: bytes) -> None:
    # a plan with 300,000 employees has 16 MB, the most that a topic takes, and a third or less of that in gzip
    options = {"max_request_size": 1 << 28, "compression_type": "gzip"}
    producer = KafkaProducer(**settings.kafka_options(), acks="all", **options)
    headers = list(kind_header(KIND))
    try:
        # first where intake learns new event types, then the stages in the order of the flow
        producer.send(CONTROL.name, value, partition=0, headers=headers).get(30)
        for topic in CONTROL_TARGETS:
            for partition in sorted(producer.partitions_for(topic.name)):
                producer.send(topic.name, value, partition=partition, headers=headers).get(30)
    finally:
        producer.close()
