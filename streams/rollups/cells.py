"""Day cells of every employee, added up by unit and day as they come: what the values of units are read from.

Cells are absolute, so a newer one takes the place of the older and the sums move by the difference. Everything in the
units that somebody leads on a day makes up one more unit, of kind ``manager``; it follows from the plan in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from schemas.money import SCALE
from schemas.plan_units import UNIT_KINDS

PREFIX = "cells/"
_SEPARATOR = "\x1f"

#: KPI, employee, team, department, day.
CellKey = tuple[str, str, str, str, int]
#: KPI, kind of unit, unit ('' for the company).
UnitKey = tuple[str, str, str]
#: From KPI, team, department, day to managers, each with the index in UNIT_KINDS of the widest unit led around there.
ManagersOf = Callable[[str, str, str, int], list[tuple[str, int]]]


class Cell(NamedTuple):
    """What a cell holds: the person's own pair, the pairs it adds to its units by UNIT_KINDS, distinct members."""

    num: int
    den: int
    units: tuple[tuple[int, int], ...]
    members: tuple[int, ...]

    def empty(self) -> bool:
        """Whether there is nothing in it: the KPI has left the plan."""
        return not (self.num or self.den or self.members or any(map(any, self.units)))


def read_cells(columns: dict[str, list]) -> Iterable[tuple[CellKey, Cell]]:
    """Cells of a kpi-days block's columns. Those of overlays have no team: they lie in no unit."""
    pairs = [
        list(zip(columns[f"{kind}_numerator"], columns[f"{kind}_denominator"], strict=True)) for kind in UNIT_KINDS
    ]
    keys = zip(*(columns[name] for name in ("kpi", "employee", "team", "department", "day")), strict=True)
    rest = zip(columns["numerator"], columns["denominator"], zip(*pairs, strict=True), columns["members"], strict=True)
    for key, (num, den, units, members) in zip(keys, rest, strict=True):
        yield key, Cell(num, den, units, tuple(members or ()))


class UnitDay:
    """What a unit has of a KPI on a day: the sums, and the cells that make them up."""

    __slots__ = ("cells", "den", "num")

    def __init__(self) -> None:
        self.num, self.den = 0, 0
        self.cells: dict[CellKey, None] = {}


def nobody(kpi: str, team: str, department: str, day: int) -> list[tuple[str, int]]:
    """Nothing is led by anyone."""
    return []


class Cells:
    """All cells, and their sums by unit and day. ``touched`` names the unit days that changed since it was cleared."""

    def __init__(self) -> None:
        self._cells: dict[CellKey, Cell] = {}
        self._units: dict[UnitKey, dict[int, UnitDay]] = {}
        self._pages: dict[tuple[str, str, str, int], dict[str, None]] = {}
        self._unsaved: dict[tuple[str, str, str, int], None] = {}
        self._own: dict[tuple[str, str], dict[int, dict[CellKey, None]]] = {}
        self.touched: dict[tuple[UnitKey, int], None] = {}
        #: KPI, employee and day of every cell that changed since it was cleared.
        self.moved: dict[tuple[str, str, int], None] = {}
        self._managers_of: ManagersOf = nobody

    def lead(self, managers_of: ManagersOf) -> None:
        """From here on managers have what ``managers_of`` says, also of days past."""
        for unit in [unit for unit in self._units if unit[1] == "manager"]:
            del self._units[unit]
        self._managers_of = managers_of
        for key, cell in self._cells.items() if managers_of is not nobody else ():
            if key[2]:
                self._roll_up(key, None, cell)
        self.touched.clear()

    def put(self, key: CellKey, cell: Cell) -> None:
        """Let ``cell`` take the place of what ``key`` held."""
        old = self._cells.get(key)
        if old == cell or (old is None and cell.empty()):
            return
        kpi, employee, team, department, day = key
        page = (kpi, department, team, day)
        self._unsaved[page] = None
        if cell.empty():
            del self._cells[key]
            self._pages[page].pop(employee, None)
        else:
            self._cells[key] = cell
            if old is None:
                self._pages.setdefault(page, {})[employee] = None
        self._keep_own(key, old, cell)
        if not team:
            return
        self._move(0, (kpi, "team", team), key, old, cell)
        self._move(1, (kpi, "department", department), key, old, cell)
        self._move(2, (kpi, "company", ""), key, old, cell)
        if self._managers_of is not nobody:
            self._roll_up(key, old, cell)

    def _keep_own(self, key: CellKey, old: Cell | None, cell: Cell) -> None:
        kpi, employee, _, _, day = key
        self.moved[kpi, employee, day] = None
        if old is None:
            self._own.setdefault((kpi, employee), {}).setdefault(day, {})[key] = None
        elif cell.empty():
            own = self._own[kpi, employee]
            del own[day][key]
            if not own[day]:
                del own[day]

    def _roll_up(self, key: CellKey, old: Cell | None, cell: Cell) -> None:
        kpi, _, team, department, day = key
        for manager, level in self._managers_of(kpi, team, department, day):
            self._move(level, (kpi, "manager", manager), key, old, cell)

    def _move(self, level: int, unit: UnitKey, key: CellKey, old: Cell | None, cell: Cell) -> None:
        day = key[4]
        days = self._units.get(unit)
        if days is None:
            days = self._units[unit] = {}
        within = days.get(day)
        if within is None:
            within = days[day] = UnitDay()
        num, den = cell.units[level]
        if old is None:
            within.cells[key] = None
        else:
            before = old.units[level]
            num, den = num - before[0], den - before[1]
            if cell.empty():
                del within.cells[key]
                if not within.cells:
                    del days[day]
        within.num += num
        within.den += den
        self.touched[unit, day] = None

    # -- reading

    def units(self, kpi: str) -> list[UnitKey]:
        """Units that have cells of a KPI, in order."""
        return sorted(unit for unit, days in self._units.items() if unit[0] == kpi and days)

    def days(self, unit: UnitKey) -> list[int]:
        """Days of a unit that have cells, ascending."""
        return sorted(self._units.get(unit, ()))

    def measured(self, unit: UnitKey, aggregate: str, first: int, last: int) -> tuple[int, int]:
        """Numerator and denominator of a unit from day ``first`` to ``last``."""
        known = self._units.get(unit, {})
        days = [known[day] for day in range(first, last + 1) if day in known]
        den = sum(day.den for day in days)
        if aggregate not in ("distinct", "min", "max"):
            return sum(day.num for day in days), den
        cells = [self._cells[key] for day in days for key in day.cells]
        return _combined(cells, aggregate), den

    def people(self) -> list[tuple[str, str, int]]:
        """KPI, employee and day of every cell there is, in order."""
        return sorted((*key, day) for key, days in self._own.items() for day in days)

    def own(self, kpi: str, employee: str, aggregate: str, first: int, last: int) -> tuple[int, int]:
        """Numerator and denominator of an employee from day ``first`` to ``last``, wherever he stood."""
        days = self._own.get((kpi, employee), {})
        cells = [self._cells[key] for day in range(first, last + 1) for key in days.get(day, ())]
        den = sum(cell.den for cell in cells)
        if aggregate in ("distinct", "min", "max"):
            return _combined(cells, aggregate), den
        return sum(cell.num for cell in cells), den

    def by_employee(self, unit: UnitKey, first: int, last: int) -> dict[str, int]:
        """Each employee's own numerator within a unit from day ``first`` to ``last``."""
        found: dict[str, int] = {}
        known = self._units.get(unit, {})
        for day in range(first, last + 1):
            for key in known[day].cells if day in known else ():
                found[key[1]] = found.get(key[1], 0) + self._cells[key].num
        return found

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """Pages (KPI, department, team, day) touched since the last call; b'' where nothing is left."""
        rows = {}
        for kpi, department, team, day in sorted(self._unsaved):
            people = sorted(self._pages[kpi, department, team, day])
            cells = [(who, *self._cells[kpi, who, team, department, day]) for who in people]
            name = PREFIX + _SEPARATOR.join((kpi, department, team, str(day)))
            rows[name] = msgspec.msgpack.encode(cells) if cells else b""
        self._unsaved.clear()
        return rows

    def restore(self, name: str, value: bytes) -> None:
        """Take back one page."""
        kpi, department, team, day = name.removeprefix(PREFIX).split(_SEPARATOR)
        wanted = list[tuple[str, int, int, tuple[tuple[int, int], ...], tuple[int, ...]]]
        for who, *cell in msgspec.msgpack.decode(value, type=wanted):
            self.put((kpi, who, team, department, int(day)), Cell(*cell))
        self._unsaved.clear()
        self.touched.clear()
        self.moved.clear()


def _combined(cells: list[Cell], aggregate: str) -> int:
    """The numerator of what does not add up."""
    if aggregate == "distinct":
        return SCALE * len(set().union(*(cell.members for cell in cells)))
    pick = min if aggregate == "min" else max
    return pick((cell.num for cell in cells if cell.den), default=0)
