"""A bitmap over the leading bits of hashes: answers "certainly new" for nearly every new id with one look."""

from __future__ import annotations

import numpy as np

#: Bits per entry when built and when it must be rebuilt: 3 to 6 % of new ids need the exact search.
_BUILD_BITS = 32
_FULL_BITS = 16
_MIN_LOG2 = 16


class PrefixFilter:
    """Bit p is set where some entry's first k bits are p. Sorted input touches the memory in order, hence
    fast.
    """

    def __init__(self, sorted_parts: list[np.ndarray] = ()) -> None:
        """``sorted_parts``: uint64 arrays, each ascending, of all entries to begin with."""
        entries = sum(len(part) for part in sorted_parts)
        log2 = max(_MIN_LOG2, int(max(entries, 1) * _BUILD_BITS - 1).bit_length())
        self._shift = np.uint64(64 - log2)
        self._room = (1 << log2) // _FULL_BITS
        self._bits = np.zeros(1 << (log2 - 3), np.uint8)
        for part in sorted_parts:
            self.add(part)

    @property
    def full(self) -> bool:
        """Whether so much was added that it should be rebuilt larger."""
        return self._room < 0

    @property
    def nbytes(self) -> int:
        """Bytes of the bitmap."""
        return self._bits.nbytes

    def add(self, hashes: np.ndarray) -> None:
        """Adds uint64 ``hashes``, ascending."""
        if not len(hashes):
            return
        prefix = hashes >> self._shift
        byte = (prefix >> np.uint64(3)).astype(np.int64)
        bit = np.left_shift(np.uint8(1), (prefix & np.uint64(7)).astype(np.uint8))
        first = np.flatnonzero(np.concatenate([[True], byte[1:] != byte[:-1]]))
        self._bits[byte[first]] |= np.bitwise_or.reduceat(bit, first)
        self._room -= len(hashes)

    def may_hold(self, hashes: np.ndarray) -> np.ndarray:
        """bool by hash: False where it was certainly never added."""
        prefix = hashes >> self._shift
        byte = self._bits[(prefix >> np.uint64(3)).astype(np.int64)]
        return (byte >> (prefix & np.uint64(7)).astype(np.uint8)) & np.uint8(1) != 0
