"""Consecutive records of one partition as columns; a record is made into an object only where somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from runtime.plain_records import Headers, headers_of
from schemas.texts import Texts


class OneRecord(NamedTuple):
    """A record as ``runtime.records.Record`` has it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class RecordColumns(Sequence):
    """``offsets`` and ``timestamps`` int64; ``keys``, ``values`` and ``headers``, these as the protocol writes them, as
    texts; ``headers`` None where there are none at all.
    """

    __slots__ = ("headers", "keys", "offsets", "timestamps", "values")

    def __init__(
        self, offsets: np.ndarray, timestamps: np.ndarray, keys: Texts, values: Texts, headers: Texts | None
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
        # the oldest message format has none
        times = [-1 if record.timestamp is None else record.timestamp for record in records]
        timestamps = np.fromiter(times, np.int64, count)
        keys, values = ([getattr(record, name) for record in records] for name in ("key", "value"))
        return RecordColumns(offsets, timestamps, Texts.of(keys), Texts.of(values), None)

    @staticmethod
    def joined(parts: Sequence[RecordColumns]) -> RecordColumns:
        """All of ``parts``, one after the other; with or without headers, as they all are."""
        if len(parts) == 1:
            return parts[0]
        headers = [part.headers for part in parts]
        return RecordColumns(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("offsets", "timestamps")),
            *(Texts.joined([getattr(part, name) for part in parts]) for name in ("keys", "values")),
            None if all(one is None for one in headers) else Texts.joined(headers),
        )

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: int | slice) -> OneRecord | RecordColumns:
        if isinstance(place, slice):
            headers = None if self.headers is None else self.headers[place]
            return RecordColumns(
                self.offsets[place], self.timestamps[place], self.keys[place], self.values[place], headers
            )
        offset, timestamp = int(self.offsets[place]), int(self.timestamps[place])
        headers = () if self.headers is None else headers_of(self.headers[place])
        return OneRecord(offset, timestamp, self.keys[place], self.values[place], headers)
