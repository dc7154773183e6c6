"""Accumulated values in columns: one slot per key, one row of the arrays per KPI."""

from __future__ import annotations

import numpy as np

from streams.performance.key_table import KeyTable, wider

#: Units above a person, smallest first; their totals count a shared event once.
LEVELS = ("team", "department", "company")

#: (numerators, denominators) for each of LEVELS; None where they are the person's own.
UnitColumns = tuple[tuple[np.ndarray, np.ndarray] | None, ...]


class CellTable(KeyTable):
    """Numerators and denominators, int64, by KPI and slot.

    Sums, counts and distinct counts keep the sample size as denominator; min and max keep the extreme as numerator.
    """

    def __init__(self, kpis: int) -> None:
        super().__init__()
        self.num = np.zeros((kpis, len(self.keys)), np.int64)
        self.den = np.zeros((kpis, len(self.keys)), np.int64)

    def load(self, keys: np.ndarray, num: np.ndarray, den: np.ndarray) -> None:
        """Take over whole columns (from a checkpoint); only on an empty table."""
        slots = self.slots(keys)
        self.num[:, slots], self.den[:, slots] = num, den

    def _grow(self, needed: int) -> None:
        super()._grow(needed)
        self.num = wider(self.num, len(self.keys))
        self.den = wider(self.den, len(self.keys))


class DayCells(CellTable):
    """One slot per (employee, team, department, day), with what it adds to unit totals and distinct members."""

    def __init__(self, kpis: int) -> None:
        super().__init__(kpis)
        self._touched = np.zeros((kpis, len(self.keys)), bool)
        # by level, (2, kpis, slots): only kept once some value differs from the person's own
        self._units: list[np.ndarray | None] = [None] * len(LEVELS)
        self.members: dict[tuple[int, int], set[int]] = {}

    def held(self, kpi: int) -> np.ndarray:
        """Slots that were ever credited on a KPI, ascending; a value may well be 0."""
        return np.flatnonzero(self._touched[kpi, : self.size])

    def is_held(self, kpi: int, slots: np.ndarray) -> np.ndarray:
        """Bool per slot, as ``held``."""
        return self._touched[kpi, slots]

    def touch(self, kpi: int, slots: np.ndarray) -> None:
        """Note that ``slots`` were credited on a KPI."""
        self._touched = wider(self._touched, len(self.keys))
        self._touched[kpi, slots] = True

    def reserve(self, keys: np.ndarray) -> np.ndarray:
        """Slots of unique ``keys`` that hold nothing, where they are new."""
        slots = self.slots(keys)
        self._touched = wider(self._touched, len(self.keys))
        return slots

    def add(self, kpi: int, slots: np.ndarray, num: np.ndarray, den: np.ndarray, units: UnitColumns) -> None:
        """Add rows' contributions; ``units`` is what they add to totals."""
        for level, pair in enumerate(units):
            if pair is None and self._units[level] is None:
                continue
            kept = self._kept(level)
            for side, values in enumerate(pair or (num, den)):
                np.add.at(kept[side, kpi], slots, values)
        np.add.at(self.num[kpi], slots, num)
        np.add.at(self.den[kpi], slots, den)

    def _kept(self, level: int) -> np.ndarray:
        """The level's own arrays, as wide as the table; from now on they are kept."""
        kept = self._units[level]
        kept = np.stack([self.num, self.den]) if kept is None else wider(kept, len(self.keys))
        self._units[level] = kept
        return kept

    def extreme(self, kpi: int, slots: np.ndarray, values: np.ndarray, den: np.ndarray, smallest: bool) -> None:
        """Keep the smallest or largest of rows' values."""
        fresh = slots[self.den[kpi, slots] == 0]
        self.num[kpi, fresh] = np.iinfo(np.int64).max if smallest else np.iinfo(np.int64).min
        (np.minimum if smallest else np.maximum).at(self.num[kpi], slots, values)
        np.add.at(self.den[kpi], slots, den)
        for level, kept in enumerate(self._units):
            if kept is not None:
                kept = self._kept(level)
                kept[0, kpi, slots] = self.num[kpi, slots]
                kept[1, kpi, slots] = self.den[kpi, slots]

    def add_members(self, kpi: int, slots: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Add distinct members row by row; bool per row: new in its cell."""
        return novel_members(self.members, kpi, slots, members)

    def clear(self, kpi: int) -> None:
        """Forget all values of a KPI; its cells stay held."""
        for array in (self.num, self.den, *(side for kept in self._units if kept is not None for side in kept)):
            array[kpi] = 0
        self.members = {at: members for at, members in self.members.items() if at[0] != kpi}

    def units(self, kpi: int, slots: np.ndarray) -> UnitColumns:
        """What the cells add to totals; it depends on their values alone, not on which arrays are kept."""
        return tuple(self._differing(level, kpi, slots) for level in range(len(LEVELS)))

    def _differing(self, level: int, kpi: int, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        if self._units[level] is None:
            return None
        num, den = self._kept(level)[:, kpi, slots]
        own = np.array_equal(num, self.num[kpi, slots]) and np.array_equal(den, self.den[kpi, slots])
        return None if own else (num, den)

    def load_units(self, kpi: int, slots: np.ndarray, units: UnitColumns) -> None:
        """Take over what ``units`` gave; after ``load``."""
        for level, columns in enumerate(units):
            if columns is not None:
                self._kept(level)[:, kpi, slots] = columns


def novel_members(
    known: dict[tuple[int, int], set[int]], kpi: int, slots: np.ndarray, members: np.ndarray
) -> np.ndarray:
    """Bool per row, in order: its member was not yet in the set of (kpi, slot); the sets grow."""
    new = np.zeros(len(slots), bool)
    for row, (slot, member) in enumerate(zip(slots.tolist(), members.tolist(), strict=True)):
        seen = known.get((kpi, slot))
        if seen is None:
            seen = known[kpi, slot] = set()
        if member not in seen:
            seen.add(member)
            new[row] = True
    return new
