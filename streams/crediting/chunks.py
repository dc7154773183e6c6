"""Immutable chunks of remembered events, as columns sorted by hash: 44 bytes per event, about 26 in a state row.

The same events in the same order give the same bytes, whether they became a chunk at once or by merging.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

FORMAT = 4
_WHOLE = 3  # the format before, with columns as they are
#: Values of ``payee`` that are not an assignment's number.
NOT_A_SALE = -1
SPLIT = -2
#: The ppm of a share row that holds the number of its sale's terms, before the rows of the payees.
TERMS = -1

_EVENT_COLUMNS = {
    "high": np.uint64,
    "low": np.uint64,
    "seen": np.int32,
    "time": np.int64,
    "amount": np.int64,
    "payee": np.int32,
    "profile": np.int32,
}
_SHARE_COLUMNS = {"high": np.uint64, "low": np.uint64, "seen": np.int32, "payee": np.int32, "ppm": np.int32}
_EVENT_BYTES, _SHARE_BYTES = (
    sum(np.dtype(type_).itemsize for type_ in types.values()) for types in (_EVENT_COLUMNS, _SHARE_COLUMNS)
)

_TYPES = _EVENT_COLUMNS, _SHARE_COLUMNS
_WIDTHS = (0, 1, 2, 4, 8)  # bytes

Columns = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Chunk:
    """``events``: high, low (the two halves of event_hash), seen (minutes since the epoch: the newest
    arrival when it was recorded), time (ms), amount (fixed), payee (assignment number, SPLIT or NOT_A_SALE), profile
    (of a sale; profiles.py), by (high, order of the log).

    ``shares``: one row per payee of the split sales among them, likewise, payees in order: payee, ppm. A sale with
    terms is kept as a split one, its terms before its payees.
    """

    events: Columns
    shares: Columns
    newest: int  # the latest ``seen``; once that is forgotten, the whole chunk is

    def __len__(self) -> int:
        return len(self.events["high"])

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(column.nbytes for part in (self.events, self.shares) for column in part.values())

    def find(self, high: np.ndarray, low: np.ndarray, floor: np.ndarray) -> np.ndarray:
        """Row of each hash that was seen at or after its ``floor`` (minutes), -1 where there is none."""
        column = self.events["high"]
        rows = np.full(len(high), -1, np.int64)
        at = np.searchsorted(column, high)
        open_ = np.flatnonzero(at < len(column))
        while len(open_):
            place = at[open_]
            same = column[place] == high[open_]
            open_, place = open_[same], place[same]
            hit = (self.events["low"][place] == low[open_]) & (self.events["seen"][place] >= floor[open_])
            rows[open_[hit]] = place[hit]
            open_ = open_[~hit]
            at[open_] += 1  # equal first halves stand side by side
            open_ = open_[at[open_] < len(column)]
        return rows

    def shares_of(self, high: int, low: int, seen: int) -> list[tuple[int, int]]:
        """(assignment number, ppm) of a split sale's payees in order; ``seen`` tells it from an older one of
        its id that is forgotten but still here.
        """
        column = self.shares["high"]
        start, end = (
            np.searchsorted(column, np.uint64(high), "left"),
            np.searchsorted(column, np.uint64(high), "right"),
        )
        part = {name: values[start:end] for name, values in self.shares.items()}
        mine = (part["low"] == np.uint64(low)) & (part["seen"] == seen)
        return list(zip(part["payee"][mine].tolist(), part["ppm"][mine].tolist(), strict=True))


def make_chunk(events: Columns, shares: Columns | None, floor: int) -> Chunk:
    """A chunk from columns in the order of the log (at least those of a chunk; shares in payee order per
    sale), without what was last seen before ``floor`` (minutes).
    """
    return _chunk(
        _sorted(_kept(events, _EVENT_COLUMNS, floor)), _sorted(_kept(shares or {}, _SHARE_COLUMNS, floor))
    )


def merge_chunks(chunks: list[Chunk], floor: int) -> Chunk:
    """One chunk of all, given in the order of the log, without what was last seen before ``floor``
    (minutes).
    """
    some = [chunk for chunk in chunks if chunk.newest >= floor]
    if not some:
        return EMPTY
    if len(some) == 1 and some[0].events["seen"].min() >= floor:
        return some[0]
    return make_chunk(
        _concatenated([chunk.events for chunk in some]),
        _concatenated([chunk.shares for chunk in some]),
        floor,
    )


def nbytes_of(events: Columns, shares: Columns | None) -> int:
    """Bytes that a chunk of these columns has if nothing is left out."""
    return len(events["high"]) * _EVENT_BYTES + (len(shares["high"]) * _SHARE_BYTES if shares else 0)


def encode_chunk(chunk: Chunk) -> bytes:
    """The bytes of a state row: msgpack of the rows' number and the columns as ``_packed``, of events and of shares."""
    parts = [[len(part["high"]), list(map(_packed, part.values()))] for part in (chunk.events, chunk.shares)]
    return msgspec.msgpack.encode([FORMAT, *parts])


def decode_chunk(value: bytes) -> Chunk:
    """The chunk of a state row, of this format or the one before; raises ValueError on another."""
    version, *parts = msgspec.msgpack.decode(value)
    if version == _WHOLE:
        columns = (map(np.frombuffer, part, types.values()) for part, types in zip(parts, _TYPES, strict=True))
    elif version == FORMAT:
        columns = (
            (_unpacked(*column, count, type_) for column, type_ in zip(part, types.values(), strict=True))
            for (count, part), types in zip(parts, _TYPES, strict=True)
        )
    else:
        raise ValueError(f"state row ids/…: format {version}, expected {FORMAT}")
    return _chunk(*(dict(zip(types, part, strict=True)) for types, part in zip(_TYPES, columns, strict=True)))


def with_profiles(value: bytes) -> bytes:
    """A state row of the format that knew no profiles, in the one after it."""
    version, events, shares = msgspec.msgpack.decode(value)
    if version != _WHOLE - 1:
        raise ValueError(f"state row ids/…: format {version}, expected {_WHOLE - 1}")
    unknown = np.full(len(events[0]) // 8, -1, np.int32)
    return msgspec.msgpack.encode([_WHOLE, [*events, unknown.tobytes()], shares])


def _packed(column: np.ndarray) -> tuple[int, int, bytes]:
    """The least value, and the distances from it in as many bytes as the largest needs (none where all are equal)."""
    if column.dtype == np.uint64:  # a hash uses all of its bytes
        return 0, 8, column.tobytes()
    if not len(column):
        return 0, 0, b""
    least = int(column.min())
    most = int(column.max()) - least
    width = next(width for width in _WIDTHS if most < 1 << 8 * width)
    return least, width, (column.astype(np.int64) - least).astype(f"<u{width}").tobytes() if width else b""


def _unpacked(least: int, width: int, distances: bytes, count: int, type_: type) -> np.ndarray:
    if not width:
        return np.full(count, least, type_)
    if type_ is np.uint64:
        return np.frombuffer(distances, type_)
    return (np.frombuffer(distances, f"<u{width}").astype(np.int64) + least).astype(type_)


def _chunk(events: Columns, shares: Columns) -> Chunk:
    return Chunk(events, shares, int(events["seen"].max(initial=-1)))


def _concatenated(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _kept(columns: Columns, types: dict, floor: int) -> Columns:
    whole = {name: np.asarray(columns.get(name, ()), type_) for name, type_ in types.items()}
    if len(whole["seen"]) and whole["seen"].min() < floor:
        keep = whole["seen"] >= floor
        whole = {name: column[keep] for name, column in whole.items()}
    return whole


def _sorted(columns: Columns) -> Columns:
    order = np.argsort(columns["high"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


EMPTY = _chunk(_kept({}, _EVENT_COLUMNS, 0), _kept({}, _SHARE_COLUMNS, 0))
