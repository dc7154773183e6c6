"""Events in JSON to columns by events.c: plain records only, which ones it says; the others are for Python to read.

The structures mirror those of events.c. Everything they point to is kept alive by the objects here.
"""

from __future__ import annotations

import ctypes
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.event_identity import HASH_BYTES
from schemas.money import to_fixed
from schemas.native import LIBRARY, SOURCE, load
from schemas.rules import ATTRIBUTE, CURRENCY, EMPLOYEE, MAX_TEXT, FlagRule, NumberRule, TextRule
from schemas.shapes import Field, Shape
from schemas.texts import Texts

_TEXT, _NUMBER, _FLAG, _UNREAD = range(4)
_FIRST_COLUMNS = ("source", "type", "employee")
_ALNUM = string.ascii_letters + string.digits
_MOST_FIELDS = 64

#: Per rule: of each byte whether it may occur (1) and come first (2), None where all may; fewest and most bytes;
#: whether control characters of two bytes are excluded. Narrower than the rule where the rule is not about bytes.
_TEXT_RULES: dict[TextRule, tuple[bytes | None, int, int, bool]] = {
    TextRule(): (None, 0, MAX_TEXT, False),
    ATTRIBUTE: (bytes(3 if 0x20 <= byte != 0x7F else 0 for byte in range(256)), 1, MAX_TEXT, True),
    EMPLOYEE: (bytes(3 if chr(byte) in _ALNUM else chr(byte) in "_.:@-" for byte in range(256)), 1, 64, False),
    CURRENCY: (bytes(3 if chr(byte) in string.ascii_uppercase else 0 for byte in range(256)), 3, 3, False),
}


class _Span(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("length", ctypes.c_int32))


class _Field(ctypes.Structure):
    _fields_ = (
        ("name", _Span),
        *((name, ctypes.c_int32) for name in ("rule", "column", "required", "nullable", "has_default", "no_controls",
                                              "shortest", "longest")),
        ("letters", ctypes.c_char_p),
        *((name, ctypes.c_int64) for name in ("otherwise", "low", "high")),
    )  # fmt: skip


class _Kind(ctypes.Structure):
    _fields_ = (
        ("name", _Span),
        ("fields", ctypes.POINTER(_Field)),
        ("needs", ctypes.POINTER(ctypes.c_int32)),
        *((name, ctypes.c_int32) for name in ("field_count", "need_count", "lineage", "other_source")),
    )


class _Column(ctypes.Structure):
    _fields_ = (
        ("rule", ctypes.c_int32),
        ("words", ctypes.c_int32),
        ("present", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("codes", "numbers", "given", "word", "places")),
        ("mask", ctypes.c_uint32),
        ("filled", ctypes.c_int32),
    )


class _Table(ctypes.Structure):
    _fields_ = (
        ("kinds", ctypes.POINTER(_Kind)),
        ("columns", ctypes.POINTER(_Column)),
        *((name, ctypes.c_int32) for name in ("kind_count", "column_count", "max_bytes")),
        ("attribute", ctypes.c_char_p),
        ("longest", ctypes.c_int32),
        ("rows", ctypes.c_int32),
        *((name, ctypes.c_void_p) for name in ("ids", "subjects", "times", "event_hashes", "partition_hashes",
                                               "taken")),
    )


_COLUMN = np.dtype(_Column)


def _loaded() -> ctypes.CDLL | None:
    library = load(LIBRARY, SOURCE)
    if library is None:
        return None
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    library.kpistream_scan.argtypes = (pointer, pointer, size, ctypes.POINTER(_Table))
    library.kpistream_scan.restype = None
    library.kpistream_size.argtypes = (pointer, size)
    library.kpistream_size.restype = size
    library.kpistream_gather.argtypes = (pointer, size, pointer, pointer)
    library.kpistream_gather.restype = None
    return library


_LIBRARY = _loaded()


@dataclass(frozen=True)
class Scanned:
    """Rows of the records that were taken (``places``, ascending), as ``schemas.columns.event_columns`` makes them."""

    rows: pa.RecordBatch
    places: np.ndarray
    partition_hashes: np.ndarray


class Scanner:
    """Reads events of the given shapes. Holds no state between calls."""

    def __init__(self, shapes: Iterable[Shape], max_event_bytes: int) -> None:
        self._kept: list[Any] = []
        self._max_event_bytes = max_event_bytes
        self._columns = dict.fromkeys(_FIRST_COLUMNS, _TEXT)  # name to _TEXT, _NUMBER or _FLAG
        kinds = [kind for shape in shapes if (kind := self._kind(shape))]
        self._kinds = (_Kind * len(kinds))(*kinds)
        self._rules = np.array(list(self._columns.values()), np.int32)

    def scan(self, texts: Texts) -> Scanned:
        """Read the records' values."""
        count = len(texts)
        made = _Memory(self._rules, count)
        table = _Table(
            self._kinds, made.columns.ctypes.data_as(ctypes.POINTER(_Column)), len(self._kinds), len(self._rules),
            self._max_event_bytes, _TEXT_RULES[ATTRIBUTE][0], MAX_TEXT, 0,
            *map(made.address, (made.ids, made.subjects, made.times, made.hashes, made.keys, made.taken)),
        )  # fmt: skip
        starts, ends = map(np.ascontiguousarray, (texts.starts, texts.ends))
        _LIBRARY.kpistream_scan(starts.ctypes.data, ends.ctypes.data, count, table)
        rows = made.rows = table.rows
        filled = zip(self._columns, made.columns["words"].tolist(), made.columns["present"].tolist(), strict=True)
        arrays = {
            name: made.array(number, words, present)
            for number, (name, words, present) in enumerate(filled)
            if number < len(_FIRST_COLUMNS) or present
        }
        buffers = [None, made.memory.slice(made.hashes, 16 * rows)]
        fixed = {
            "event_hash": pa.FixedSizeBinaryArray.from_buffers(pa.binary(HASH_BYTES), rows, buffers),
            "source": arrays.pop("source"),
            "id": _strings(made.address(made.ids), rows),
            "type": arrays.pop("type"),
            "time": pa.array(made.view(made.times, np.int64)),
            "subject": _strings(made.address(made.subjects), rows),
            "employee": arrays.pop("employee"),
        }
        arrays = fixed | {name: arrays[name] for name in sorted(arrays)}
        batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
        return Scanned(batch, made.view(made.taken, np.int64), made.view(made.keys, np.uint64))

    def _kind(self, shape: Shape) -> _Kind | None:
        """How to read a type; None where it has something that only Python reads."""
        fields = [self._field(field) for field in shape.fields]
        if None in fields or len(fields) >= _MOST_FIELDS:
            return None
        names = [field.name for field in shape.fields]
        if "splits" in shape.attributes:
            fields.append(_Field(name=self._span("splits"), rule=_UNREAD, column=-1, nullable=1))
            if shape.payload.names_payees:
                fields[names.index("employee")].required = 1
        lineage, other_source = map(names.index, shape.payload.refers_to or ()) if shape.payload.refers_to else (-1, -1)
        needs = [names.index(name) for pair in shape.payload.needs for name in pair]
        arrays = (_Field * len(fields))(*fields), (ctypes.c_int32 * len(needs))(*needs)
        self._kept += arrays
        return _Kind(self._span(shape.name), *arrays, len(fields), len(needs) // 2, lineage, other_source)

    def _field(self, field: Field) -> _Field | None:
        read = _Field(name=self._span(field.name), nullable=field.nullable, required=field.required)
        default = field.default
        match field.rule:
            case NumberRule():
                read.rule, (read.low, read.high) = _NUMBER, field.rule.bounds()
            case FlagRule():
                read.rule = _FLAG
            case rule if rule in _TEXT_RULES and default is None:
                read.rule = _TEXT
                read.letters, read.shortest, read.longest, read.no_controls = _TEXT_RULES[rule]
            case _:
                return None
        if default is not None:
            read.has_default, read.otherwise = 1, int(default) if read.rule == _FLAG else to_fixed(default)
        name = field.name if field.name == "employee" else f"data.{field.name}"
        if self._columns.setdefault(name, read.rule) != read.rule:
            return None
        read.column = list(self._columns).index(name)
        return read

    def _span(self, text: str) -> _Span:
        encoded = ctypes.create_string_buffer(text.encode())
        self._kept.append(encoded)
        return _Span(ctypes.addressof(encoded), len(encoded) - 1)


class _Memory:
    """What events.c fills for up to ``count`` records, one piece of memory for all: an array of its own for every part
    of every column costs small batches more than reading them.
    """

    def __init__(self, rules: np.ndarray, count: int) -> None:
        """``rules``: int32, _TEXT, _NUMBER or _FLAG by column."""
        self._rules = rules.tolist()
        text = rules == _TEXT
        self._places = 4 << max(2 * count - 1, 1).bit_length()  # bytes
        self._numbers_end, self._words_end = 8 * count, self._places + 16 * count
        sizes = np.where(text, self._words_end + _padded(4 * count), self._numbers_end + _padded(count))
        begins = np.cumsum(sizes) - sizes
        self._begins = begins.tolist()
        self._rest = int(sizes.sum())
        self.memory = pa.allocate_buffer(self._rest + (16 + 16 + 8 + 16 + 8 + 8) * count)
        self.columns = np.zeros(len(rules), _COLUMN)
        at = begins + self.memory.address
        self.columns["rule"] = rules
        self.columns["mask"] = self._places // 4 - 1
        for name, behind in (("places", 0), ("word", self._places), ("codes", self._words_end)):
            self.columns[name][text] = at[text] + behind
        for name, behind in (("numbers", 0), ("given", self._numbers_end)):
            self.columns[name][~text] = at[~text] + behind
        self.rows = count
        rest = np.cumsum([self._rest, 16 * count, 16 * count, 8 * count, 16 * count, 8 * count])
        self.ids, self.subjects, self.times, self.hashes, self.keys, self.taken = rest.tolist()

    def address(self, place: int) -> int:
        """Of what lies at ``place``."""
        return self.memory.address + place

    def view(self, place: int, dtype: type) -> np.ndarray:
        """The rows of what lies at ``place``."""
        return np.frombuffer(self.memory, dtype, self.rows, place)

    def array(self, number: int, words: int, present: int) -> pa.Array:
        """The rows of a column that has so many words and values."""
        begin = self._begins[number]
        absent = None if present == self.rows else ...
        if self._rules[number] == _TEXT:
            codes = self.view(begin + self._words_end, np.int32)
            indices = pa.array(codes) if absent is None else pa.array(codes, mask=codes < 0)
            strings = _strings(self.address(begin + self._places), words)
            return pa.DictionaryArray.from_arrays(indices, strings, safe=False)
        values = self.view(begin, np.int64)
        values = values if self._rules[number] == _NUMBER else values.astype(bool)
        if absent is None:
            return pa.array(values)
        return pa.array(values, mask=self.view(begin + self._numbers_end, np.uint8) == 0)


def _padded(size: int) -> int:
    return (size + 7) & ~7


def _strings(spans: int, count: int) -> pa.StringArray:
    """The texts of the spans at an address."""
    offsets, words = pa.allocate_buffer(4 * (count + 1)), pa.allocate_buffer(_LIBRARY.kpistream_size(spans, count))
    _LIBRARY.kpistream_gather(spans, count, offsets.address, words.address)
    return pa.StringArray.from_buffers(count, offsets, words)


def scanner(shapes: Iterable[Shape], max_event_bytes: int) -> Scanner | None:
    """A scanner, None where events.c was not compiled."""
    return Scanner(shapes, max_event_bytes) if _LIBRARY else None
