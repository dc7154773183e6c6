"""Columns as they travel to ClickHouse: plain integers and bytes, which the server turns into the table's
types.

Decimals, dates and nullable values are slow to encode in Python, row by row. So an insert sends fixed-point
numbers and times as int64, text as bytes, and which values are null as bit masks, and its SELECT ... FROM
input() converts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Wire(NamedTuple):
    """What is sent for a kind of column, and the expression that makes the table's value of it."""

    type: str
    expression: str
    dtype: type
    blank: object


KINDS: dict[str, Wire] = {
    "text": Wire("String", "{}", object, b""),
    "hash": Wire("FixedString(16)", "{}", object, b""),
    "int": Wire("Int64", "{}", np.int64, 0),
    "uint": Wire("UInt64", "{}", np.uint64, 0),
    "fixed": Wire("Int64", "reinterpret({}, 'Decimal(18, 4)')", np.int64, 0),
    "time": Wire("Int64", "fromUnixTimestamp64Milli({}, 'UTC')", np.int64, 0),
    "day": Wire("Int64", "toDate(toUInt16({}))", np.int64, 0),
    "flag": Wire("UInt8", "toBool({})", np.uint8, 0),
    "uints": Wire("Array(UInt64)", "{}", object, ()),
    "texts": Wire("Array(String)", "{}", object, ()),
}


@dataclass(frozen=True)
class Column:
    """A table's column: ``kind`` is a key of KINDS; only a nullable one may be absent from rows."""

    name: str
    kind: str
    nullable: bool = False


def columns(spec: str) -> tuple[Column, ...]:
    """Columns from a text such as ``"amount:fixed? currency:text?"``; a question mark means nullable."""
    made = []
    for word in spec.split():
        name, kind = word.split(":")
        made.append(Column(name, kind.rstrip("?"), kind.endswith("?")))
    return tuple(made)


class Values(NamedTuple):
    """One column of n rows: ``data`` of the kind's dtype, blank where ``nulls`` (bool, or None for none) is
    set.
    """

    data: np.ndarray
    nulls: np.ndarray | None = None


def constant(kind: str, value: object, count: int) -> Values:
    """``value`` in every one of ``count`` rows."""
    return Values(np.full(count, value, KINDS[kind].dtype))


def missing(kind: str, count: int) -> Values:
    """``count`` nulls."""
    return Values(_blanks(kind, count), np.ones(count, bool))


def from_list(kind: str, items: list) -> Values:
    """Values from Python objects: text as str or bytes, numbers as int, None for null."""
    nulls = np.fromiter((item is None for item in items), bool, len(items))
    data = _blanks(kind, len(items))
    for row, item in enumerate(items):
        if item is not None:
            data[row] = _encoded(item)
    return Values(data, nulls if nulls.any() else None)


def from_arrow(kind: str, array: pa.Array) -> Values:
    """Values from one Arrow column, without a Python step per row; raises TypeError where the type does not
    fit.
    """
    if kind == "uints":
        return Values(_from_lists(array))
    nulls = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if pa.types.is_dictionary(array.type):
        return Values(_from_dictionary(array), nulls)
    if kind == "hash":
        return Values(_from_hashes(array), nulls)
    if kind == "text":
        data = array.cast(pa.binary()).to_numpy(zero_copy_only=False)
        return Values(_blanked(data, nulls), nulls)
    if not (pa.types.is_integer(array.type) or pa.types.is_boolean(array.type)):
        raise TypeError(f"expected {KINDS[kind].type} values, found {array.type}")
    plain = array.cast(pa.uint8()) if pa.types.is_boolean(array.type) else array
    filled = pc.fill_null(plain, 0) if nulls is not None else plain
    return Values(filled.to_numpy(zero_copy_only=False).astype(KINDS[kind].dtype, copy=False), nulls)


def concatenate(kind: str, parts: list[tuple[Values | None, int]]) -> Values:
    """One column from (values or None for all null, row count) of consecutive rows."""
    filled = [values if values is not None else missing(kind, count) for values, count in parts]
    if len(filled) == 1:
        return filled[0]
    data = np.concatenate([values.data for values in filled])
    if all(values.nulls is None for values in filled):
        return Values(data)
    return Values(
        data,
        np.concatenate(
            [np.zeros(len(values.data), bool) if values.nulls is None else values.nulls for values in filled]
        ),
    )


def _encoded(item: object) -> object:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, (list, tuple)):
        return tuple(_encoded(one) for one in item)
    return item


def _blanks(kind: str, count: int) -> np.ndarray:
    wire = KINDS[kind]
    blanks = np.empty(count, wire.dtype)
    blanks.fill(wire.blank)
    return blanks


def _blanked(data: np.ndarray, nulls: np.ndarray | None) -> np.ndarray:
    if nulls is None:
        return data
    data = data.copy()
    data[nulls] = b""
    return data


def _from_dictionary(array: pa.DictionaryArray) -> np.ndarray:
    entries = array.dictionary.cast(pa.binary()).to_pylist()
    words = np.empty(len(entries) + 1, object)
    words[:-1] = entries
    words[-1] = b""  # where indices are null
    codes = pc.fill_null(array.indices, len(entries)) if array.null_count else array.indices
    return words[codes.to_numpy(zero_copy_only=False)]


def _from_hashes(array: pa.Array) -> np.ndarray:
    width = array.type.byte_width
    raw = np.frombuffer(array.buffers()[1], f"S{width}")[array.offset : array.offset + len(array)]
    return raw.astype(object)  # trailing zero bytes are cut off here and put back by the driver


def _from_lists(array: pa.ListArray) -> np.ndarray:
    """A tuple or list per row, empty for null: only distinct KPIs have members."""
    data = _blanks("uints", len(array))
    if array.null_count == len(array):
        return data
    for row, items in enumerate(array.to_pylist()):
        data[row] = items or ()
    return data
