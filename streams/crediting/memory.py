"""Every event seen within the horizon: found by hash, kept in chunks by ranges of the facts log.

Which chunks there are, and what is in them, is a function of the log before ``next_offset`` alone, however it
was cut: sinks/checkpoints.py rests on that. A range of level n is EIGHT**n aligned facts offsets. A range
that is complete while its parent is not has a chunk; the parent's completion merges the chunks of its parts
(a logarithmic merge: an event is rewritten, and saved again, once per level). A chunk that has grown large is
final: it is merged no further, and stays until all in it is forgotten. A chunk holds what was not forgotten
when its range became complete; the look-up decides by ``seen`` against the asker's floor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from schemas.money import WHOLE
from streams.crediting.arrivals import Arrivals
from streams.crediting.chunks import (
    EMPTY,
    SPLIT,
    TERMS,
    Chunk,
    decode_chunk,
    encode_chunk,
    make_chunk,
    merge_chunks,
    nbytes_of,
)
from streams.crediting.prefix_filter import PrefixFilter
from streams.crediting.profiles import UNKNOWN
from streams.crediting.terms import PLAIN

EIGHT = 8
#: From this size on a chunk is final; so a state row has less than eight times that.
FINAL_BYTES = 5 << 20
MERGED_ROWS, FINAL_ROWS = _PREFIX, _FINAL = "ids/", "final/"


class Remembered(NamedTuple):
    """A remembered event. ``payees``: (assignment number, ppm) in order, empty if it was not a sale; ``terms``: by
    which its amount became credit; ``profile``: what is known of its fields.
    """

    time: int  # ms
    amount: int  # fixed
    seen: int  # minutes
    payees: tuple[tuple[int, int], ...]
    terms: int = PLAIN
    profile: int = UNKNOWN

    @classmethod
    def of(cls, time: int, amount: int, seen: int, shares: list[tuple[int, int]], profile: int) -> Remembered:
        """From shares as chunks keep them."""
        if shares and shares[0][1] == TERMS:
            return cls(time, amount, seen, tuple(shares[1:]), shares[0][0], profile)
        return cls(time, amount, seen, tuple(shares), PLAIN, profile)


class EventMemory:
    """Chunks by the key of their state row, the filter over all of them, and the keys to save.

    A row's key is the level and the place among the parent's parts, so that keys are used again and
    tombstones do not pile up; a final one's is the level and the number of its range.
    """

    def __init__(self, final_bytes: int = FINAL_BYTES) -> None:
        self.next_offset = 0
        self._final_bytes = final_bytes
        self._chunks: dict[str, Chunk] = {}
        self._places: list[Chunk] = []  # as ``find`` numbers them
        self._filter = PrefixFilter()
        self._floor = 0
        self._touched: set[str] = set()

    def __len__(self) -> int:
        return sum(len(chunk) for chunk in self._chunks.values())

    @property
    def nbytes(self) -> int:
        """Bytes of all columns and the filter."""
        return self._filter.nbytes + sum(chunk.nbytes for chunk in self._chunks.values())

    def find(self, high: np.ndarray, low: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(chunk number, row) of each hash seen at or after its floor, -1 where none; fastest for ascending
        ``high``. Good until the next ``advance``.

        At most one entry of a hash is valid: it is recorded anew only after the former one has fallen below.
        """
        numbers, rows = np.full(len(high), -1, np.int64), np.full(len(high), -1, np.int64)
        open_ = np.flatnonzero(self._filter.may_hold(high))
        for number, chunk in enumerate(self._places):
            if not len(open_):
                break
            found = chunk.find(high[open_], low[open_], floor[open_])
            hit = found >= 0
            numbers[open_[hit]], rows[open_[hit]] = number, found[hit]
            open_ = open_[~hit]
        return numbers, rows

    def get(self, number: int, row: int) -> Remembered:
        """What is remembered at a place that ``find`` returned."""
        chunk = self._places[number]
        high, low, seen, time, amount, payee, profile = (column[row].item() for column in chunk.events.values())
        if payee == SPLIT:
            return Remembered.of(time, amount, seen, chunk.shares_of(high, low, seen), profile)
        return Remembered(time, amount, seen, ((payee, WHOLE),) if payee >= 0 else (), PLAIN, profile)

    def advance(self, to: int, arrivals: Arrivals | None, floor: int) -> None:
        """Remembers what arrived at facts offsets from ``next_offset`` to before ``to``; ``floor`` holds
        there.
        """
        while self.next_offset < to:
            self._append(self._widest(to), arrivals)
        self._floor = floor
        for key in [key for key, chunk in self._chunks.items() if chunk.newest < floor]:
            del self._chunks[key]
            self._touched.add(key)
        self._places = list(self._chunks.values())
        if self._filter.full:
            self._filter = PrefixFilter([chunk.events["high"] for chunk in self._places])

    def _widest(self, to: int) -> int:
        """Level of the widest range that begins at ``next_offset`` and ends by ``to``."""
        level, width = 0, EIGHT
        while self.next_offset % width == 0 and self.next_offset + width <= to:
            level, width = level + 1, width * EIGHT
        return level

    def _append(self, level: int, arrivals: Arrivals | None) -> None:
        """Takes in one range, and completes the parents that end with it."""
        start, end = self.next_offset, self.next_offset + EIGHT**level
        floor = arrivals.floor_before(end, self._floor) if arrivals else self._floor
        index = start // EIGHT**level
        chunk = self._gathered(level, index, arrivals) if arrivals else EMPTY
        while index % EIGHT == EIGHT - 1:
            parts = [self._chunks.pop(_key(level, place), EMPTY) for place in range(EIGHT - 1)]
            level, index = level + 1, index // EIGHT
            chunk = self._merged(level, index, [*parts, chunk], floor)
        # Other owners may have saved every part on the way here, so all are deleted, whoever wrote them.
        self._touched.update(_key(part, place) for part in range(level) for place in range(EIGHT - 1))
        self._put(_key(level, index % EIGHT), chunk)
        self.next_offset = end

    def _gathered(self, level: int, index: int, arrivals: Arrivals) -> Chunk:
        """The chunk of a range that lies in ``arrivals`` as a whole; empty where it is final."""
        start, end = index * EIGHT**level, (index + 1) * EIGHT**level
        events, shares = arrivals.between(start, end)
        floor = arrivals.floor_before(end, self._floor)
        if level and nbytes_of(events, shares) >= self._final_bytes:  # one of its parts may be final
            below = range(index * EIGHT, (index + 1) * EIGHT)
            parts = [self._gathered(level - 1, part, arrivals) for part in below]
            return self._merged(level, index, parts, floor)
        if not len(events["high"]):
            return EMPTY
        chunk = make_chunk(events, shares, floor)
        self._filter.add(chunk.events["high"])
        return self._unless_final(level, index, chunk)

    def _merged(self, level: int, index: int, parts: list[Chunk], floor: int) -> Chunk:
        return self._unless_final(level, index, merge_chunks(parts, floor))

    def _unless_final(self, level: int, index: int, chunk: Chunk) -> Chunk:
        if chunk.nbytes < self._final_bytes:
            return chunk
        self._put(f"{_PREFIX}{_FINAL}{level}/{index}", chunk)
        return EMPTY

    def _put(self, key: str, chunk: Chunk) -> None:
        if len(chunk):
            self._chunks[key] = chunk
            self._touched.add(key)

    def restore(self, rows: dict[str, bytes], next_offset: int, floor: int) -> None:
        """Takes its own rows out of a checkpoint's, which was made at ``next_offset`` with ``floor``."""
        self.next_offset, self._floor = next_offset, floor
        self._chunks = {key: decode_chunk(rows[key]) for key in sorted(rows) if key.startswith(_PREFIX)}
        self._places = list(self._chunks.values())
        self._filter = PrefixFilter([chunk.events["high"] for chunk in self._places])

    def dirty_rows(self) -> dict[str, bytes]:
        """Every row that anyone may have saved differently since the last call; b'' where there is none
        now.
        """
        rows = {
            key: encode_chunk(self._chunks[key]) if key in self._chunks else b""
            for key in sorted(self._touched)
        }
        self._touched = set()
        return rows


def _key(level: int, place: int) -> str:
    return f"{_PREFIX}{level}/{place}"
