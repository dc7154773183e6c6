"""Correctness of a benchmark run: what the topics say against brute force. A wrong run has no speed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from kafka import KafkaConsumer, TopicPartition

from benchmarks.sales import Expected
from infra.settings import Settings
from schemas.blocks import decode_block, kind_of
from schemas.results import decode_award
from schemas.topics import AWARDS, KPI_UPDATES


def read_topic(settings: Settings, topic: str):
    """Every record of a topic, partition by partition."""
    consumer = KafkaConsumer(**settings.kafka_options(), enable_auto_commit=False, max_partition_fetch_bytes=16 << 20)
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, 0)
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for records in consumer.poll(1000).values():
            yield from records
    consumer.close()


def check_sales(settings: Settings, expected: Expected) -> str:
    """'ok', or what is wrong with awards and sums."""
    awards = [decode_award(record.value) for record in read_topic(settings, AWARDS.name)]
    found = {(award.employee, award.period, award.tier) for award in awards}
    if len(awards) != len(found) or found != expected.awards():
        wrong = len(found ^ expected.awards())
        return f"awards differ: {len(awards)} found, {len(expected.awards())} expected, {wrong} different"
    cells = {}
    for record in read_topic(settings, KPI_UPDATES.name):
        if kind_of(record.headers) == "kpi-days":
            for row in decode_block(record.value)[0].to_pylist():
                cells[row["employee"], row["day"]] = row
    cents: dict = defaultdict(int)
    counts: dict = defaultdict(int)
    for (employee, day), row in cells.items():
        month = (date(1970, 1, 1) + timedelta(days=day)).isoformat()[:7]
        cents[employee, month] += row["numerator"] // 100
        counts[employee, month] += row["denominator"] // 10_000
    if cents != expected.cents or counts != expected.counts:
        return "sums differ"
    return f"ok: {len(awards)} awards, {len(cents)} sums"
