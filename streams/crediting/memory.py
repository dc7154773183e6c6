"""Every event seen within the horizon: found by hash, kept in chunks that merge as they grow.

A log-structured merge tree: each fold appends a chunk; eight chunks of one level become one of the next, so
an event is rewritten (and saved again) at most once per level, log8 of the chunk size. Which chunks exist
depends on how the log was cut, what is found does not: validity is decided per look-up by ``seen`` against
the asker's floor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.crediting.chunks import (
    SPLIT,
    Chunk,
    Columns,
    decode_chunk,
    encode_chunk,
    make_chunk,
    merge_chunks,
)
from streams.crediting.prefix_filter import PrefixFilter

_FACTOR = 8
#: Chunks of this many events are not merged further: bounds a state row's size and what outlives the horizon.
_FINAL_ROWS = 1 << 17
_PREFIX = "ids/"


class Remembered(NamedTuple):
    """A remembered event. ``payees``: (assignment number, ppm) in order, empty if it was not a sale."""

    time: int  # ms
    amount: int  # fixed
    seen: int  # minutes
    payees: tuple[tuple[int, int], ...]


class EventMemory:
    """Chunks by number, their levels, the filter over all of them, and which state rows are unsaved."""

    def __init__(self) -> None:
        self._chunks: dict[int, Chunk] = {}
        self._next = 0
        self._filter = PrefixFilter()
        self._unsaved: set[int] = set()
        self._saved: set[int] = set()
        self._deleted: set[int] = set()

    def __len__(self) -> int:
        return sum(len(chunk) for chunk in self._chunks.values())

    @property
    def nbytes(self) -> int:
        """Bytes of all columns and the filter."""
        return self._filter.nbytes + sum(chunk.nbytes for chunk in self._chunks.values())

    def find(self, high: np.ndarray, low: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(chunk number, row) of each hash seen at or after its floor, -1 where none; fastest for ascending
        ``high``.

        At most one entry of a hash is valid: it is recorded anew only after the former one has fallen below.
        """
        numbers, rows = np.full(len(high), -1, np.int64), np.full(len(high), -1, np.int64)
        open_ = np.flatnonzero(self._filter.may_hold(high))
        for number, chunk in self._chunks.items():
            if not len(open_):
                break
            found = chunk.find(high[open_], low[open_], floor[open_])
            hit = found >= 0
            numbers[open_[hit]], rows[open_[hit]] = number, found[hit]
            open_ = open_[~hit]
        return numbers, rows

    def get(self, number: int, row: int) -> Remembered:
        """What is remembered at a place that ``find`` returned."""
        chunk = self._chunks[number]
        high, low, seen, time, amount, payee = (column[row].item() for column in chunk.events.values())
        if payee == SPLIT:
            payees = tuple(chunk.shares_of(high, low, seen))
        else:
            payees = ((payee, 1_000_000),) if payee >= 0 else ()
        return Remembered(time, amount, seen, payees)

    def add(self, events: Columns, shares: Columns | None, floor: int) -> None:
        """Remembers ``events`` (columns of Chunk, any order), merges levels that are full, drops what is
        forgotten.
        """
        if len(events["high"]):
            chunk = make_chunk(events, shares)
            self._filter.add(chunk.events["high"])
            self._insert(chunk, floor)
        self._forget(floor)
        if self._filter.full:
            self._filter = PrefixFilter([chunk.events["high"] for chunk in self._chunks.values()])

    def _insert(self, chunk: Chunk, floor: int) -> None:
        while True:
            self._chunks[self._next] = chunk
            self._unsaved.add(self._next)
            self._next += 1
            level = _level(chunk)
            peers = [number for number, other in self._chunks.items() if _level(other) == level]
            if level < 0 or len(peers) < _FACTOR:
                return
            chunk = merge_chunks([self._chunks[number] for number in peers], floor)
            for number in peers:
                self._drop(number)
            if not len(chunk):
                return

    def _forget(self, floor: int) -> None:
        for number in [number for number, chunk in self._chunks.items() if chunk.newest < floor]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        del self._chunks[number]
        self._unsaved.discard(number)
        if number in self._saved:
            self._saved.discard(number)
            self._deleted.add(number)

    def restore(self, rows: dict[str, bytes]) -> None:
        """Takes its own rows out of a checkpoint's."""
        for key in sorted(key for key in rows if key.startswith(_PREFIX)):
            number = int(key[len(_PREFIX) :])
            self._chunks[number] = decode_chunk(rows[key])
        self._saved = set(self._chunks)
        self._next = max(self._chunks, default=-1) + 1
        self._filter = PrefixFilter([chunk.events["high"] for chunk in self._chunks.values()])

    def dirty_rows(self) -> dict[str, bytes]:
        """Chunks that appeared since the last call, and b'' for saved ones that were merged away or
        forgotten.
        """
        rows = {_key(number): encode_chunk(self._chunks[number]) for number in sorted(self._unsaved)}
        rows |= {_key(number): b"" for number in sorted(self._deleted)}
        self._saved |= self._unsaved
        self._unsaved, self._deleted = set(), set()
        return rows


def _key(number: int) -> str:
    return f"{_PREFIX}{number:012d}"


def _level(chunk: Chunk) -> int:
    """log8 of the size, -1 where it is final."""
    return -1 if len(chunk) >= _FINAL_ROWS else (len(chunk).bit_length() - 1) // 3
