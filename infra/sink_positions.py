"""Where the sink goes on in the topics: its committed offsets, asked and set anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec, OffsetTimestamp

from infra.clickhouse.backups import Positions
from infra.settings import Settings
from sinks.rows import LOADED_TOPICS

STAGES = ("intake", "crediting", "performance", "rollups")
SINK = "sink"


class SinkPositions:
    """Asks and sets; a context manager. Raises kafka's errors."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.group_prefix
        self._group = f"{settings.group_prefix}-{SINK}"
        self._admin = KafkaAdminClient(**settings.kafka_options())

    def __enter__(self) -> SinkPositions:
        return self

    def __exit__(self, *_: object) -> None:
        self._admin.close()

    def committed(self) -> Positions:
        """How far everything is in the tables."""
        found = self._admin.list_group_offsets(self._group)[self._group]
        return {(at.topic, at.partition): one.offset for at, one in found.items() if one.offset >= 0}

    def running(self, roles: Iterable[str], seconds: float) -> list[str]:
        """Groups of ``roles`` that still have members after at most ``seconds``."""
        groups, deadline = [f"{self._prefix}-{role}" for role in roles], time.monotonic() + seconds
        while True:
            described = self._admin.describe_groups(groups)
            groups = [name for name in groups if described[name]["members"]]
            if not groups or time.monotonic() > deadline:
                return groups
            time.sleep(0.3)

    def set(self, wanted: Mapping[tuple[str, int], int]) -> int:
        """Let the sink go on from ``wanted``, in partitions not named from their beginning. It must not run.

        Returns how many records lie between that and where it had been.
        """
        return self._set({at: wanted.get((at.topic, at.partition), OffsetSpec.EARLIEST) for at in self._partitions()})

    def set_to_time(self, milliseconds: int) -> int:
        """The same from the first record that Kafka took at that time or later."""
        return self._set(dict.fromkeys(self._partitions(), OffsetTimestamp(milliseconds)))

    def _partitions(self) -> list[TopicPartition]:
        topics = self._admin.describe_topics(list(LOADED_TOPICS))
        return [
            TopicPartition(topic["name"], one["partition_index"]) for topic in topics for one in topic["partitions"]
        ]

    def _set(self, wanted: dict[TopicPartition, int | OffsetSpec | OffsetTimestamp]) -> int:
        before = self.committed()
        done = self._admin.reset_group_offsets(self._group, wanted)
        for one in done.values():
            if one["error"].errno:
                raise one["error"]()
        return sum(max(0, before.get((at.topic, at.partition), 0) - one["offset"]) for at, one in done.items())
