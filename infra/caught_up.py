"""Waiting until the pipeline has come past what is in the topics now, up to the tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from kafka import KafkaAdminClient, TopicPartition

from infra.kafka_records import KafkaConsumer
from infra.settings import Settings
from schemas.topics import CREDITS, EARNINGS, KPI_UPDATES, UNIT_UPDATES

#: In the order of the flow: a group commits once its results are in its output topics.
_FLOW = (("performance", CREDITS.name), ("rollups", KPI_UPDATES.name), ("sink", EARNINGS.name))


def _never() -> bool:
    return False


def earnings_loaded(settings: Settings, seconds: float) -> bool:
    """Wait until the lines of everything credited before this call are in the tables; False if that takes longer."""
    return _follow(settings, seconds, _FLOW) is not None


@dataclass(frozen=True)
class Settled:
    """What the tables hold all consequences of: the last offset of each credits partition, and how many records of
    kpi-updates rollups had folded by then.
    """

    credits: dict[int, int]
    updates: int


def values_loaded(settings: Settings, seconds: float, ending: Callable[[], bool] = _never) -> Settled | None:
    """Wait until the values that follow from all credits before this call are in the tables; None if it takes longer.

    More may arrive in the meantime: what comes behind says so by its offsets. ``ending``: whether to give up.
    """
    flow = (_FLOW[0], _FLOW[1], *(("sink", topic.name) for topic in (CREDITS, KPI_UPDATES, UNIT_UPDATES)))
    ends = _follow(settings, seconds, flow, ending)
    if ends is None:
        return None
    credits = {part.partition: end - 1 for part, end in ends[0].items()}
    return Settled(credits, next(iter(ends[1].values()), 0))


def _follow(
    settings: Settings, seconds: float, flow: tuple[tuple[str, str], ...], ending: Callable[[], bool] = _never
) -> list[dict[TopicPartition, int]] | None:
    """Wait for each group in turn to commit the end that its topic has by then; these ends."""
    consumer = KafkaConsumer(**settings.kafka_options())
    admin = KafkaAdminClient(**settings.kafka_options())
    deadline, found = time.monotonic() + seconds, []
    try:
        for role, topic in flow:
            parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            ends, group = consumer.end_offsets(parts), f"{settings.group_prefix}-{role}"
            while not _past(admin, group, ends):
                if time.monotonic() > deadline or ending():
                    return None
                time.sleep(0.2)
            found.append(ends)
        return found
    finally:
        consumer.close()
        admin.close()


def _past(admin: KafkaAdminClient, group: str, ends: dict[TopicPartition, int]) -> bool:
    committed = {part: one.offset for part, one in admin.list_group_offsets(group)[group].items()}
    return all(committed.get(part, 0) >= end for part, end in ends.items())
