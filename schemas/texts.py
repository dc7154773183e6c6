"""Many byte strings where they lie, as in a record batch of Kafka's: no object for each."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Texts(Sequence):
    """Text i lies from address ``starts[i]`` to ``ends[i]`` (int64), None where both are 0; ``owners`` keep the memory.

    Addresses, so that texts of many pieces of memory are one column without being copied together.
    """

    owners: tuple[Any, ...]
    starts: np.ndarray
    ends: np.ndarray

    @staticmethod
    def of(values: Sequence[bytes | None]) -> Texts:
        """The same as texts, which ``values`` may be already."""
        if isinstance(values, Texts):
            return values
        owner = pa.py_buffer(b"".join(filter(None, values)))
        lengths = np.fromiter([0 if value is None else len(value) for value in values], np.int64, len(values))
        ends = np.cumsum(lengths) + owner.address
        starts = ends - lengths
        if None in values:
            none = [value is None for value in values]
            starts[none] = ends[none] = 0
        return Texts((owner,), starts, ends)

    @staticmethod
    def none(count: int) -> Texts:
        """So many Nones."""
        return Texts((), *np.zeros((2, count), np.int64))

    @staticmethod
    def joined(parts: Sequence[Texts]) -> Texts:
        """Those of ``parts``, one after the other."""
        owners = tuple(owner for part in parts for owner in part.owners)
        return Texts(owners, *(np.concatenate([getattr(part, side) for part in parts]) for side in ("starts", "ends")))

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int | slice) -> bytes | Texts | None:
        if isinstance(place, slice):
            return Texts(self.owners, self.starts[place], self.ends[place])
        start = int(self.starts[place])
        return ctypes.string_at(start, int(self.ends[place]) - start) if start else None

    def lengths(self) -> np.ndarray:
        """Bytes of each, 0 for None."""
        return self.ends - self.starts
