"""How far each stage is: end offsets of its topics against the offsets that its group has committed."""
from __future__ import annotations

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from infra.settings import Settings
from schemas.topics import AWARDS, CONTROL, CREDITS, DEAD_LETTERS, EARNINGS, FACTS, KPI_UPDATES, OUTCOMES

_LOADED = (CONTROL, FACTS, CREDITS, KPI_UPDATES, AWARDS, EARNINGS, OUTCOMES, DEAD_LETTERS)


class Positions:
    """Asks Kafka; not for use by several threads. Methods raise KafkaError where it cannot be asked."""

    def __init__(self, settings: Settings) -> None:
        self._admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=5000)
        topics = {
            "intake": settings.source_topics, "crediting": (FACTS.name,), "performance": (CREDITS.name,),
            "sink": tuple(topic.name for topic in _LOADED),
        }
        counts = self._partitions([name for names in topics.values() for name in names])
        self._stages = {
            stage: [TopicPartition(name, number) for name in names for number in range(counts[name])]
            for stage, names in topics.items()
        }
        self._groups = {stage: f"{settings.group_prefix}-{stage}" for stage in self._stages}

    def read(self) -> tuple[int, dict[str, int]]:
        """(records in the business topics, stage → records behind).

        Stages are asked in the order of the flow and a stage commits only after its results are in Kafka, so once
        nothing new comes in, lag 0 everywhere in one reading means that everything has gone all the way.
        """
        came_in, lags = 0, {}
        for stage, partitions in self._stages.items():
            ends = self._admin.list_partition_offsets({one: OffsetSpec.LATEST for one in partitions})
            group = self._groups[stage]
            committed = self._admin.list_group_offsets({group: partitions}).get(group, {})
            if stage == "intake":
                came_in = sum(end.offset for end in ends.values())
            lags[stage] = sum(
                max(0, end.offset - max(0, committed[one].offset if one in committed else 0))
                for one, end in ends.items()
            )
        return came_in, lags

    def close(self) -> None:
        """Close the connections."""
        self._admin.close()

    def _partitions(self, names: list[str]) -> dict[str, int]:
        return {topic["name"]: len(topic["partitions"]) for topic in self._admin.describe_topics(sorted(set(names)))}
