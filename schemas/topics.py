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
#: One partition: units are made of every employee, and one order of all updates is what their awards are decided in.
KPI_UPDATES = Topic(
    "kpi-updates", "credits partition", "blocks of KPI days and KPI periods, control records", partitions=1
)
UNIT_UPDATES = Topic(
    "unit-updates", "nothing", "blocks of KPI periods of units", partitions=1, retention_ms=35 * DAY_MS
)
AWARDS = Topic("awards", "employee", "one JSON award a record")
EARNINGS = Topic("earnings", "employee", "blocks of earning lines")
OUTCOMES = Topic(
    "outcomes", "source topic and partition", "JSON counts of what became of the input", retention_ms=35 * DAY_MS
)
DEAD_LETTERS = Topic("dead-letters", "source topic and partition", "one JSON dead letter a record")
ALERTS = Topic("alerts", "award", "one JSON delivery of an alert a record: sent, failed, given up or suppressed")
PAYOUTS = Topic("payouts", "employee, or unit where a unit itself is paid", "one JSON row of a payout a record, for HR")
PAYMENTS = Topic(
    "payments", "employee, or unit where a unit itself is paid", "one JSON payment a record: what was recorded as paid"
)
CONTROL = Topic("control", "kind", "one JSON control record each, in order", partitions=1)

INTERNAL = (
    FACTS, CREDITS, KPI_UPDATES, UNIT_UPDATES, AWARDS, EARNINGS, OUTCOMES, DEAD_LETTERS, ALERTS, PAYOUTS, PAYMENTS,
    CONTROL,
)  # fmt: skip
#: Topics that stages read control records from. KPI updates come before credits: what performance publishes under a
#: new plan then always follows it there.
CONTROL_TARGETS = (FACTS, KPI_UPDATES, CREDITS)


def partition_of(key_hash: int, partitions: int) -> int:
    """Our own partitioner, the same for every producer and language: the unsigned 64-bit xxh3 hash modulo count."""
    return key_hash % partitions
