"""What is in a topic now, from its beginning or from an offset on."""

from __future__ import annotations

from collections.abc import Iterator

import click
from kafka import TopicPartition

from infra.kafka_records import KafkaConsumer
from infra.settings import Settings

_POLL_MS = 500


def begin(consumer: KafkaConsumer, parts: list[TopicPartition], start: int = 0) -> dict[TopicPartition, int]:
    """Assign ``parts`` at offset ``start`` (-N: N records before the end); the offset after the last record of each."""
    consumer.assign(parts)
    first, end = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
    for part in parts:
        wanted = start if start >= 0 else end[part] + start
        consumer.seek(part, min(max(first[part], wanted), end[part]))
    return end


def present(consumer: KafkaConsumer, parts: list[TopicPartition], start: int = 0) -> Iterator:
    """The records there are at the moment, partition after partition."""
    for part in parts:
        end = begin(consumer, [part], start)[part]
        while consumer.position(part) < end:
            for records in consumer.poll(_POLL_MS).values():
                yield from (record for record in records if record.offset < end)


def whole_topic(settings: Settings, topic: str) -> Iterator:
    """Every record of ``topic`` up to its end now; raises kafka's errors, ClickException without such a topic."""
    consumer = KafkaConsumer(
        **settings.kafka_options(), enable_auto_commit=False, allow_auto_create_topics=False,
        isolation_level="read_committed", max_partition_fetch_bytes=16 << 20,
    )  # fmt: skip
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise click.ClickException(f"the topic {topic} is missing: kpistream topics creates it")
        yield from present(consumer, [TopicPartition(topic, number) for number in sorted(numbers)])
    finally:
        consumer.close()
