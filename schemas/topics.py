"""Every internal topic: its name, key, block kind, retention. One place for stages, sinks and the set-up."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Topic:
    """One internal topic. ``partitions`` None: as many as the setting says."""

    name: str
    keyed_by: str
    holds: str
    partitions: int | None = None
    retention_ms: int = -1


FACTS = Topic("facts", "the id of the event, or of the event it refers to", "blocks of valid events, control records")
CREDITS = Topic("credits", "employee", "blocks of credits, control records")
KPI_UPDATES = Topic("kpi-updates", "employee", "blocks of KPI days and KPI periods", retention_ms=35 * DAY_MS)
AWARDS = Topic("awards", "employee", "one JSON award a record")
EARNINGS = Topic("earnings", "employee", "blocks of earning lines")
OUTCOMES = Topic(
    "outcomes", "source topic and partition", "JSON counts of what became of the input", retention_ms=35 * DAY_MS
)
DEAD_LETTERS = Topic("dead-letters", "source topic and partition", "one JSON dead letter a record")
ALERTS = Topic("alerts", "award", "one JSON delivery of an alert a record: sent, failed, given up or suppressed")
CONTROL = Topic("control", "kind", "one JSON control record each, in order", partitions=1)

INTERNAL = (FACTS, CREDITS, KPI_UPDATES, AWARDS, EARNINGS, OUTCOMES, DEAD_LETTERS, ALERTS, CONTROL)
#: Stages that read control records, with the topic they read them from.
CONTROL_TARGETS = (FACTS, CREDITS)


def partition_of(key_hash: int, partitions: int) -> int:
    """Our own partitioner, the same for every producer and language: the unsigned 64-bit xxh3 hash modulo count."""
    return key_hash % partitions
