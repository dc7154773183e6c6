"""KPIs that share event types, accumulated together: one grouping of the rows serves them all."""

from __future__ import annotations

import numpy as np

from schemas.interning import Interner
from schemas.plan import Kpi
from streams.performance.calendar import NO_PERIOD, Calendar, window_days
from streams.performance.carried import Carried
from streams.performance.cells import DayCells
from streams.performance.columns import distinct
from streams.performance.contributions import (
    Contribution,
    carried_within,
    contribution,
    kpi_event_types,
    unit_contribution,
)
from streams.performance.credit_rows import CreditRows
from streams.performance.period_view import PeriodView
from streams.performance.rolling import RollingTable
from streams.performance.running import PeriodTable, group_rows, period_key
from streams.performance.shared_counts import SharedCounts

# A day cell's key: employee 22 bits, team 15, department 10, day 16 (from 1970).
_DAY = 16


def day_key(employee: np.ndarray, team: np.ndarray, department: np.ndarray, day: np.ndarray) -> np.ndarray:
    """int64 keys of day cells."""
    return (((employee << 15 | team) << 10 | department) << _DAY) | day


def day_key_parts(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """employee, team, department codes and days of day-cell keys."""
    return keys >> 41, (keys >> 26) & 0x7FFF, (keys >> 16) & 0x3FF, keys & 0xFFFF


def families_of(kpis: tuple[Kpi, ...]) -> list[list[Kpi]]:
    """KPIs grouped so that no event type belongs to two groups, in plan order."""
    groups: list[tuple[set[str], list[Kpi]]] = []
    for kpi in kpis:
        types, members = set(kpi_event_types(kpi)), [kpi]
        apart = []
        for other_types, others in groups:
            if other_types & types:
                types, members = types | other_types, others + members
            else:
                apart.append((other_types, others))
        groups = [*apart, (types, members)]
    return [members for _, members in groups]


class Family:
    """Day cells and period values of KPIs that share event types."""

    def __init__(
        self, kpis: list[Kpi], kinds: dict[str, set[str]], calendar: Calendar, resolver_of, carried: Carried
    ) -> None:
        """``resolver_of(kpi id, period kind)``: as PeriodView has it."""
        self.kpis = kpis
        self.name = "+".join(kpi.id for kpi in kpis)
        self.calendar, self._carried = calendar, carried
        self.days = DayCells(len(kpis))
        self.tables: dict[str, PeriodTable | RollingTable] = {}
        self.views: dict[tuple[str, str], PeriodView] = {}
        for index, kpi in enumerate(kpis):
            for kind in sorted(kinds.get(kpi.id, ())):
                table = self.tables.get(kind)
                if table is None:
                    window = window_days(kind)
                    table = RollingTable(len(kpis), window) if window else PeriodTable(len(kpis))
                    self.tables[kind] = table
                self.views[kpi.id, kind] = PeriodView(kpi, index, kind, table, resolver_of(kpi.id, kind))
        #: Day slots touched since the last KPI update, by KPI.
        self.dirty_days: list[list[np.ndarray]] = [[] for _ in kpis]
        #: Day slots touched since the last checkpoint, by KPI.
        self.unsaved_days: list[list[np.ndarray]] = [[] for _ in kpis]
        self._type_flags: list[np.ndarray] = [np.empty(0, bool)] * len(kpis)

    def fold(self, rows: CreditRows, day: np.ndarray, keys: np.ndarray, shared: SharedCounts | None = None) -> None:
        """Add all rows, which lie in day cells of ``keys``; leaves each view's ``running`` for the rules, and in
        ``shared`` what counts once.
        """
        for view in self.views.values():
            view.running = None
        self._refresh_types(rows.type_names)
        parts = [contribution(kpi, rows, self._type_flags[index]) for index, kpi in enumerate(self.kpis)]
        if shared is not None:
            for kpi in self.kpis:
                shared.take_sales(kpi, rows)
        if not any(part is not None for part in parts):
            return
        touched = np.zeros(len(rows), bool)
        for part in parts:
            if part is not None:
                touched[part.rows] = True
        ours = np.flatnonzero(touched)  # most often few: sorting is what costs most here
        cells, of_ours = np.unique(keys[ours], return_inverse=True)
        cell_of_row = np.full(len(rows), -1)
        cell_of_row[ours] = of_ours
        groupings = self._groupings(cells, ours, of_ours, len(rows))
        slots = self.days.slots(cells)
        for index, (kpi, part) in enumerate(zip(self.kpis, parts, strict=True)):
            if part is not None:
                self._fold_kpi(index, kpi, rows, part, slots, cell_of_row[part.rows], groupings, day, shared)

    def _fold_kpi(
        self,
        index: int,
        kpi: Kpi,
        rows: CreditRows,
        part: Contribution,
        slots: np.ndarray,
        cell_of: np.ndarray,
        groupings: dict,
        day: np.ndarray,
        shared: SharedCounts | None,
    ) -> None:
        for kind, table in self.tables.items():
            view = self.views.get((kpi.id, kind))
            if view is None:
                continue
            if isinstance(table, RollingTable):
                view.running = table.accumulate(index, kpi, part, groupings[kind], day)
            else:
                view.running = table.accumulate(index, kpi, part, groupings[kind])
            if view.running is not None:
                view.dirty.append(view.running.slots)
        cells = slots[cell_of]
        if kpi.aggregate in ("min", "max"):
            self.days.extreme(index, cells, part.numerator, part.denominator, kpi.aggregate == "min")
        else:
            if part.members is not None:
                novel = self.days.add_members(index, cells, part.members)
                part.numerator = np.where(novel, part.denominator, 0)
            units = unit_contribution(kpi, rows, part, self._carried.begun)
            self.days.add(index, cells, part.numerator, part.denominator, units)
            if shared is not None:
                shared.take(kpi, part, units)
            if not self._carried.begun:
                self._keep_carried(kpi, rows, part, day, shared)
        seen = np.zeros(len(slots), bool)
        seen[cell_of] = True
        changed = slots[seen]
        self.days.touch(index, changed)
        self.dirty_days[index].append(changed)
        self.unsaved_days[index].append(changed)

    def _keep_carried(
        self, kpi: Kpi, rows: CreditRows, part: Contribution, day: np.ndarray, shared: SharedCounts | None
    ) -> None:
        for at, more in carried_within(part):
            row = part.rows[at]
            if shared is not None and shared.rows[row]:
                continue  # rollups knows who has it
            codes = ((name, getattr(rows, name)[row]) for name in ("employee", "team", "department"))
            place = (rows.names[name].names[code] for name, code in codes)
            self._carried.keep((kpi.id, *place, int(day[row])), more)

    def _groupings(self, cells: np.ndarray, rows: np.ndarray, cell_of: np.ndarray, batch: int) -> dict:
        """Per period kind, how rows fall into (employee, period); periods are looked up once per cell."""
        employee, _, _, day = day_key_parts(cells)
        groupings = {}
        for kind, table in self.tables.items():
            if isinstance(table, RollingTable):
                keys = period_key(employee, np.zeros_like(day))
            else:
                ordinal = self.calendar.ordinals(kind, day)
                keys = np.where(ordinal == NO_PERIOD, -1, period_key(employee, ordinal))
            groupings[kind] = group_rows(keys, rows, cell_of, batch, groupings.values())
        return groupings

    def _refresh_types(self, names: Interner) -> None:
        if len(self._type_flags[0]) == len(names):
            return
        self._type_flags = [np.array([name in kpi.events for name in names.names], bool) for kpi in self.kpis]

    def restore_periods(self) -> None:
        """Derive every period's values from the day cells."""
        size = self.days.size
        if not size:
            return
        keys = self.days.keys[:size]
        employee, _, _, day = day_key_parts(keys)
        for (_, kind), view in self.views.items():
            index, kpi = view.kpi_index, view.kpi
            exists = self.days.held(index)
            if isinstance(view.table, RollingTable):
                self._restore_rolling(index, kpi, view.table, exists, employee, day)
                continue
            ordinal = self.calendar.ordinals(kind, day[exists])
            inside = ordinal != NO_PERIOD
            self._restore_calendar(
                index, kpi, view.table, exists[inside], period_key(employee[exists][inside], ordinal[inside])
            )

    def _restore_calendar(self, index: int, kpi: Kpi, table: PeriodTable, cells: np.ndarray, keys: np.ndarray) -> None:
        if not len(cells):
            return
        unique, inverse = np.unique(keys, return_inverse=True)
        slots = table.slots(unique)[inverse]
        num, den = self.days.num[index, cells], self.days.den[index, cells]
        np.add.at(table.den[index], slots, den)
        if kpi.aggregate == "distinct":
            for slot, cell in zip(slots.tolist(), cells.tolist(), strict=True):
                table.members.setdefault((index, slot), set()).update(self.days.members.get((index, cell), ()))
            for slot in distinct(slots).tolist():
                table.num[index, slot] = len(table.members[index, slot]) * 10_000
        elif kpi.aggregate in ("min", "max"):
            smallest = kpi.aggregate == "min"
            table.num[index, distinct(slots)] = np.iinfo(np.int64).max if smallest else np.iinfo(np.int64).min
            (np.minimum if smallest else np.maximum).at(table.num[index], slots, num)
        else:
            np.add.at(table.num[index], slots, num)

    def _restore_rolling(
        self, index: int, kpi: Kpi, table: RollingTable, cells: np.ndarray, employee: np.ndarray, day: np.ndarray
    ) -> None:
        # in day order, so that each window ends on the latest day
        for cell in cells[np.argsort(day[cells], kind="stable")].tolist():
            members = self.days.members.get((index, cell))
            key = int(period_key(int(employee[cell]), 0))
            num, den = int(self.days.num[index, cell]), int(self.days.den[index, cell])
            table.restore_day(index, kpi, key, int(day[cell]), num, den, sorted(members) if members else None)
