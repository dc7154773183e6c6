"""A slot for each key: a hash table of numpy arrays, so that a batch is looked up at once, in few bytes a key."""

from __future__ import annotations

import numpy as np

from schemas.native.hash_tables import LIBRARY

_FIRST_CAPACITY = 256
#: From so many keys on a table grows by a quarter instead of twofold: half of it empty would be many megabytes.
_LARGE = 1 << 18
#: 2⁶⁴ over the golden ratio: what a key is multiplied by has its upper bits spread evenly.
_SPREAD = 0x9E3779B97F4A7C15
_BITS = 64
#: So few keys are looked up one by one: an array costs microseconds, whatever is in it.
_FEW = 100


class KeyTable:
    """int64 keys have slots 0, 1, … in the order in which they came."""

    def __init__(self) -> None:
        self.size = 0
        self.keys = np.zeros(_FIRST_CAPACITY, np.int64)
        #: Slots where their keys' hashes say, or as few places behind as others leave free; −1: none.
        self._places = np.full(2 * _FIRST_CAPACITY, -1, np.int32)

    def slots(self, keys: np.ndarray) -> np.ndarray:
        """int64 slots of unique ``keys``; new keys get new slots."""
        found = self.find_all(keys)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            self._append(keys[missing])
            found[missing] = np.arange(self.size - len(missing), self.size)
        return found

    def find(self, key: int) -> int:
        """The slot of ``key``, −1 if there is none."""
        return self._find_few([key])[0]

    def find_all(self, keys: np.ndarray) -> np.ndarray:
        """``find`` of many keys; int64."""
        if len(keys) <= _FEW:
            return np.array(self._find_few(keys.tolist()), np.int64)
        if LIBRARY is not None:
            keys, found = np.ascontiguousarray(keys, np.int64), np.empty(len(keys), np.int64)
            LIBRARY.kpistream_find(*self._in_memory(), keys.ctypes.data, len(keys), found.ctypes.data)
            return found
        found = np.full(len(keys), -1)
        left, at = np.arange(len(keys)), self._homes(keys)
        while len(left):
            slot = self._places[at]
            taken = slot >= 0
            hit = taken & (self.keys[slot] == keys[left])
            found[left[hit]] = slot[hit]
            further = taken & ~hit
            left, at = left[further], self._next(at[further])
        return found

    def _find_few(self, keys: list[int]) -> list[int]:
        places, known = memoryview(self._places), memoryview(self.keys)
        last, shift = len(places) - 1, _BITS - len(places).bit_length() + 1
        found = []
        for key in keys:
            at = (key * _SPREAD & (1 << _BITS) - 1) >> shift
            while (slot := places[at]) >= 0 and known[slot] != key:
                at = at + 1 & last
            found.append(slot)
        return found

    def _append(self, keys: np.ndarray) -> None:
        """Give new ``keys`` their slots."""
        first, self.size = self.size, self.size + len(keys)
        self._grow(self.size)
        self.keys[first : self.size] = keys
        if 2 * self.size > len(self._places):
            self._places, first = np.full(1 << (2 * self.size).bit_length(), -1, np.int32), 0
        if LIBRARY is not None:
            LIBRARY.kpistream_place(*self._in_memory(), first, self.size)
            return
        slots, at = np.arange(first, self.size, dtype=np.int32), self._homes(self.keys[first : self.size])
        while len(slots):
            free = self._places[at] < 0
            self._places[at[free]] = slots[free]
            further = self._places[at] != slots  # the place was taken, or another of these got it
            slots, at = slots[further], self._next(at[further])

    def _grow(self, needed: int) -> None:
        capacity = len(self.keys)
        while capacity < needed:
            capacity += capacity if capacity < _LARGE else capacity // 4
        self.keys = wider(self.keys, capacity)

    def _in_memory(self) -> tuple[int, int, int, int]:
        """What lookups.c gets of the table."""
        places = self._places
        return self.keys.ctypes.data, places.ctypes.data, len(places) - 1, _BITS - len(places).bit_length() + 1

    def _homes(self, keys: np.ndarray) -> np.ndarray:
        shift = np.uint64(_BITS - len(self._places).bit_length() + 1)
        return (keys.view(np.uint64) * np.uint64(_SPREAD) >> shift).astype(np.int64)

    def _next(self, at: np.ndarray) -> np.ndarray:
        return at + 1 & len(self._places) - 1


def wider(array: np.ndarray, capacity: int) -> np.ndarray:
    """``array`` with its last axis widened to ``capacity`` by zeros."""
    if array.shape[-1] >= capacity:
        return array
    wide = np.zeros((*array.shape[:-1], capacity), array.dtype)
    wide[..., : array.shape[-1]] = array
    return wide
