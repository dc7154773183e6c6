"""``kpistream show``: any topic as readable JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from kafka import TopicPartition
from kafka.errors import KafkaError

from infra.kafka_records import KafkaConsumer
from infra.settings import load_settings
from infra.show_records import shown
from infra.topic_reading import begin, present

_POLL_MS = 500


@click.command()
@click.argument("topic")
@click.option(
    "--partition", type=click.IntRange(0), help="This partition only; by default all, one after the other."
)
@click.option(
    "--from",
    "start",
    type=int,
    default=0,
    show_default=True,
    help="Offset to begin with; -N: the last N records of each partition.",
)
@click.option("--limit", type=click.IntRange(1), help="Stop after that many records.")
@click.option("--follow", is_flag=True, help="Go on with what arrives, until Ctrl-C.")
def show(topic: str, partition: int | None, start: int, limit: int | None, follow: bool) -> None:
    """Print the records of TOPIC as JSON lines: a block as its metadata and one line a row."""
    try:
        for number, record in enumerate(_records(topic, partition, start, follow), start=1):
            for values in shown(topic, record.partition, record):
                click.echo(json.dumps(values, ensure_ascii=False))
            if number == limit:
                return
    except KafkaError as error:
        raise click.ClickException(f"Kafka cannot be read: {error}") from error
    except KeyboardInterrupt:  # the reader has seen enough
        raise SystemExit(0) from None


def _records(topic: str, partition: int | None, start: int, follow: bool) -> Iterator:
    consumer = KafkaConsumer(
        **load_settings().kafka_options(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=16 << 20,
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=15_000,
    )
    try:
        if topic not in (known := consumer.topics()):
            raise click.ClickException(
                f"no such topic: {topic}; there are {', '.join(sorted(known)) or 'none'}"
            )
        numbers = sorted(consumer.partitions_for_topic(topic))
        if partition is not None and partition not in numbers:
            raise click.ClickException(f"{topic} has no partition {partition}; it has {len(numbers)}, from 0")
        parts = [TopicPartition(topic, number) for number in numbers if partition in (None, number)]
        yield from _live(consumer, parts, start) if follow else present(consumer, parts, start)
    finally:
        consumer.close()


def _live(consumer: KafkaConsumer, parts: list[TopicPartition], start: int) -> Iterator:
    begin(consumer, parts, start)
    while True:
        for records in consumer.poll(_POLL_MS).values():
            yield from records
