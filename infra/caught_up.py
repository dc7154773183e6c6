"""Waiting until the pipeline has come past what is in the topics now, up to the tables."""

from __future__ import annotations

import time

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from infra.settings import Settings
from schemas.topics import CREDITS, EARNINGS, KPI_UPDATES

#: In the order of the flow: a group commits once its results are in its output topics.
_FLOW = (("performance", CREDITS.name), ("rollups", KPI_UPDATES.name), ("sink", EARNINGS.name))


def earnings_loaded(settings: Settings, seconds: float) -> bool:
    """Wait until the lines of everything credited before this call are in the tables; False if that takes longer."""
    consumer = KafkaConsumer(**settings.kafka_options())
    admin = KafkaAdminClient(**settings.kafka_options())
    deadline = time.monotonic() + seconds
    try:
        for role, topic in _FLOW:
            parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            ends, group = consumer.end_offsets(parts), f"{settings.group_prefix}-{role}"
            while not _past(admin, group, ends):
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.2)
        return True
    finally:
        consumer.close()
        admin.close()


def _past(admin: KafkaAdminClient, group: str, ends: dict[TopicPartition, int]) -> bool:
    committed = {part: one.offset for part, one in admin.list_group_offsets(group)[group].items()}
    return all(committed.get(part, 0) >= end for part, end in ends.items())
