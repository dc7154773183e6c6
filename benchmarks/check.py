"""Correctness of a run of kpistream over sales: what its topics say against brute force."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from benchmarks.results import Awards, BlockResults
from benchmarks.sales import Expected
from benchmarks.verdict import Award, judge
from infra.settings import Settings
from schemas.topics import AWARDS, KPI_UPDATES


def read_topic(settings: Settings, topic: str):
    """Every record of a topic, partition by partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=16 << 20
    )
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
    """'ok: …', or what is wrong with sums and awards; which events reached the tiers is not looked at."""
    sums = BlockResults(settings.kafka_bootstrap, KPI_UPDATES.name)
    awards = Awards(settings.kafka_bootstrap, AWARDS.name, expected.tiers, own=True)
    try:
        found = [Award(one.employee, one.month, one.tier) for one in awards.found(to_the_end=True)]
        sums.read_to_the_end()
        return judge(expected, sums.sums(), found, str)
    finally:
        sums.close()
        awards.close()
