"""How far each stage is: end offsets of its topics against the offsets that its group has committed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from infra.local.ports import HOST
from infra.settings import Settings
from schemas.topics import (
    ALERTS,
    AWARDS,
    CONTROL,
    CREDITS,
    DEAD_LETTERS,
    EARNINGS,
    FACTS,
    KPI_UPDATES,
    OUTCOMES,
    UNIT_UPDATES,
)

_LOADED = (CONTROL, FACTS, CREDITS, KPI_UPDATES, UNIT_UPDATES, AWARDS, EARNINGS, OUTCOMES, DEAD_LETTERS)

#: The sink as the one that loads what became of the alerts: after them, so no part of its own lag.
_DELIVERIES = "sink of alerts"

#: (stage, topic, partition)
Place = tuple[str, str, int]
_NEXT_OFFSET = re.compile(
    r'^kpistream_next_offset\{partition="(\d+)",stage="(\w+)",topic="([^"]+)"\} (\S+)', re.MULTILINE
)


@dataclass(frozen=True)
class Reading:
    """Records in the business topics, by stage those it has yet to fold, over all stages those to commit.

    ``unannounced``: awards that are not pushed yet, and deliveries of them that are not in the tables yet.
    """

    came_in: int
    lags: dict[str, int]
    uncommitted: int
    unannounced: int = 0


def folded_offsets(ports: Iterable[int]) -> dict[Place, int]:
    """Next offsets by the /metrics pages on these loopback ports; pages that do not answer are left out."""
    found: dict[Place, int] = {}
    for port in ports:
        try:
            with urlopen(f"http://{HOST}:{port}/metrics", timeout=1) as answer:
                page = answer.read().decode()
        except (URLError, OSError):
            continue
        for partition, stage, topic, offset in _NEXT_OFFSET.findall(page):
            place = (stage, topic, int(partition))
            found[place] = max(found.get(place, 0), int(float(offset)))
    return found


class Positions:
    """Asks Kafka; not for use by several threads. Methods raise KafkaError where it cannot be asked."""

    def __init__(self, settings: Settings) -> None:
        self._admin = KafkaAdminClient(**settings.kafka_options(), request_timeout_ms=5000)
        topics = {
            "intake": settings.source_topics,
            "crediting": (FACTS.name,),
            "performance": (CREDITS.name,),
            "rollups": (KPI_UPDATES.name,),
            "sink": tuple(topic.name for topic in _LOADED),
            "alerts": (AWARDS.name,),
            _DELIVERIES: (ALERTS.name,),
        }
        counts = self._partitions([name for names in topics.values() for name in names])
        self._stages = {
            stage: [TopicPartition(name, number) for name in names for number in range(counts[name])]
            for stage, names in topics.items()
        }
        self._groups = {stage: f"{settings.group_prefix}-{stage.split()[0]}" for stage in self._stages}

    def read(self, folded: Mapping[Place, int]) -> Reading:
        """Ask once; ``folded`` gives next offsets that the stages have reached, where they are known.

        Stages are asked in the order of the flow and a stage commits only after its results are in Kafka, so
        once nothing new comes in, nothing uncommitted means that everything has gone all the way. Alerts come last,
        and apart: a receiver that is away must not look like a stage that hangs.
        """
        came_in, lags, open_by_stage = 0, {}, {}
        for stage, partitions in self._stages.items():
            ends = self._admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
            group = self._groups[stage]
            committed = self._admin.list_group_offsets({group: partitions}).get(group, {})
            if stage == "intake":
                came_in = sum(end.offset for end in ends.values())
            lags[stage] = open_by_stage[stage] = 0
            for one, end in ends.items():
                kept = max(0, committed[one].offset) if one in committed else 0
                open_by_stage[stage] += max(0, end.offset - kept)
                lags[stage] += max(
                    0, end.offset - max(kept, folded.get((stage, one.topic, one.partition), 0))
                )
        unannounced = open_by_stage.pop("alerts") + open_by_stage.pop(_DELIVERIES)
        del lags[_DELIVERIES]
        return Reading(came_in, lags, sum(open_by_stage.values()), unannounced)

    def close(self) -> None:
        """Close the connections."""
        self._admin.close()

    def _partitions(self, names: list[str]) -> dict[str, int]:
        return {
            topic["name"]: len(topic["partitions"])
            for topic in self._admin.describe_topics(sorted(set(names)))
        }
