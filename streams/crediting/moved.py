"""People who change team or role: the assignment in force on an event's own day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from streams.crediting.splits import Split, unit_firsts
from streams.organisation import Assignments
from streams.performance.calendar import days_of


class Moved:
    """Costs a look at the payees, and nothing where nobody moves."""

    def __init__(self, stations: Mapping[int, tuple[list[int], list[int]]], zone: str, assignments: Assignments):
        """``stations``: by the number of somebody's first assignment, first day and number of each later one."""
        self._stations = stations
        self._zone = zone
        self._unit_of = assignments.unit
        self._may_move = np.zeros(len(assignments) if stations else 0, bool)
        self._may_move[list(stations)] = True

    def payees(self, payee: np.ndarray, time: np.ndarray) -> np.ndarray:
        """``payee`` (first assignments; negative: something else) as of ``time`` (ms)."""
        if not self._stations:
            return payee
        rows = np.flatnonzero((payee >= 0) & self._may_move[payee])
        if not len(rows):
            return payee
        payee = payee.copy()
        for row, day in zip(rows.tolist(), days_of(time[rows], self._zone).tolist(), strict=True):
            payee[row] = self.on(int(payee[row]), day)
        return payee

    def splits(self, splits: dict[int, Split], time: np.ndarray) -> dict[int, Split]:
        """``splits`` by row as of each row's ``time`` (ms)."""
        if not self._stations:
            return splits
        rows = [row for row, split in splits.items() if any(payee in self._stations for payee in split.payees)]
        for row, day in zip(rows, days_of(time[rows], self._zone).tolist(), strict=True):
            payees = tuple(self.on(payee, day) for payee in splits[row].payees)
            firsts = unit_firsts(list(map(self._unit_of, payees)))
            splits[row] = Split(payees, splits[row].ppm, firsts)
        return splits

    def on(self, first: int, day: int) -> int:
        """The assignment on a day of somebody whose first one is ``first``."""
        days, numbers = self._stations.get(first, ((), ()))
        at = int(np.searchsorted(days, day, "right"))
        return numbers[at - 1] if at else first
