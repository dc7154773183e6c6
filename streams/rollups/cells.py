"""Day cells of every employee, added up by unit and day as they come: what the values of units are read from.

Cells are absolute, so a newer one takes the place of the older and the sums move by the difference. Everything in the
units that somebody leads on a day makes up one more unit, of kind ``manager``; it follows from the plan in force.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import msgspec

from schemas.money import SCALE
from schemas.plan_units import UNIT_KINDS

PREFIX = "cells/"
_SEPARATOR = "\x1f"

#: KPI, employee, team, department, day.
CellKey = tuple[str, str, str, str, int]
#: KPI, department, team, day.
PageKey = tuple[str, str, str, int]
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
    members = (tuple(one) if one else () for one in columns["members"])
    own = zip(columns["numerator"], columns["denominator"], strict=True)
    # what nobody shares adds the same everywhere: one pair instead of three
    units = [
        (pair, pair, pair) if pair == team == department == company else (team, department, company)
        for pair, team, department, company in zip(own, *pairs, strict=True)
    ]
    rows = zip(columns["numerator"], columns["denominator"], units, members, strict=True)
    return zip(keys, map(partial(tuple.__new__, Cell), rows), strict=True)  # as Cell(*row), without a call for each


class UnitDay:
    """What a unit has of a KPI on a day: the sums, and the pages that make them up."""

    __slots__ = ("den", "num", "pages")

    def __init__(self) -> None:
        self.num, self.den = 0, 0
        self.pages: dict[PageKey, Page] = {}

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Employees and their cells."""
        for page in self.pages.values():
            yield from page.cells.items()


class Page:
    """Cells of a KPI, a team and a day, by employee: all that lie in the same units (of overlays: in none)."""

    __slots__ = ("cells", "change", "day", "key", "units")

    def __init__(self, key: PageKey) -> None:
        self.key, self.day = key, key[3]
        self.cells: dict[str, Cell] = {}
        #: What its units do not have yet: numerator and denominator by UNIT_KINDS.
        self.change = [0] * (2 * len(UNIT_KINDS))
        #: The units that it is in, with the index in UNIT_KINDS of what it adds there.
        self.units: list[tuple[UnitKey, int]] = []

    def put(self, employee: str, old: Cell | None, cell: Cell) -> None:
        """Let ``cell`` take the place of ``old``."""
        change = self.change
        (team_num, team_den), (department_num, department_den), (company_num, company_den) = cell.units
        change[0] += team_num
        change[1] += team_den
        change[2] += department_num
        change[3] += department_den
        change[4] += company_num
        change[5] += company_den
        if old is not None:
            (team_num, team_den), (department_num, department_den), (company_num, company_den) = old.units
            change[0] -= team_num
            change[1] -= team_den
            change[2] -= department_num
            change[3] -= department_den
            change[4] -= company_num
            change[5] -= company_den
        self.cells[employee] = cell


def nobody(kpi: str, team: str, department: str, day: int) -> list[tuple[str, int]]:
    """Nothing is led by anyone."""
    return []


_DAY = attrgetter("day")


class Changes(NamedTuple):
    """Which unit days changed, and of whom: KPI, employee and day of every cell that did. In the order of the cells."""

    touched: dict[tuple[UnitKey, int], None]
    moved: dict[tuple[str, str, int], None]


class Cells:
    """All cells, and their sums by unit and day."""

    def __init__(self) -> None:
        self._pages: dict[PageKey, Page] = {}
        self._units: dict[UnitKey, dict[int, UnitDay]] = {}
        #: By KPI and employee the pages with a cell of his, in order of time.
        self._own: dict[str, dict[str, list[Page]]] = {}
        self._unsaved: dict[PageKey, None] = {}
        self._managers_of: ManagersOf = nobody

    def lead(self, managers_of: ManagersOf) -> None:
        """From here on managers have what ``managers_of`` says, also of days past."""
        for unit in [unit for unit in self._units if unit[1] == "manager"]:
            del self._units[unit]
        self._managers_of = managers_of
        for page in self._pages.values():
            if page.units:
                page.units = self._units_of(page.key)
                whole = Page(page.key)
                for employee, cell in page.cells.items():
                    whole.put(employee, None, cell)
                for unit, level in page.units[len(UNIT_KINDS) :]:
                    self._move(unit, level, page, whole.change)

    def take(self, cells: Mapping[CellKey, Cell]) -> Changes:
        """Let each of ``cells`` take the place of what its key held."""
        pages, known, moved = self._pages, {}, {}
        for (kpi, employee, team, department, day), cell in cells.items():
            key = kpi, department, team, day
            page = pages.get(key)
            if page is None:
                page = pages[key] = Page(key)
            old = page.cells.get(employee)
            gone = not (cell.num or cell.den) and cell.empty()
            if old == cell or (old is None and gone):
                continue
            page.put(employee, old, cell)
            known[key] = page
            moved[kpi, employee, day] = None
            if gone:
                del page.cells[employee]
                self._own[kpi][employee].remove(page)
            elif old is None:
                self._keep(kpi, employee, page)
        self._unsaved |= dict.fromkeys(known)
        touched: dict[tuple[UnitKey, int], None] = {}
        for page in known.values():
            touched |= dict.fromkeys((unit, page.key[3]) for unit in self._roll_up(page))
        return Changes(touched, moved)

    def _keep(self, kpi: str, employee: str, page: Page) -> None:
        own = self._own.setdefault(kpi, {})
        pages = own.get(employee)
        if pages is None:
            own[employee] = [page]
        elif pages and page.day < pages[-1].day:
            insort(pages, page, key=_DAY)
        else:
            pages.append(page)

    def _units_of(self, key: PageKey) -> list[tuple[UnitKey, int]]:
        kpi, department, team, day = key
        if not team:
            return []
        units = zip(UNIT_KINDS, (team, department, ""), strict=True)
        led = self._managers_of(kpi, team, department, day)
        return [((kpi, kind, unit), level) for level, (kind, unit) in enumerate(units)] + [
            ((kpi, "manager", manager), level) for manager, level in led
        ]

    def _roll_up(self, page: Page) -> list[UnitKey]:
        """Add a page's change to its units; which they are."""
        units = page.units = page.units or self._units_of(page.key)
        for unit, level in units:
            self._move(unit, level, page, page.change)
        page.change = [0] * (2 * len(UNIT_KINDS))
        if not page.cells:
            page.units = []
        return [unit for unit, _ in units]

    def _move(self, unit: UnitKey, level: int, page: Page, change: list[int]) -> None:
        days = self._units.setdefault(unit, {})
        day = page.key[3]
        within = days.get(day)
        if within is None:
            within = days[day] = UnitDay()
        within.num += change[2 * level]
        within.den += change[2 * level + 1]
        if page.cells:
            within.pages[page.key] = page
            return
        within.pages.pop(page.key, None)
        if not within.pages:
            del days[day]

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
        return _combined([cell for day in days for _, cell in day.cells()], aggregate), den

    def people(self) -> list[tuple[str, str, int]]:
        """KPI, employee and day of every cell there is, in order."""
        return sorted(
            {(kpi, who, page.day) for kpi, own in self._own.items() for who, pages in own.items() for page in pages}
        )

    def own(self, kpi: str, employee: str, aggregate: str, first: int, last: int) -> tuple[int, int]:
        """Numerator and denominator of an employee from day ``first`` to ``last``, wherever he stood."""
        pages = self._own.get(kpi, {}).get(employee, [])
        within = pages[bisect_left(pages, first, key=_DAY) : bisect_right(pages, last, key=_DAY)]
        cells = [page.cells[employee] for page in within]
        den = sum(cell.den for cell in cells)
        if aggregate in ("distinct", "min", "max"):
            return _combined(cells, aggregate), den
        return sum(cell.num for cell in cells), den

    def by_employee(self, unit: UnitKey, first: int, last: int) -> dict[str, int]:
        """Each employee's own numerator within a unit from day ``first`` to ``last``."""
        found: dict[str, int] = {}
        known = self._units.get(unit, {})
        for day in range(first, last + 1):
            for employee, cell in known[day].cells() if day in known else ():
                found[employee] = found.get(employee, 0) + cell.num
        return found

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """Pages (KPI, department, team, day) touched since the last call; b'' where nothing is left."""
        rows = {}
        for kpi, department, team, day in sorted(self._unsaved):
            cells = [(who, *cell) for who, cell in sorted(self._pages[kpi, department, team, day].cells.items())]
            name = PREFIX + _SEPARATOR.join((kpi, department, team, str(day)))
            rows[name] = msgspec.msgpack.encode(cells) if cells else b""
        self._unsaved.clear()
        return rows

    def restore(self, name: str, value: bytes) -> None:
        """Take back one page."""
        kpi, department, team, day = name.removeprefix(PREFIX).split(_SEPARATOR)
        wanted = list[tuple[str, int, int, tuple[tuple[int, int], ...], tuple[int, ...]]]
        rows = msgspec.msgpack.decode(value, type=wanted)
        self.take({(kpi, who, team, department, int(day)): Cell(*cell) for who, *cell in rows})
        self._unsaved.clear()


def _combined(cells: list[Cell], aggregate: str) -> int:
    """The numerator of what does not add up."""
    if aggregate == "distinct":
        return SCALE * len(set().union(*(cell.members for cell in cells)))
    pick = min if aggregate == "min" else max
    return pick((cell.num for cell in cells if cell.den), default=0)
