"""Consecutive records of one partition as columns; a record is made into an object only where somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from schemas.texts import Texts


class OneRecord(NamedTuple):
    """A record as ``runtime.records.Record`` has it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class RecordColumns(Sequence):
    """``offsets`` and ``timestamps`` int64, ``keys`` and ``values`` as texts; ``headers`` says where in the bytes of
    the values the number of a record's headers stands, None where there are none at all.
    """

    __slots__ = ("headers", "keys", "offsets", "timestamps", "values")

    def __init__(
        self, offsets: np.ndarray, timestamps: np.ndarray, keys: Texts, values: Texts, headers: np.ndarray | None
    ) -> None:
        self.offsets, self.timestamps, self.keys, self.values = offsets, timestamps, keys, values
        self.headers = headers

    @staticmethod
    def of(records: Sequence) -> RecordColumns:
        """The columns of records, which they may be already; of objects without their headers."""
        if isinstance(records, RecordColumns):
            return records
        count = len(records)
        offsets = np.fromiter([record.offset for record in records], np.int64, count)
        timestamps = np.fromiter([record.timestamp for record in records], np.int64, count)
        keys, values = ([getattr(record, name) for record in records] for name in ("key", "value"))
        return RecordColumns(offsets, timestamps, Texts.of(keys), Texts.of(values), None)

    @staticmethod
    def joined(parts: Sequence[RecordColumns]) -> RecordColumns:
        """All of ``parts``, which lie in bytes of their own, one after the other."""
        if len(parts) == 1:
            return parts[0]
        sizes = [len(part.values.joined) for part in parts]
        begins = np.repeat(np.cumsum([0, *sizes[:-1]]), [len(part) for part in parts])
        together = b"".join([part.values.joined for part in parts])

        def places(name: str, side: str) -> np.ndarray:
            column = np.concatenate([getattr(getattr(part, name), side) for part in parts])
            return np.where(column < 0, -1, column + begins)

        return RecordColumns(
            np.concatenate([part.offsets for part in parts]),
            np.concatenate([part.timestamps for part in parts]),
            *(Texts(together, places(name, "starts"), places(name, "ends")) for name in ("keys", "values")),
            np.concatenate([part.headers for part in parts]) + begins,
        )

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: int | slice) -> OneRecord | RecordColumns:
        if isinstance(place, slice):
            keys, values = (Texts(of.joined, of.starts[place], of.ends[place]) for of in (self.keys, self.values))
            headers = None if self.headers is None else self.headers[place]
            return RecordColumns(self.offsets[place], self.timestamps[place], keys, values, headers)
        offset, timestamp = int(self.offsets[place]), int(self.timestamps[place])
        return OneRecord(offset, timestamp, self.keys[place], self.values[place], self._headers(place))

    def _headers(self, place: int) -> tuple[tuple[str, bytes], ...]:
        if self.headers is None:
            return ()
        bytes_, found = self.values.joined, []
        count, at = _varint(bytes_, int(self.headers[place]))
        for _ in range(count):
            length, at = _varint(bytes_, at)
            name, at = bytes_[at : at + length].decode("utf-8", "replace"), at + length
            length, at = _varint(bytes_, at)
            found.append((name, None if length < 0 else bytes_[at : at + length]))
            at += max(length, 0)
        return tuple(found)


def _varint(from_: bytes, at: int) -> tuple[int, int]:
    """A zigzag varint, and where it ends."""
    bits = shift = 0
    while from_[at] & 0x80:
        bits |= (from_[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    bits |= from_[at] << shift
    return (bits >> 1) ^ -(bits & 1), at + 1
