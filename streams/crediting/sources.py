"""What has come from each source partition: high-water marks and the counts of what became of its records."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np

from runtime.records import Out
from schemas.facts import FactsSource
from schemas.topics import OUTCOMES

FORMAT = 1
APPLIED, DUPLICATE, DEAD, PARKED = range(4)
_NAMES = ("applied", "duplicate", "dead_lettered", "parked")
_PREFIX = "source/"


def source_key(topic: str, partition: int) -> str:
    """Key of a source partition's state row."""
    return f"{_PREFIX}{topic}/{partition}"


def next_offset_of(rows: list[bytes]) -> int:
    """The source offset after the last one that any of a source partition's state rows has counted; 0 without."""
    found = (msgspec.msgpack.decode(row) for row in rows)
    return max((max(marks) + 1 for version, _, _, *marks, _, _ in found if version == FORMAT), default=0)


@dataclass(slots=True)
class Source:
    """One source partition. Rows, rejected records and gaps have a mark each: they ascend in the log
    separately, since intake may send a batch as several blocks and only one of them carries the lists.
    """

    topic: str
    partition: int
    row_mark: int = -1
    rejected_mark: int = -1
    gap_mark: int = -1
    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    gaps: int = 0

    def new_rows_from(self, offsets: np.ndarray) -> int:
        """Index of the first row above the mark (``offsets`` ascend); moves the mark to the last row."""
        start = int(np.searchsorted(offsets, self.row_mark, "right"))
        if start < len(offsets):
            self.row_mark = int(offsets[-1])
        return start

    def note(self, told: FactsSource) -> bool:
        """Counts the rejected records and gaps that a block tells of and that are new; True if there were any."""
        rejected = [offset for offset, _ in told.rejected if offset > self.rejected_mark]
        gaps = [(offset, count) for offset, count in told.gaps if offset > self.gap_mark]
        self.counts[DEAD] += len(rejected)
        self.gaps += sum(count for _, count in gaps)
        self.rejected_mark = max(rejected, default=self.rejected_mark)
        self.gap_mark = max((offset for offset, _ in gaps), default=self.gap_mark)
        return bool(rejected or gaps)

    @property
    def last_offset(self) -> int:
        """The last source offset accounted for here; a gap ends before the record that it is noted with."""
        return max(self.row_mark, self.rejected_mark, self.gap_mark - 1)


class Ledger:
    """All sources of one facts partition, numbered in order of arrival (the numbers are not kept)."""

    def __init__(self, facts_partition: int) -> None:
        self._facts_partition = facts_partition
        self._numbers: dict[tuple[str, int], int] = {}
        self._sources: list[Source] = []
        self._changed: dict[int, None] = {}  # since the last outcomes()
        self._dirty: dict[int, None] = {}

    def number(self, topic: str, partition: int) -> int:
        """The number of a source partition."""
        number = self._numbers.setdefault((topic, partition), len(self._sources))
        if number == len(self._sources):
            self._sources.append(Source(topic, partition))
        return number

    def source(self, number: int) -> Source:
        """The source partition of a number."""
        return self._sources[number]

    def touch(self, number: int) -> None:
        """Says that a source changed."""
        self._changed[number] = None
        self._dirty[number] = None

    def count(self, numbers: np.ndarray, statuses: np.ndarray) -> None:
        """Adds rows by source number and status."""
        counted = np.bincount(numbers * 4 + statuses, minlength=4 * len(self._sources)).reshape(-1, 4)
        for number in np.flatnonzero(counted.any(axis=1)).tolist():
            source = self._sources[number]
            source.counts = [
                old + new for old, new in zip(source.counts, counted[number].tolist(), strict=True)
            ]
            self.touch(number)

    def settle(self, topic: str, partition: int, status: int) -> None:
        """A parked record has become ``status``."""
        number = self.number(topic, partition)
        self._sources[number].counts[PARKED] -= 1
        self._sources[number].counts[status] += 1
        self.touch(number)

    def outcomes(self, version: int) -> list[Out]:
        """One record per source that changed since the last call, absolute counts."""
        outs = [self._outcome(self._sources[number], version) for number in self._changed]
        self._changed = {}
        return outs

    def _outcome(self, source: Source, version: int) -> Out:
        value = {
            "facts_partition": self._facts_partition,
            "topic": source.topic,
            "partition": source.partition,
            **dict(zip(_NAMES, source.counts, strict=True)),
            "gaps": source.gaps,
            "last_offset": source.last_offset,
            "version": version,
        }
        key = f"{self._facts_partition}|{source.topic}|{source.partition}".encode()
        return Out(OUTCOMES.name, msgspec.json.encode(value), key=key)

    def restore(self, rows: dict[str, bytes]) -> None:
        """Takes its own rows out of a checkpoint's; raises ValueError on another format."""
        for key in sorted(key for key in rows if key.startswith(_PREFIX)):
            version, topic, partition, *marks, counts, gaps = msgspec.msgpack.decode(rows[key])
            if version != FORMAT:
                raise ValueError(f"state row {key}: format {version}, expected {FORMAT}")
            self._numbers[topic, partition] = len(self._sources)
            self._sources.append(Source(topic, partition, *marks, counts, gaps))

    def dirty_rows(self) -> dict[str, bytes]:
        """Rows of the sources that changed since the last call."""
        rows = {}
        for source in (self._sources[number] for number in self._dirty):
            marks = (source.row_mark, source.rejected_mark, source.gap_mark)
            rows[source_key(source.topic, source.partition)] = msgspec.msgpack.encode(
                [FORMAT, source.topic, source.partition, *marks, source.counts, source.gaps]
            )
        self._dirty = {}
        return rows
