"""One field of many events as an Arrow column, checked by column: texts, ten-thousandths, flags, times.

Each function also says which of its values do not hold, by index or as a mask.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.rules import NumberRule, RuleError, TextRule
from schemas.times import TIME_BEFORE, TIME_FROM, ms_of, time_ms

_FIXED = pa.decimal64(18, 4)
_NANOSECONDS = pa.timestamp("ns", "UTC")
_FIRST_MS, _END_MS = ms_of(TIME_FROM), ms_of(TIME_BEFORE)
_SHORTEST_TIME = len("2000-01-01T00:00:00Z")


@dataclass
class Part:
    """Values of one field for the rows of one event type; ``rows`` None means every row."""

    rows: np.ndarray | None
    values: Any


def texts(values: list[str | None], rule: TextRule) -> tuple[pa.DictionaryArray, np.ndarray | None]:
    """Dictionary-encoded texts and the mask of those that ``rule`` refuses, None if none."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    refused = rule.refused(encoded.dictionary.to_pylist()) if rule.pattern else []
    if not refused:
        return encoded, None
    return encoded, np.isin(encoded.indices.fill_null(-1).to_numpy(), refused)


def join_texts(size: int, parts: list[tuple[np.ndarray | None, pa.DictionaryArray]]) -> pa.DictionaryArray:
    """One column of ``size`` rows from parts of it, null where no part has a row."""
    if len(parts) == 1 and parts[0][0] is None:
        return parts[0][1]
    unified = pa.chunked_array([encoded for _, encoded in parts]).unify_dictionaries()
    codes = np.full(size, -1, np.int32)
    for (rows, _), chunk in zip(parts, unified.chunks, strict=True):
        codes[rows] = chunk.indices.fill_null(-1).to_numpy()
    dictionary = unified.chunk(0).dictionary
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), dictionary, safe=False)


def filled(encoded: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same with '' for null."""
    if not encoded.null_count:
        return encoded
    return encoded.dictionary_decode().fill_null("").dictionary_encode()


@dataclass
class Fixed:
    """Ten-thousandths: ``units`` int64, ``absent`` and ``bad`` masks (None: nowhere)."""

    units: np.ndarray
    absent: np.ndarray | None
    bad: np.ndarray | None


def fixed_point(values: list[Any], rule: NumberRule, nullable: bool) -> Fixed:
    """JSON numbers, as ints and texts of fractions, or decimal texts, as ten-thousandths within the rule."""
    try:
        column = _number_texts(values).cast(_FIXED)
    except pa.ArrowInvalid:  # one is too long, too large or no number
        return _one_by_one(values, rule, nullable)
    units = np.frombuffer(column.buffers()[1], np.int64)[: len(values)]
    low, high = rule.bounds()
    bad = (units < low) | (units > high)
    if not column.null_count:
        return Fixed(units, None, bad if bad.any() else None)
    absent = column.is_null().to_numpy(zero_copy_only=False)
    bad = bad & ~absent if nullable else bad | absent
    return Fixed(np.where(absent, 0, units), absent, bad if bad.any() else None)


def _number_texts(values: list[Any]) -> pa.StringArray:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowException, TypeError):  # some are ints, or no numbers at all: '' fails the cast
        written = [
            v if v is None or v.__class__ is str else str(v) if v.__class__ is int else "" for v in values
        ]
        return pa.array(written, pa.string())


def _one_by_one(values: list[Any], rule: NumberRule, nullable: bool) -> Fixed:
    units, bad = np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    absent = np.array([value is None for value in values])
    for row, value in enumerate(values):
        if value is None:
            bad[row] = not nullable
            continue
        try:
            units[row] = rule.fixed(value)
        except RuleError:
            bad[row] = True
    return Fixed(units, absent, bad)


def join_fixed(size: int, parts: list[tuple[np.ndarray | None, Fixed]]) -> pa.Array:
    """One int64 column of ``size`` rows from parts of it, null where no part has a value."""
    if len(parts) == 1 and parts[0][0] is None:
        return pa.array(parts[0][1].units, mask=parts[0][1].absent)
    units, absent = np.zeros(size, np.int64), np.ones(size, bool)
    for rows, part in parts:
        units[rows] = part.units
        absent[rows] = False if part.absent is None else part.absent
    return pa.array(units, mask=absent)


def join_values(size: int, parts: list[Part], kind: pa.DataType) -> pa.Array:
    """One column of ``size`` rows from parts of it, for the few that need no more speed."""
    if len(parts) == 1 and parts[0].rows is None:
        return pa.array(parts[0].values, kind)
    values: list[Any] = [None] * size
    for part in parts:
        for row, value in zip(part.rows, part.values, strict=True):
            values[row] = value
    return pa.array(values, kind)


def times(values: Sequence[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Milliseconds since the epoch (int64) of RFC 3339 texts, and the mask of those that are none."""
    column = pa.array(values, pa.string())
    try:
        nanoseconds = np.frombuffer(column.cast(_NANOSECONDS).buffers()[1], np.int64)[: len(values)]
    except pa.ArrowInvalid:
        ms, plain = np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    else:
        ms = nanoseconds // 1_000_000
        plain = _written_plainly(column) & (ms >= _FIRST_MS) & (ms < _END_MS)
    if plain.all():
        return ms, None
    ms, bad = ms.copy(), np.zeros(len(values), bool)
    for row in np.flatnonzero(~plain):
        try:
            ms[row] = time_ms(values[row])
        except RuleError:
            bad[row] = True
    return ms, bad


def _written_plainly(column: pa.StringArray) -> np.ndarray:
    """Which texts have the T, the seconds and the zone where RFC 3339 wants them; Arrow's parser is laxer."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[: len(column) + 1]
    text = np.frombuffer(column.buffers()[2] or b"\0", np.uint8)
    start, end = offsets[:-1], offsets[1:]
    long = end - start >= _SHORTEST_TIME
    start, end = np.where(long, start, 0), np.where(long, end, 0)
    at = [ord(letter) for letter in "T:Z:+-"]
    if not long.any():
        return long
    zulu = text[end - 1] == at[2]
    sign = text[end - 6]
    offset = (text[end - 3] == at[3]) & ((sign == at[4]) | (sign == at[5]))
    return long & (text[start + 10] == at[0]) & (text[start + 16] == at[1]) & (zulu | offset)
