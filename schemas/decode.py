"""Records' values to events: the pydantic models decide, faster ways take what is plain.

A scanner in native code (schemas/native, where it was compiled) takes most, msgspec most of the others. Each accepts a
strict subset with exactly the same values; all they do not accept goes to the models, which alone reject and give
the reason. So speed can never change what becomes of a record.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from schemas.columns import event_columns
from schemas.event_types import EventTypes
from schemas.events import Envelope
from schemas.native.scanner import scanner
from schemas.rejections import FAILURES, MAX_DEPTH, Rejected, parse_json, rejection, shown
from schemas.shapes import decoder_of, shapes_of
from schemas.texts import Texts

MAX_EVENT_BYTES = 262_144
#: Beyond these sizes msgspec skips ignored fields less strictly than it decodes them: integers of more
#: digits than Python reads, nesting deeper than MAX_DEPTH.
_PLAIN_BYTES, _SHALLOW_BYTES = 4096, 2 * MAX_DEPTH
#: Records read together, and tried one by one where one of them fails.
_CHUNK = 256
#: Records decoded together: their objects should stay in the processor's cache until they are columns.
_PART = 4096


@dataclass(frozen=True)
class Decoded:
    """Valid events as rows (``places[i]``, ascending, is the record of row i), the others with reasons."""

    rows: pa.RecordBatch
    places: np.ndarray
    partition_hashes: np.ndarray
    rejected: dict[int, Rejected]


#: Turns a parsed JSON value of another shape into that of an event; raises Rejected.
Reshape = Callable[[Any], dict[str, Any]]


class EventDecoder:
    """Decodes records by the event types given. Holds no state between calls."""

    def __init__(self, types: EventTypes, max_event_bytes: int = MAX_EVENT_BYTES):
        self.types = types
        self.max_event_bytes = max_event_bytes
        self._models = {name: types.event_model(name) for name in types}
        self._shapes = shapes_of(types)
        self._by_name = {shape.name: shape for shape in self._shapes.values()}
        self._fast = decoder_of(self._shapes)
        self._scanner = scanner(self._shapes.values(), max_event_bytes)

    def event(self, value: bytes | None, reshape: Reshape | None = None) -> Envelope:
        """The validated event in one record's value; raises Rejected."""
        if value is None:
            raise Rejected("tombstone", "The record has no value.")
        if len(value) > self.max_event_bytes:
            size = f"{len(value)} bytes, more than {self.max_event_bytes}"
            raise Rejected("too_large", f"The record has {size}; only its beginning is kept.")
        parsed = parse_json(value)
        return self.validate(parsed if reshape is None else reshape(parsed))

    def validate(self, parsed: Any) -> Envelope:
        """The validated event in a parsed JSON value whose fractions are Decimals; raises Rejected."""
        if not isinstance(parsed, dict):
            raise Rejected("invalid_envelope", "The record is not a JSON object.")
        model = self._models.get(parsed.get("type")) if isinstance(parsed.get("type"), str) else None
        try:
            if model is not None:
                return model.model_validate(parsed)
            name = Envelope.model_validate(parsed).type
        except ValidationError as error:
            raise rejection(error) from None
        raise Rejected("unknown_type", f"type: {shown(name)} is no event type of this plan.")

    def batch(self, values: Sequence[bytes | None], reshape: Reshape | None = None) -> Decoded:
        """All records at once: what ``event`` gives for each, as columns."""
        if reshape is not None or self._scanner is None:
            return self._by_parts(list(values), reshape)
        texts = Texts.of(values)
        scanned = self._scanner.scan(texts)
        taken = Decoded(scanned.rows, scanned.places, scanned.partition_hashes, {})
        if len(taken.places) == len(values):
            return taken
        left = np.delete(np.arange(len(values)), taken.places)
        others = self._by_parts([texts[place] for place in left], None)
        return _merged(taken, others, left)

    def _by_parts(self, values: Sequence[bytes | None], reshape: Reshape | None) -> Decoded:
        parts = [self._part(values[start : start + _PART], reshape) for start in range(0, len(values), _PART)]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _part(self, values: Sequence[bytes | None], reshape: Reshape | None) -> Decoded:
        rejected: dict[int, Rejected] = {}
        events = self._decode(values) if reshape is None else [None] * len(values)
        for place, event in enumerate(events):
            if event is None:
                events[place] = self._slow(values[place], reshape, place, rejected)
        places = np.arange(len(values))
        if rejected:
            places = np.delete(places, list(rejected))
            events = [event for event in events if event is not None]
        if not events:
            return Decoded(_NO_ROWS, places, _NO_HASHES, rejected)
        rows, hashes, ok = event_columns(events, self._shapes)
        if ok.all():
            return Decoded(rows, places, hashes, rejected)
        accepted = {}
        for row in np.flatnonzero(~ok):
            place = int(places[row])
            if struct := self._slow(values[place], reshape, place, rejected):
                accepted[row] = struct
        if accepted:  # the columns judged more strictly than the models: once more, with the models' values
            ok[list(accepted)] = True
            events = [accepted.get(row, event) for row, event in enumerate(events) if ok[row]]
            rows, hashes, _ = event_columns(events, self._shapes)
            return Decoded(rows, places[ok], hashes, rejected)
        return Decoded(rows.filter(pa.array(ok)), places[ok], hashes[ok], rejected)

    def _slow(self, value: bytes | None, reshape: Reshape | None, place: int, rejected: dict) -> Any:
        """The struct of one valid event, or None and its entry in ``rejected``."""
        try:
            event = self.event(value, reshape)
        except Rejected as error:
            rejected[place] = error
            return None
        return self._by_name[event.type].struct(event)

    def _decode(self, values: Sequence[bytes | None]) -> list[Any]:
        """What the fast way makes of each value, None where it leaves it to the models."""
        values = self._plain(values)
        events: list[Any] = []
        for start in range(0, len(values), _CHUNK):
            chunk = values[start : start + _CHUNK]
            try:
                events += map(self._fast, chunk)
            except FAILURES:
                del events[start:]
                events += map(self._try, chunk)
        return events

    def _try(self, value: bytes | None) -> Any:
        try:
            return self._fast(value)
        except FAILURES:
            return None

    def _plain(self, values: Sequence[bytes | None]) -> Sequence[bytes | None]:
        """The values, None where msgspec would be laxer on ignored fields than the models' way."""
        try:
            together = b"".join(values)
        except TypeError:
            together = b"".join(value for value in values if value is not None)
        utf8 = together.isascii() or _is_utf8(together)
        longest = max(map(len, filter(None, values)), default=0)
        if utf8 and longest <= min(_SHALLOW_BYTES, self.max_event_bytes):
            return values
        limit = min(_PLAIN_BYTES, self.max_event_bytes)
        return [value if value is not None and _is_plain(value, limit, utf8) else None for value in values]


@lru_cache(maxsize=4)
def decoder_for(types: EventTypes, max_event_bytes: int = MAX_EVENT_BYTES) -> EventDecoder:
    """The decoder of all who decode by the same types: milliseconds to make, and every source partition needs one."""
    return EventDecoder(types, max_event_bytes)


def _merged(taken: Decoded, others: Decoded, left: np.ndarray) -> Decoded:
    """Both in the order of their records; ``left`` are the places of those that ``others`` were made of."""
    rejected = {int(left[place]): why for place, why in others.rejected.items()}
    if not len(others.places):
        return Decoded(taken.rows, taken.places, taken.partition_hashes, rejected)
    places = np.concatenate([taken.places, left[others.places]])
    order = np.argsort(places)
    hashes = np.concatenate([taken.partition_hashes, others.partition_hashes])
    return Decoded(_stacked([taken, others]).take(pa.array(order)), places[order], hashes[order], rejected)


def _stacked(parts: list[Decoded]) -> pa.RecordBatch:
    tables = [pa.Table.from_batches([part.rows]) for part in parts if part.rows.num_rows]
    if not tables:
        return _NO_ROWS
    together = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    return together.combine_chunks().to_batches()[0]


def _joined(parts: list[Decoded]) -> Decoded:
    starts = range(0, len(parts) * _PART, _PART)
    placed = list(zip(parts, starts, strict=True))
    return Decoded(
        _stacked(parts),
        np.concatenate([part.places + start for part, start in placed] or [_NO_PLACES]),
        np.concatenate([part.partition_hashes for part in parts] or [_NO_HASHES]),
        {start + place: why for part, start in placed for place, why in part.rejected.items()},
    )


_NO_ROWS = pa.RecordBatch.from_pydict({})
_NO_PLACES, _NO_HASHES = np.zeros(0, np.int64), np.zeros(0, np.uint64)


def _is_plain(value: bytes, limit: int, utf8: bool) -> bool:
    if len(value) > limit or not (utf8 or _is_utf8(value)):
        return False
    return len(value) <= _SHALLOW_BYTES or value.count(b"[") + value.count(b"{") <= MAX_DEPTH


def _is_utf8(value: bytes) -> bool:
    buffers = [None, pa.py_buffer(np.array([0, len(value)], np.int64)), pa.py_buffer(value)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
