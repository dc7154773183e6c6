"""Columns as they travel to ClickHouse: Arrow arrays, written in its native format without a Python step per row.

The native format of a number, a decimal, a time or a hash is what Arrow's buffer holds. A text is its length and its
bytes; words of a dictionary travel as LowCardinality, so neither side hashes a word of every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Wire(NamedTuple):
    """What is sent for a kind of column, and the Arrow type whose values have its native format."""

    type: str
    arrow: pa.DataType


KINDS: dict[str, Wire] = {
    "text": Wire("String", pa.binary()),
    "hash": Wire("FixedString(16)", pa.binary(16)),
    "int": Wire("Int64", pa.int64()),
    "uint": Wire("UInt64", pa.uint64()),
    "fixed": Wire("Decimal(18, 4)", pa.int64()),
    "time": Wire("DateTime64(3, 'UTC')", pa.int64()),
    "day": Wire("Date", pa.uint16()),
    "flag": Wire("Bool", pa.uint8()),
    "uints": Wire("Array(UInt64)", pa.list_(pa.uint64())),
    "texts": Wire("Array(String)", pa.list_(pa.binary())),
}
_BLANKS = {"text": b"", "hash": bytes(16)}
_WORDS = pa.DictionaryArray
#: Up to so many texts Python objects cost less than setting up what handles columns, on both sides.
_FEW = 32
#: From so many characters on, theirs is what costs; and an Arrow array has room for 2 GB.
_MUCH = 1 << 24


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


def constant(kind: str, value: object, count: int) -> pa.Array:
    """``value`` in every one of ``count`` rows."""
    if kind == "text":
        codes = pa.repeat(pa.scalar(0, pa.int32()), count)
        return pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.binary()))
    return pa.repeat(pa.scalar(value, KINDS[kind].arrow), count)


def from_arrow(kind: str, array: pa.Array) -> pa.Array:
    """A block's column as this kind has it; raises TypeError where the type does not fit."""
    wanted = KINDS[kind].arrow
    if kind == "text":
        return _text(array)
    if pa.types.is_boolean(array.type) and pa.types.is_integer(wanted):
        return array.cast(wanted)
    if pa.types.is_integer(array.type) and pa.types.is_integer(wanted):
        if kind == "flag":
            array = pc.not_equal(array, 0)
        return array if array.type == wanted else array.cast(wanted, safe=False)
    if pa.types.is_list(array.type) and kind == "uints":
        return pc.fill_null(array.cast(wanted), pa.scalar([], wanted))  # only distinct KPIs have members
    if array.type != wanted:
        raise TypeError(f"expected {KINDS[kind].type} values, found {array.type}")
    return array


def _text(array: pa.Array) -> pa.Array:
    if not pa.types.is_dictionary(array.type):
        return array.cast(pa.binary())
    if array.dictionary.null_count:  # else a null would stand for a word
        return array.cast(array.type.value_type).cast(pa.binary())
    codes = array.indices if array.type.index_type == pa.int32() else array.indices.cast(pa.int32())
    return pa.DictionaryArray.from_arrays(codes, array.dictionary.cast(pa.binary()), safe=False)


def concatenate(kind: str, parts: list[tuple[pa.Array | None, int]]) -> pa.Array:
    """One column from (values or None for all null, row count) of consecutive rows."""
    if len(parts) == 1 and parts[0][0] is not None:
        return parts[0][0]
    arrow = KINDS[kind].arrow
    if any(isinstance(one, _WORDS) for one, _ in parts):
        if all(one is None or isinstance(one, _WORDS) for one, _ in parts):
            arrow = pa.dictionary(pa.int32(), pa.binary())
        else:
            parts = [(one if one is None else plain(kind, one), count) for one, count in parts]
    return pa.concat_arrays([pa.nulls(count, arrow) if one is None else one for one, count in parts])


def plain(kind: str, array: pa.Array) -> pa.Array:
    """The same values without a dictionary."""
    return array.cast(KINDS[kind].arrow)


def native(kind: str, array: pa.Array) -> tuple[str, bytes]:
    """A column's type and its rows in ClickHouse's native format."""
    name, wanted = KINDS[kind]
    if kind == "text":
        if len(array) <= _FEW:
            return native_objects(kind, array.to_pylist())
        if isinstance(array, _WORDS):
            return _low_cardinality(array)
    if pa.types.is_list(wanted):
        return name, b"".join(_lists(array))
    parts = []
    if array.null_count:
        name = f"Nullable({name})"
        parts.append(array.is_null().cast(pa.uint8()).to_numpy())
        array = pc.fill_null(array, _BLANKS.get(kind, 0))
    return name, b"".join([*parts, *_plain(array)])


def native_objects(kind: str, items: Sequence) -> tuple[str, bytes]:
    """The same of Python objects: text as str or bytes, numbers as int, None for null."""
    if kind == "text" and len(items) > _FEW and sum(map(len, filter(None, items))) < _MUCH:
        return native(kind, pa.array(items, pa.binary()))
    name = KINDS[kind].type
    if kind == "texts":
        ends = np.cumsum([len(one) for one in items], dtype=np.uint64)
        return name, ends.tobytes() + native_objects("text", [text for one in items for text in one])[1]
    nulls = b""
    if None in items:
        name = f"Nullable({name})"
        nulls = bytes(item is None for item in items)
        items = [_BLANKS.get(kind, 0) if item is None else item for item in items]
    if kind != "text":
        return name, nulls + np.array(items, KINDS[kind].arrow.to_pandas_dtype()).tobytes()
    texts = [item.encode() if isinstance(item, str) else item for item in items]
    return name, nulls + b"".join([_size(len(text)) + text for text in texts])


def _size(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth is set where more follow."""
    written = []
    while number >= 128:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes((*written, number))


def _plain(array: pa.Array) -> Iterable[memoryview | np.ndarray]:
    """Values without nulls."""
    if pa.types.is_binary(array.type):
        return [_strings(array)]
    width = array.type.byte_width
    return [memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width]]


def _strings(array: pa.Array) -> np.ndarray:
    """Each one's length, as ``_size`` has it, and bytes."""
    count = len(array)
    ends = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + count + 1].astype(np.int64)
    content = np.frombuffer(array.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    lengths = np.diff(ends)
    longest = int(lengths.max(initial=0))
    sizes = np.ones(count, np.int64)
    for bits in range(7, longest.bit_length(), 7):
        sizes += lengths >= 1 << bits
    places = ends[:-1] - ends[0] + np.cumsum(sizes) - sizes
    written = np.empty(len(content) + int(sizes.sum()), np.uint8)
    of_content = np.ones(len(written), bool)
    while len(places):
        more = lengths >= 128
        written[places] = (lengths & 127) | (more << 7)
        of_content[places] = False
        places, lengths = places[more] + 1, lengths[more] >> 7
    written[of_content] = content
    return written


def _lists(array: pa.Array) -> Iterable[memoryview | np.ndarray]:
    """Where each ends, then the items of all."""
    ends = np.cumsum(pc.list_value_length(array).to_numpy(), dtype=np.uint64)
    return [ends, *_plain(array.flatten())]


#: Of ClickHouse's dictionaries in the native format: one follows, and it is the block's own.
_KEYS_VERSION = 1
_KEYS_FOLLOW = 1 << 9 | 1 << 10


def _low_cardinality(array: pa.DictionaryArray) -> tuple[str, bytes]:
    """Words once, and which of them each row has. Where there are nulls, the first word stands for them."""
    words, codes = array.dictionary, array.indices
    name = "String"
    if codes.null_count:
        name = "Nullable(String)"
        words = pa.concat_arrays([pa.array([b""], pa.binary()), words])
        codes = pc.fill_null(pc.add(codes, 1), 0)
    width = 0 if len(words) <= 1 << 8 else 1 if len(words) <= 1 << 16 else 2
    numbers = codes.to_numpy().astype((np.uint8, np.uint16, np.uint32)[width])
    head = np.array([_KEYS_VERSION, _KEYS_FOLLOW | width, len(words)], np.uint64)
    return f"LowCardinality({name})", b"".join([head, *_plain(words), np.uint64(len(numbers)).tobytes(), numbers])
