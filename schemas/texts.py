"""Many byte strings in one, as they lie in a record batch of Kafka's: no object for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Texts(Sequence):
    """Text i is ``joined[starts[i] : ends[i]]`` (int64), None where ``starts[i]`` is −1."""

    joined: bytes
    starts: np.ndarray
    ends: np.ndarray

    @staticmethod
    def of(values: Sequence[bytes | None]) -> Texts:
        """The same as texts, which ``values`` may be already."""
        if isinstance(values, Texts):
            return values
        lengths = np.fromiter([0 if value is None else len(value) for value in values], np.int64, len(values))
        ends = np.cumsum(lengths)
        starts = ends - lengths
        if None in values:
            starts[[value is None for value in values]] = -1
        return Texts(b"".join(filter(None, values)), starts, ends)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, place: int) -> bytes | None:
        start = int(self.starts[place])
        return None if start < 0 else self.joined[start : int(self.ends[place])]

    def lengths(self) -> np.ndarray:
        """Bytes of each, 0 for None."""
        return np.where(self.starts < 0, 0, self.ends - self.starts)
