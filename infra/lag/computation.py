"""From what Kafka and ClickHouse answered to lag: pure, the clock is an argument.

Names, labels and the -1 follow kafka_exporter, so that dashboards and rules written for it work here too:
a group's topics are those it has committed on or has members for, all partitions of such a topic are shown,
and a partition without a commit has current offset -1 and lag -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NO_COMMIT = -1


@dataclass(frozen=True, order=True)
class Place:
    """A partition of a topic."""

    topic: str
    partition: int


#: (partition, offset) → ms since the epoch of the first record from there on; None where only markers lie there
RecordTimes = Mapping[tuple[Place, int], int | None]


@dataclass(frozen=True)
class Partition:
    """Offsets of the oldest record and of the next one to come; ``preferred``: its first copy leads it."""

    oldest: int
    end: int
    leader: int = -1
    replicas: int = 1
    in_sync: int = 1
    preferred: bool = True


@dataclass(frozen=True)
class Group:
    """A consumer group: next offset by partition as committed, topics its members were given."""

    members: int = 0
    committed: Mapping[Place, int] = field(default_factory=dict)
    assigned: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """One reading of the cluster. Commits were read before the ends, so no lag is negative for the order alone."""

    brokers: int = 0
    partitions: Mapping[Place, Partition] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    addresses: Mapping[int, str] = field(default_factory=dict)  # of the brokers, by id


@dataclass(frozen=True)
class Lag:
    """How far ``group`` is behind in one partition; ``records`` and ``committed`` -1 where it never committed."""

    group: str
    place: Place
    committed: int
    end: int
    oldest: int

    @property
    def records(self) -> int:
        """Records it has not committed; 0 where a topic that was made anew is shorter than the commit."""
        return NO_COMMIT if self.committed < 0 else max(0, self.end - self.committed)

    @property
    def waiting_at(self) -> int | None:
        """Offset of the record it is to read next (the oldest one if that is gone); None where none waits."""
        return max(self.committed, self.oldest) if self.records > 0 and self.end > self.oldest else None

    def seconds(self, record_times: RecordTimes, now_ms: int) -> float | None:
        """Now minus the time of the record that waits: 0 when none does, -1 without a commit, None if unread."""
        if self.committed < 0:
            return float(NO_COMMIT)
        if self.waiting_at is None:
            return 0.0
        key = self.place, self.waiting_at
        if key not in record_times:
            return None
        time = record_times[key]
        return 0.0 if time is None else max(0, now_ms - time) / 1000


def lags(snapshot: Snapshot) -> list[Lag]:
    """One row for every partition of every topic that a group reads, in order."""
    by_topic: dict[str, list[Place]] = {}
    for place in sorted(snapshot.partitions):
        by_topic.setdefault(place.topic, []).append(place)
    rows = []
    for name, group in sorted(snapshot.groups.items()):
        topics = {place.topic for place in group.committed} | {place.topic for place in group.assigned}
        for place in (place for topic in sorted(topics) for place in by_topic.get(topic, ())):
            partition = snapshot.partitions[place]
            committed = group.committed.get(place, NO_COMMIT)
            rows.append(Lag(name, place, committed, partition.end, partition.oldest))
    return rows


def committed_sums(rows: Iterable[Lag]) -> dict[tuple[str, str], int]:
    """(group, topic) → sum of its commits; partitions without one add nothing."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row.group, row.place.topic
        sums[key] = sums.get(key, 0) + max(0, row.committed)
    return sums


def lag_sums(rows: Iterable[Lag]) -> dict[tuple[str, str], int]:
    """(group, topic) → records behind; partitions without a commit add nothing."""
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row.group, row.place.topic
        sums[key] = sums.get(key, 0) + max(0, row.records)
    return sums


def longest_waits(rows: Iterable[Lag], record_times: RecordTimes, now_ms: int) -> dict[str, float]:
    """Group → age in seconds of the oldest record it has yet to commit; 0 where none waits or none was read."""
    waits: dict[str, float] = {}
    for row in rows:
        waits[row.group] = max(waits.get(row.group, 0.0), row.seconds(record_times, now_ms) or 0.0)
    return waits


class Progress:
    """When each commit was last seen to move: Kafka keeps no such time. Counts from the first look."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Place], tuple[int, float]] = {}

    def ages(self, rows: Iterable[Lag], now: float) -> dict[tuple[str, Place], float]:
        """Seconds since each group's commit moved, of partitions with a commit; ``now`` in seconds."""
        seen = {}
        for row in rows:
            if row.committed >= 0:
                key = row.group, row.place
                before = self._seen.get(key)
                seen[key] = before if before and before[0] == row.committed else (row.committed, now)
        self._seen = seen
        return {key: now - since for key, (_, since) in seen.items()}
