"""Rolling windows: a KPI over the last N days up to the latest day that the employee was credited on it."""

from __future__ import annotations

import numpy as np

from schemas.plan import Kpi
from streams.performance.cells import CellTable
from streams.performance.contributions import Contribution
from streams.performance.running import Grouping, Running


class _Window:
    """One employee's days on one KPI."""

    __slots__ = ("days", "den", "latest", "num")

    def __init__(self) -> None:
        self.days: dict[int, list] = {}  # day → [numerator, denominator, members]
        self.latest: int | None = None
        self.num = 0
        self.den = 0


class RollingTable(CellTable):
    """One slot per employee; ``num`` and ``den`` are the window's current values."""

    def __init__(self, kpis: int, days: int) -> None:
        super().__init__(kpis)
        self.window_days = days
        self._windows: dict[tuple[int, int], _Window] = {}
        self._told: dict[tuple[int, int], int] = {}

    def latest_day(self, kpi_index: int, slot: int) -> int | None:
        """The day the window ends on, or ended on before an adjustment emptied it."""
        window = self._windows.get((kpi_index, slot))
        return window.latest if window else self._told.get((kpi_index, slot))

    def carry(self, kpi_index: int, slots: np.ndarray, before: RollingTable, before_index: int) -> None:
        """Remember where the windows of all slots of ``before``, here ``slots``, ended: should they be empty now, what
        was published of them is taken back under that day.
        """
        for old, new in enumerate(slots.tolist()):
            day = before.latest_day(before_index, old)
            if day is not None:
                self._told[kpi_index, new] = day

    def accumulate(
        self, kpi_index: int, kpi: Kpi, part: Contribution, grouping: Grouping, day: np.ndarray
    ) -> Running | None:
        """Add contributions row by row; as PeriodTable.accumulate."""
        placed = grouping.place(part)
        if placed is None:
            return None
        at, rows = placed.at, placed.rows
        slots = self.slots(placed.keys)
        base_num, base_den = self.num[kpi_index, slots].copy(), self.den[kpi_index, slots].copy()
        num, den = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        slot_of_row = np.repeat(slots, placed.lengths).tolist()
        members = part.members[at].tolist() if part.members is not None else None
        days, nums, dens = day[rows].tolist(), part.numerator[at].tolist(), part.denominator[at].tolist()
        for row, slot in enumerate(slot_of_row):
            window = self._add(kpi_index, kpi, slot, days[row], nums[row], dens[row], members and [members[row]])
            num[row], den[row] = window.num, window.den
        running = Running(rows, placed.starts, slots, placed.keys, num, den, base_num, base_den)
        ends = running.ends()
        self.num[kpi_index, slots], self.den[kpi_index, slots] = num[ends], den[ends]
        return running

    def restore_day(
        self, kpi_index: int, kpi: Kpi, key: int, day: int, num: int, den: int, members: list | None
    ) -> None:
        """Put back one day's total of one employee (days in any order)."""
        slot = int(self.slots(np.array([key]))[0])
        window = self._add(kpi_index, kpi, slot, day, num, den, members)
        self.num[kpi_index, slot], self.den[kpi_index, slot] = window.num, window.den

    def _add(self, kpi_index: int, kpi: Kpi, slot: int, day: int, num: int, den: int, members: list | None) -> _Window:
        window = self._windows.get((kpi_index, slot))
        if window is None:
            window = self._windows[kpi_index, slot] = _Window()
        if window.latest is None or day > window.latest:
            window.latest = day
            window.days = {kept: cell for kept, cell in window.days.items() if kept > day - self.window_days}
        elif day <= window.latest - self.window_days:
            return window  # too old to matter
        cell = window.days.get(day)
        if cell is None:
            window.days[day] = [num, den, set(members or ())]
        else:
            cell[0] = _combined(kpi.aggregate, cell[0], num)
            cell[1] += den
            cell[2].update(members or ())
        self._total(kpi, window)
        return window

    @staticmethod
    def _total(kpi: Kpi, window: _Window) -> None:
        cells = window.days.values()
        window.den = sum(cell[1] for cell in cells)
        if kpi.aggregate == "distinct":
            window.num = len(set().union(*(cell[2] for cell in cells))) * 10_000
        elif kpi.aggregate in ("min", "max"):
            window.num = (min if kpi.aggregate == "min" else max)(cell[0] for cell in cells)
        else:
            window.num = sum(cell[0] for cell in cells)


def _combined(aggregate: str, old: int, new: int) -> int:
    if aggregate == "min":
        return min(old, new)
    if aggregate == "max":
        return max(old, new)
    return old + new
