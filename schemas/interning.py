"""Strings as small integers, so that keys group and compare as numpy columns."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import xxhash

from schemas.native.hash_tables import LIBRARY

#: From so many names on they are kept outside of Python: a dict looks up each by itself, wherever in memory it lies.
_MANY = 2_000
_FIRST_BYTES = 16 * _MANY
#: Room is made for so many new names, whereas most of those that a checkpoint has come again and again.
_AT_ONCE = 1 << 16


def text_hashes(texts: pa.StringArray) -> np.ndarray:
    """uint64 xxh3 of each text's UTF-8."""
    if LIBRARY is None:
        found = (xxhash.xxh3_64_intdigest(text.encode()) for text in texts.to_pylist())
        return np.fromiter(found, np.uint64, len(texts))
    hashes = np.empty(len(texts), np.uint64)
    if len(texts):
        bounds, words = _memory(texts)
        LIBRARY.kpistream_hashes(bounds.ctypes.data, words, len(texts), hashes.ctypes.data)
    return hashes


class Interner:
    """Codes in order of first appearance. Codes are local to one partition's state and never leave it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: Sequence[str] = []
        self._codes: dict[str, int] = {}
        self._many: _Names | None = None
        self._hashes = np.empty(0, np.uint64)
        self._hashed = 0
        self.codes(names)

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of ``name``, a new one if need be."""
        if self._many is not None:
            return self._many.number(name, True)
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
            self._grown()
        return code

    def find(self, name: str) -> int:
        """The code of ``name``, −1 if it has none."""
        return self._codes.get(name, -1) if self._many is None else self._many.number(name, False)

    def find_all(self, names: pa.StringArray | Iterable[str]) -> np.ndarray:
        """``find`` of many; int64."""
        if self._many is not None:
            return self._many.numbers(_array(names), False)
        asked = _list(names)
        return np.fromiter((self._codes.get(name, -1) for name in asked), np.int64, len(asked))

    def codes(self, names: pa.StringArray | Iterable[str]) -> np.ndarray:
        """int64 codes of ``names``, new ones if need be."""
        if self._many is not None:
            return self._many.numbers(_array(names), True)
        known, before = self._codes, len(self.names)
        names = names if isinstance(names, pa.StringArray) else _list(names)
        if len(names) >= _MANY and self._grown(len(names)):
            return self.codes(names)
        asked = _list(names)
        codes = np.array([known.setdefault(name, len(known)) for name in asked], np.int64)
        if len(known) > before:
            self.names += dict.fromkeys(asked[at] for at in np.flatnonzero(codes >= before).tolist())
            self._grown()
        return codes

    def column(self, codes: np.ndarray) -> pa.StringArray:
        """The names of ``codes``."""
        if self._many is not None:
            return self._many.column(codes)
        return pa.array(self.texts(codes), pa.string())

    def texts(self, codes: np.ndarray) -> list[str]:
        """``column`` as a list."""
        if self._many is not None:
            return self._many.column(codes).to_pylist()
        return list(map(self.names.__getitem__, codes.tolist()))

    def hashes(self) -> np.ndarray:
        """uint64 xxh3 of every name, indexed by code."""
        known, now = self._hashed, len(self)
        if known < now:
            if now > len(self._hashes):
                self._hashes = _wider(self._hashes, now)
            self._hashes[known:now] = text_hashes(self.column(np.arange(known, now)))
            self._hashed = now
        return self._hashes[:now]

    def _grown(self, more: int = 0) -> bool:
        """With so many more names, whether they are kept outside of Python now."""
        if LIBRARY is None or len(self.names) + more < _MANY:
            return False
        self.names = self._many = _Names(self.names)
        self._codes = {}
        return True


class _Table(ctypes.Structure):
    _fields_ = (
        ("seed", ctypes.c_uint64),
        ("places", ctypes.c_void_p),
        ("mask", ctypes.c_uint64),
        ("starts", ctypes.c_void_p),
        ("words", ctypes.c_void_p),
        ("known", ctypes.c_int64),
    )


class _Names(Sequence):
    """Names by number, in the memory of interning.c."""

    def __init__(self, names: list[str]) -> None:
        self._table = _Table(seed=secrets.randbits(64))
        self._pointer = ctypes.addressof(self._table)
        self._places = np.zeros(0, np.uint64)
        self._starts = np.zeros(1, np.int64)
        self._words = np.zeros(_FIRST_BYTES, np.uint8)
        self._reserve(_MANY, 0)
        self.numbers(_array(names), True)

    def __len__(self) -> int:
        return self._table.known

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return self.column(np.arange(len(self))[place]).to_pylist()
        if not -len(self) <= place < len(self):
            raise IndexError(f"no name has the number {place}")
        place %= len(self)
        start, end = self._starts.item(place), self._starts.item(place + 1)
        return ctypes.string_at(self._table.words + start, end - start).decode("utf-8", "surrogatepass")

    def numbers(self, names: pa.StringArray, add: bool) -> np.ndarray:
        """int64 numbers of ``names``; of who has none −1, or a new one."""
        found = np.empty(len(names), np.int64)
        for first in range(0, len(names), _AT_ONCE):
            piece = names.slice(first, _AT_ONCE)
            bounds, words = _memory(piece)
            if add:
                self._reserve(len(piece), int(bounds[-1] - bounds[0]))
            into = found[first:].ctypes.data
            LIBRARY.kpistream_numbers(self._pointer, bounds.ctypes.data, words, len(piece), add, into)
        return found

    def number(self, name: str, add: bool) -> int:
        """``numbers`` of one."""
        text = name.encode("utf-8", "surrogatepass")
        if add:
            self._reserve(1, len(text))
        return LIBRARY.kpistream_number(self._pointer, text, len(text), add)

    def column(self, numbers: np.ndarray) -> pa.StringArray:
        """The names of ``numbers``."""
        numbers = np.ascontiguousarray(numbers, np.int64)
        if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(self):
            raise IndexError("some numbers are those of no name")
        asked, offsets = (self._pointer, numbers.ctypes.data, len(numbers)), np.empty(len(numbers) + 1, np.int32)
        size = LIBRARY.kpistream_lay_out(*asked, offsets.ctypes.data)
        if size > np.iinfo(np.int32).max:
            raise OverflowError(f"{len(numbers)} names have {size} bytes, more than a column can hold")
        words = pa.allocate_buffer(size)
        LIBRARY.kpistream_texts(*asked, offsets.ctypes.data, words.address)
        return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), words)

    def _reserve(self, names: int, size: int) -> None:
        """Make room for so many more names, of ``size`` bytes together."""
        table, known = self._table, len(self)
        if known + names + 1 > len(self._starts):
            self._starts = _wider(self._starts, known + names + 1)
            table.starts = self._starts.ctypes.data
        if (needed := self._starts.item(known) + size) > len(self._words) or not table.words:
            self._words = _wider(self._words, needed)
            table.words = self._words.ctypes.data
        if 2 * (known + names) > len(self._places):
            self._places = np.zeros(1 << (2 * (known + names)).bit_length(), np.uint64)
            table.places, table.mask = self._places.ctypes.data, len(self._places) - 1
            LIBRARY.kpistream_replace(self._pointer)


def _memory(texts: pa.StringArray) -> tuple[np.ndarray, int | None]:
    """Where each of ``texts`` (at least one) begins and the last ends, from the address."""
    _, offsets, words = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return bounds, None if words is None else words.address


def _wider(array: np.ndarray, needed: int) -> np.ndarray:
    """``array`` with room for at least ``needed``."""
    wide = np.zeros(max(needed, 2 * len(array)), array.dtype)
    wide[: len(array)] = array
    return wide


def _array(names: pa.StringArray | Iterable[str]) -> pa.StringArray:
    return names if isinstance(names, pa.StringArray) else pa.array(names, pa.string())


def _list(names: pa.StringArray | Iterable[str]) -> list[str]:
    if isinstance(names, pa.StringArray):
        return names.to_pylist()
    return names if isinstance(names, list) else list(names)
