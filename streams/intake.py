"""Intake: records of business topics to blocks of facts, re-keyed by entity; the rest to dead letters.

Pure, and stateless but for the next offset expected of each source partition, by which gaps are seen.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from runtime.record_columns import RecordColumns
from runtime.records import Out, Record, RecordBatch
from schemas.blocks import encode_block, kind_header
from schemas.dead_letters import DeadLetter, encode_dead_letter
from schemas.decode import MAX_EVENT_BYTES, Decoded, Rejected, Reshape, decoder_for
from schemas.event_identity import partition_key_hash
from schemas.event_types import EventTypes
from schemas.facts import KIND, NO_FACTS, FactsSource, facts_slice, meta_of
from schemas.mapping import TopicMapping
from schemas.times import time_of
from schemas.topics import DEAD_LETTERS, FACTS, partition_of

#: An event may be this much later than the broker's clock: wrong zones pass, wrong years do not.
MAX_AHEAD_MS = 48 * 3600 * 1000
#: Rows of one block come from at most about this many bytes of records.
BLOCK_BYTES = 4 * 1024 * 1024
#: What a row takes beside its own text: hash, position, time, dictionary codes.
_ROW_BYTES = 128

_KIND = kind_header(KIND)


@dataclass(frozen=True, slots=True)
class _Expected:
    """Next offset of a source partition, and how it stood before the batch that began at ``first``."""

    next: int
    before: int | None = None
    first: int | None = None


class Intake:
    """Folds record batches of business topics into facts and dead letters.

    ``types`` are the event types of the plan in force, ``mappings`` the topics of another JSON shape.
    """

    def __init__(self, partitions: int, types: EventTypes, mappings: Mapping[str, TopicMapping] | None = None,
                 max_event_bytes: int = MAX_EVENT_BYTES):
        self._partitions = partitions
        self._mappings = dict(mappings or {})
        self._max_event_bytes = max_event_bytes
        self._expected: dict[tuple[str, int], _Expected] = {}
        self.set_types(types)

    def set_types(self, types: EventTypes) -> None:
        """Decode by these event types from now on."""
        self._decoder = decoder_for(types, self._max_event_bytes)
        self._reshapes: dict[str, Reshape] = {
            topic: mapping.reshape(types) for topic, mapping in self._mappings.items()
        }

    def assigned(self, topic: str, partition: int, next_offset: int) -> None:
        """The next record of this source partition should have this offset; a later one leaves a gap."""
        self._expected[topic, partition] = _Expected(next_offset)

    def fold(self, *batches: RecordBatch) -> list[Out]:
        """Facts blocks by target partition, then dead letters by offset; the same if folded again. Of several source
        partitions, which are all different, a block has the rows of one behind those of the other.
        """
        alike: dict[str | None, list[RecordBatch]] = {}
        for batch in batches:
            alike.setdefault(batch.topic if batch.topic in self._reshapes else None, []).append(batch)
        return [out for topic, some in alike.items() for out in self._fold_alike(some, self._reshapes.get(topic))]

    def _fold_alike(self, batches: list[RecordBatch], reshape: Reshape | None) -> list[Out]:
        parts = [RecordColumns.of(batch.records) for batch in batches]
        records, ends = RecordColumns.joined(parts), np.cumsum([len(part) for part in parts])
        decoded = _without_future(self._decoder.batch(records.values, reshape), records)
        rejected: list[list[tuple[Record, Rejected]]] = [[] for _ in batches]
        places = sorted(decoded.rejected)
        for place, of in zip(places, _batch_of(ends, np.array(places, np.int64)).tolist(), strict=True):
            rejected[of].append((records[place], decoded.rejected[place]))
        sources = [
            self._source(batch, part.offsets, some) for batch, part, some in zip(batches, parts, rejected, strict=True)
        ]
        outs = list(self._facts(decoded, records, ends, sources))
        letters = zip(batches, rejected, strict=True)
        return outs + [self._dead_letter(batch, record, why) for batch, some in letters for record, why in some]

    def _source(self, batch: RecordBatch, offsets: np.ndarray, rejected: list[tuple[Record, Rejected]]) -> FactsSource:
        """What is told of a batch, without rows."""
        place = batch.topic, batch.partition
        reasons = [[record.offset, why.reason] for record, why in rejected]
        gaps = self._gaps(place, offsets)
        return FactsSource(*place, int(offsets[0]), int(offsets[-1]), 0, reasons or (), gaps or ())

    def _gaps(self, source: tuple[str, int], offsets: np.ndarray) -> list[list[int]]:
        """[offset of the next record, how many are missing before it]; a batch folded again sees the same."""
        first = int(offsets[0])
        expected = self._expected.get(source, _Expected(first))
        before = expected.before if expected.first == first else expected.next
        last = int(offsets[-1])
        self._expected[source] = _Expected(last + 1, before, first)
        if first == before and last - first + 1 == len(offsets):
            return []
        missing = np.diff(offsets, prepend=before - 1) - 1
        return [[int(offsets[row]), int(missing[row])] for row in np.flatnonzero(missing > 0)]

    def _facts(
        self, decoded: Decoded, records: RecordColumns, ends: np.ndarray, sources: list[FactsSource]
    ) -> Iterator[Out]:
        """A block for each target partition with rows, more if it is long. What of a source was rejected, and what is
        missing, stands in one target partition, be there rows or not. ``ends``: of each source's ``records``.
        """
        homes: list[list[int]] = [[] for _ in range(self._partitions)]
        for number, source in enumerate(sources):
            name = f"{source.topic}:{source.partition}"
            homes[partition_of(partition_key_hash(name), self._partitions)].append(number)
        targets = (decoded.partition_hashes % np.uint64(self._partitions)).astype(np.int64)
        order = np.argsort(targets, kind="stable")
        rows, places = decoded.rows, decoded.places[order]
        if (np.diff(targets) < 0).any():  # as of a single event, never
            rows = rows.take(pa.array(order))
        offsets, sizes = records.offsets[places], records.values.lengths()[places] + _ROW_BYTES
        came_from = _batch_of(ends, places)
        filled_to = np.concatenate([[0], np.cumsum(np.bincount(targets, minlength=self._partitions))])
        for target in range(self._partitions):
            start, end = int(filled_to[target]), int(filled_to[target + 1])
            pending = {*homes[target]}
            if start == end and pending:
                told = [sources[number] for number in sorted(pending)]
                yield self._block(NO_FACTS, target, told)
            for cut_from, cut_to in _cuts(sizes, start, end):
                counts = np.bincount(came_from[cut_from:cut_to], minlength=len(sources)).tolist()
                told = [
                    source._replace(rows=count, **({} if number in pending else {"rejected": (), "gaps": ()}))
                    for number, (source, count) in enumerate(zip(sources, counts, strict=True))
                    if count or number in pending
                ]
                yield self._block(facts_slice(rows, offsets, cut_from, cut_to), target, told)
                pending = set()

    def _block(self, rows: pa.RecordBatch, target: int, sources: list[FactsSource]) -> Out:
        return Out(FACTS.name, encode_block(rows, meta_of(sources)), partition=target, headers=_KIND)

    def _dead_letter(self, batch: RecordBatch, record: Record, why: Rejected) -> Out:
        """The record whole, unless it is too large to be sent on: then its beginning."""
        limit = self._max_event_bytes
        letter = DeadLetter(
            stage="intake", topic=batch.topic, partition=batch.partition, offset=record.offset,
            reason=why.reason, detail=why.detail, raw=(record.value or b"")[:limit],
            key=record.key and record.key[:limit], timestamp=record.timestamp,
        )
        key = f"{batch.topic}:{batch.partition}".encode()
        return Out(DEAD_LETTERS.name, encode_dead_letter(letter), key=key)


def _batch_of(ends: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Which of the batches that end there each of ``places`` lies in."""
    return np.searchsorted(ends, places, side="right")


def _cuts(sizes: np.ndarray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of rows from ``start`` to ``end``, each within BLOCK_BYTES or one row long."""
    if start < end and int(sizes[start:end].sum()) <= BLOCK_BYTES:
        yield start, end
        return
    reached = np.cumsum(sizes[start:end])
    row = 0
    while row < len(reached):
        base = reached[row - 1] if row else 0
        after = max(row + 1, int(np.searchsorted(reached, base + BLOCK_BYTES, "right")))
        yield start + row, start + after
        row = after


def _without_future(decoded: Decoded, records: RecordColumns) -> Decoded:
    """Reject events that the broker received long before they happened; records without a time stamp pass."""
    if not len(decoded.places):
        return decoded
    received = records.timestamps[decoded.places]
    times = decoded.rows.column("time").to_numpy()
    ahead = (received >= 0) & (times - received > MAX_AHEAD_MS)
    if not ahead.any():
        return decoded
    rejected = dict(decoded.rejected)
    for row in np.flatnonzero(ahead):
        happened, came = (time_of(int(ms)).isoformat() for ms in (times[row], received[row]))
        detail = f"time: {happened} is more than 48 hours after the record's own time stamp, {came}."
        rejected[int(decoded.places[row])] = Rejected("time_in_future", detail)
    kept = ~ahead
    rows = decoded.rows.filter(pa.array(kept))
    return Decoded(rows, decoded.places[kept], decoded.partition_hashes[kept], rejected)
