"""Values of a period after every single credit, for whole batches at once.

Awards are decided per credit. Rows are put in (group, log) order, where a group is one employee's period, and
running sums within the groups give the value after each row: the same numbers that adding one credit after the
other would give, however the log was cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from schemas.plan import Kpi
from streams.performance.cells import CellTable, novel_members
from streams.performance.columns import stable_order
from streams.performance.contributions import Contribution

_ORDINAL_BITS = 24
_ORDINAL_BIAS = 1 << (_ORDINAL_BITS - 1)


def period_key(employee: np.ndarray | int, ordinal: np.ndarray | int) -> np.ndarray | int:
    """One int64 for an employee's code and a period's ordinal."""
    return (employee << _ORDINAL_BITS) | (ordinal + _ORDINAL_BIAS)


def key_parts(key: int) -> tuple[int, int]:
    """Employee's code and period's ordinal of a key."""
    return key >> _ORDINAL_BITS, (key & ((1 << _ORDINAL_BITS) - 1)) - _ORDINAL_BIAS


@dataclass(slots=True)
class Running:
    """A KPI's values after each of its rows, group by group.

    ``rows``: row numbers of the batch, ascending within a group; ``starts``: where each group begins; ``slots`` and
    ``keys``: the group's slot and period key; ``num``, ``den`` after each row; ``base_*`` before the group's first.
    """

    rows: np.ndarray
    starts: np.ndarray
    slots: np.ndarray
    keys: np.ndarray
    num: np.ndarray
    den: np.ndarray
    base_num: np.ndarray
    base_den: np.ndarray
    _places: tuple[int, np.ndarray] | None = None  # as ``after`` looks rows up

    def group_of_row(self) -> np.ndarray:
        """int64 per row: its group."""
        group = np.zeros(len(self.rows), np.int64)
        group[self.starts[1:]] = 1
        return np.cumsum(group)

    def before(self, after: np.ndarray, base: np.ndarray) -> np.ndarray:
        """``after`` shifted by one row within each group, starting from ``base``."""
        shifted = np.empty_like(after)
        shifted[1:] = after[:-1]
        shifted[self.starts] = base
        return shifted

    def after(self, groups: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators of ``groups``, each after its batch row (inclusive)."""
        if self._places is None:
            width = int(self.rows.max()) + 2
            self._places = width, self.group_of_row() * width + self.rows
        width, places = self._places
        at = places.searchsorted(groups * width + np.minimum(rows, width - 1), side="right") - 1
        some = at >= self.starts[groups]
        sides = (self.num, self.base_num), (self.den, self.base_den)
        return tuple(np.where(some, after[at], base[groups]) for after, base in sides)

    def ends(self) -> np.ndarray:
        """Position of each group's last row."""
        return np.append(self.starts[1:], len(self.rows)) - 1


@dataclass(slots=True)
class Grouping:
    """How a batch's rows fall into groups: ``group`` per row (−1: none), ``order`` (group, log), unique ``keys``;
    ``of_cell``, the group of each cell that it was made from.
    """

    group: np.ndarray
    order: np.ndarray
    keys: np.ndarray
    of_cell: np.ndarray

    def place(self, part: Contribution) -> Placed | None:
        """Put a KPI's contributions in (group, log) order; None if none falls into a group."""
        place = np.full(len(self.group), -1, np.int64)
        place[part.rows] = np.arange(len(part.rows))
        at = place[self.order]
        at = at[at >= 0]
        if not len(at):
            return None
        rows = part.rows[at]
        group = self.group[rows]
        starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        return Placed(at, rows, starts, self.keys[group[starts]], np.diff(np.append(starts, len(rows))))


@dataclass(slots=True)
class Placed:
    """Contributions in (group, log) order: ``at`` in the contribution, ``rows`` of the batch; by group ``starts``,
    ``keys`` and ``lengths``.
    """

    at: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    keys: np.ndarray
    lengths: np.ndarray


def group_rows(
    cells: np.ndarray, rows: np.ndarray, cell_of: np.ndarray, batch: int, others: Iterable[Grouping] = ()
) -> Grouping:
    """Group ``rows`` of a batch of so many by the keys of their cells (int64, −1: outside every period).

    ``cell_of`` has the cell of each of ``rows``. Nothing is sorted again where one of ``others``, of the same cells,
    has the same groups.
    """
    unique, of_cell = _numbered(cells)
    for other in others:
        if np.array_equal(of_cell, other.of_cell):
            return Grouping(other.group, other.order, unique, of_cell)
    of_row = of_cell[cell_of]
    inside = of_row >= 0
    if not inside.all():
        rows, of_row = rows[inside], of_row[inside]
    group = np.full(batch, -1)
    group[rows] = of_row
    return Grouping(group, rows[stable_order(of_row, len(unique))], unique, of_cell)


def _numbered(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The unique keys without −1, ascending; which of them each of ``keys`` is, −1 for −1."""
    inside = keys != -1
    some = keys[inside]
    if (some[1:] >= some[:-1]).all():  # most often, as cells come by employee and day
        first = np.ones(len(some), bool)
        first[1:] = some[1:] != some[:-1]
        unique, which = some[first], np.cumsum(first) - 1
    else:
        unique, which = np.unique(some, return_inverse=True)
    numbered = np.full(len(keys), -1)
    numbered[inside] = which
    return unique, numbered


class PeriodTable(CellTable):
    """Values of calendar periods: one slot per (employee, period)."""

    def __init__(self, kpis: int) -> None:
        super().__init__(kpis)
        self.members: dict[tuple[int, int], set[int]] = {}

    def accumulate(self, kpi_index: int, kpi: Kpi, part: Contribution, grouping: Grouping) -> Running | None:
        """Add a KPI's contributions; None if no row falls into a period."""
        placed = grouping.place(part)
        if placed is None:
            return None
        at, starts = placed.at, placed.starts
        slots = self.slots(placed.keys)
        base_num, base_den = self.num[kpi_index, slots], self.den[kpi_index, slots]
        den = _running_sum(part.denominator[at], starts, base_den)
        if kpi.aggregate in ("min", "max"):
            num = _running_extreme(part.numerator[at], starts, base_num, base_den, kpi.aggregate == "min")
        else:
            values = part.numerator[at]
            if part.members is not None:
                novel = novel_members(self.members, kpi_index, np.repeat(slots, placed.lengths), part.members[at])
                values = np.where(novel, part.denominator[at], 0)
            num = _running_sum(values, starts, base_num)
        running = Running(placed.rows, starts, slots, placed.keys, num, den, base_num, base_den)
        ends = running.ends()
        self.num[kpi_index, slots] = num[ends]
        self.den[kpi_index, slots] = den[ends]
        return running


def _running_sum(values: np.ndarray, starts: np.ndarray, base: np.ndarray) -> np.ndarray:
    total = np.cumsum(values)
    before = total[starts] - values[starts] - base
    return total - np.repeat(before, np.diff(np.append(starts, len(values))))


def _running_extreme(
    values: np.ndarray, starts: np.ndarray, base: np.ndarray, base_den: np.ndarray, smallest: bool
) -> np.ndarray:
    """Extremes are few and far between in plans; group by group is fast enough."""
    running = np.empty_like(values)
    pick = np.minimum if smallest else np.maximum
    for start, end, old, sample in zip(starts, np.append(starts[1:], len(values)), base, base_den, strict=True):
        running[start:end] = pick.accumulate(values[start:end])
        if sample:
            running[start:end] = pick(running[start:end], old)
    return running
