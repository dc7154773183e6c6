"""Events on their way into the memory, in the order of the facts log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streams.crediting.chunks import Columns


@dataclass(frozen=True, slots=True)
class Arrivals:
    """``events``, ``shares`` (if any): columns as in Chunk, with ``offset``, the ascending facts offset that
    each was remembered at. ``at``, ``floor``: ascending facts offset of every row, and the floor (minutes)
    from it on.
    """

    events: Columns
    shares: Columns | None
    at: np.ndarray
    floor: np.ndarray

    def between(self, start: int, end: int) -> tuple[Columns, Columns | None]:
        """Events and shares at facts offsets from ``start`` to before ``end``."""
        return _between(self.events, start, end), self.shares and _between(self.shares, start, end)

    def floor_before(self, end: int, otherwise: int) -> int:
        """The floor when everything before facts offset ``end`` is folded; ``otherwise`` before any row."""
        rows = int(np.searchsorted(self.at, end))
        return int(self.floor[rows - 1]) if rows else otherwise


def _between(columns: Columns, start: int, end: int) -> Columns:
    first, last = np.searchsorted(columns["offset"], (start, end)).tolist()
    return {name: column[first:last] for name, column in columns.items()}
