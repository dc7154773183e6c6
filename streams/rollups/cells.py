"""Day cells of every employee, added up by unit and day as they come: what the values of units are read from.

Cells are absolute, so a newer one takes the place of the older and the sums move by the difference. They are columns;
an object each have only the pages that they lie in and the unit days that these make up. Everything in the
units that somebody leads on a day makes up one more unit, of kind ``manager``; it follows from the plan in force.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

import numpy as np

from schemas.interning import Interner
from schemas.money import SCALE
from schemas.plan_units import UNIT_KINDS
from streams.performance.cells import CellTable
from streams.performance.columns import numbered
from streams.performance.pages import add_by_page, slots_of
from streams.rollups.cell_pages import page_name, read, written
from streams.rollups.cell_rows import CellKey, CellRows, PageKey

#: A cell's key in the table: the number of its page, and the employee's code in so many bits.
_CODE_BITS = 32
_CODE = (1 << _CODE_BITS) - 1
#: The number of a page among those that a checkpoint writes, beside what is left of a hash.
_PAGE_BITS = 16

#: KPI, kind of unit, unit ('' for the company).
UnitKey = tuple[str, str, str]
#: From KPI, team, department, day to managers, each with the index in UNIT_KINDS of the widest unit led around there.
ManagersOf = Callable[[str, str, str, int], list[tuple[str, int]]]


class UnitDay:
    """What a unit has of a KPI on a day: the sums, of how many cells, and the pages that these lie in."""

    __slots__ = ("den", "held", "key", "num", "pages")

    def __init__(self, unit: UnitKey, day: int) -> None:
        self.key = unit, day
        self.num = self.den = self.held = 0
        self.pages: list[Page] = []


class Page:
    """Cells of a KPI, a team and a day: all that lie in the same units (of overlays: in none)."""

    __slots__ = ("key", "number", "slots", "units")

    def __init__(self, key: PageKey, number: int) -> None:
        self.key, self.number = key, number
        #: Of every cell that it ever had.
        self.slots = array("i")
        #: The unit days that it is part of, each with the index in UNIT_KINDS of what it adds there.
        self.units: list[tuple[UnitDay, int]] = []


def nobody(kpi: str, team: str, department: str, day: int) -> list[tuple[str, int]]:
    """Nothing is led by anyone."""
    return []


class Changes:
    """Which unit days changed, in the order of the cells, and which of ``rows`` did."""

    def __init__(self, rows: CellRows, changed: np.ndarray, touched: dict[tuple[UnitKey, int], None]) -> None:
        self._rows, self._changed, self.touched = rows, changed, touched

    @property
    def latest(self) -> int:
        """The last day on which a cell changed."""
        return int(self._rows.day[self._changed].max())

    def moved(self) -> Iterator[tuple[str, str, int]]:
        """KPI, employee and day of every cell that changed."""
        rows, at = self._rows, self._changed
        texts = (one._replace(codes=one.codes[at]).texts() for one in (rows.kpi, rows.employee))
        return zip(*texts, rows.day[at].tolist(), strict=True)


class Cells:
    """All cells, and their sums by unit and day."""

    def __init__(self) -> None:
        self._employees = Interner()
        self._pages: dict[PageKey, Page] = {}
        self._numbered: list[Page] = []
        #: A row for the person, and one for each of UNIT_KINDS once some cell adds something else to a unit.
        self._table = CellTable(1)
        #: By slot whether there is anything in the cell: of a KPI that has left the plan nothing is.
        self._held = np.zeros(len(self._table.keys), bool)
        self._members: dict[int, tuple[int, ...]] = {}
        self._units: dict[UnitKey, dict[int, UnitDay]] = {}
        #: By KPI and employee's code day and slot of each cell of his, in order; only once somebody has asked.
        self._own: dict[tuple[str, int], list[tuple[int, int]]] | None = None
        self._unsaved: set[PageKey] = set()
        self._managers_of: ManagersOf = nobody

    def lead(self, managers_of: ManagersOf) -> None:
        """From here on managers have what ``managers_of`` says, also of days past."""
        for unit in [unit for unit in self._units if unit[1] == "manager"]:
            del self._units[unit]
        self._managers_of = managers_of
        sums = None
        for page in self._numbered:
            del page.units[len(UNIT_KINDS) :]
            for unit, level in self._led(page.key):
                sums = sums or self._sums()
                _move(self._join(page, unit, level), level, sums[page.number])

    def take(self, rows: CellRows) -> Changes | None:
        """Let each of ``rows`` take the place of what its key held; None where nothing changes."""
        if not len(rows):
            return None
        table = self._table
        pages, page_of = self._pages_of(rows)
        employee = self._employees.codes(rows.employee.names)[rows.employee.codes]
        before = table.size
        slots = table.slots((np.array([page.number for page in pages])[page_of] << _CODE_BITS) | employee)
        if table.size > before:
            self._begin(pages, page_of, slots, employee, np.flatnonzero(slots >= before))
        given = self._as_kept(rows)
        num, den = (new - kept.take(slots, axis=1) for new, kept in zip(given, (table.num, table.den), strict=True))
        changed = num.any(axis=0) | den.any(axis=0) | self._put_members(rows, slots)
        if not changed.any():
            return None
        held = given[0].any(axis=0) | given[1].any(axis=0)
        if rows.members is not None:
            held |= np.array([bool(members) for members in rows.members])
        if len(self._held) < len(table.keys):
            self._held = np.append(self._held, np.zeros(len(table.keys) - len(self._held), bool))
        moves = _by_page(page_of, len(pages), num, den, held.astype(np.int64) - self._held[slots])
        for kept, new in zip((*table.num, *table.den), chain(*given), strict=True):
            kept[slots] = new
        self._held[slots] = held
        touched: dict[tuple[UnitKey, int], None] = {}
        for at in np.flatnonzero(np.bincount(page_of[changed], minlength=len(pages))).tolist():
            page = pages[at]
            self._unsaved.add(page.key)
            for unit_day, level in page.units:
                _move(unit_day, level, moves[at])
                touched[unit_day.key] = None
        return Changes(rows, np.flatnonzero(changed), touched)

    def _as_kept(self, rows: CellRows) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators of ``rows``, as many of each as the table has; from now on all where need be."""
        table, sides = self._table, (rows.num, rows.den)
        if len(table.num) > 1:
            return sides
        if all((side[1:] == side[0]).all() for side in sides):
            return rows.num[:1], rows.den[:1]
        table.num, table.den = (np.repeat(side, 1 + len(UNIT_KINDS), axis=0) for side in (table.num, table.den))
        return sides

    def _pages_of(self, rows: CellRows) -> tuple[list[Page], np.ndarray]:
        """The pages of ``rows``, and which of them each row lies in."""
        first, last = int(rows.day.min()), int(rows.day.max())
        texts = rows.kpi, rows.department, rows.team
        sizes = *(len(one.names) for one in texts), last - first + 1
        place = np.ravel_multi_index((*(one.codes for one in texts), rows.day - first), sizes)
        places, page_of = numbered(place, int(np.prod(sizes)))
        *codes, days = (one.tolist() for one in np.unravel_index(places, sizes))
        names = ([one.names[code] for code in of] for one, of in zip(texts, codes, strict=True))
        return [self._page((*key, first + day)) for *key, day in zip(*names, days, strict=True)], page_of

    def _page(self, key: PageKey) -> Page:
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = Page(key, len(self._numbered))
            self._numbered.append(page)
            kpi, department, team, _ = key
            if team:
                for level, unit in enumerate(zip(UNIT_KINDS, (team, department, ""), strict=True)):
                    self._join(page, (kpi, *unit), level)
                for unit, level in self._led(key):
                    self._join(page, unit, level)
        return page

    def _led(self, key: PageKey) -> list[tuple[UnitKey, int]]:
        kpi, department, team, day = key
        if not team:
            return []
        return [((kpi, "manager", manager), level) for manager, level in self._managers_of(kpi, team, department, day)]

    def _join(self, page: Page, unit: UnitKey, level: int) -> UnitDay:
        day = page.key[3]
        days = self._units.setdefault(unit, {})
        unit_day = days.get(day)
        if unit_day is None:
            unit_day = days[day] = UnitDay(unit, day)
        unit_day.pages.append(page)
        page.units.append((unit_day, level))
        return unit_day

    def _begin(
        self, pages: list[Page], page_of: np.ndarray, slots: np.ndarray, employee: np.ndarray, new: np.ndarray
    ) -> None:
        """Cells are new: those of the rows ``new``."""
        add_by_page(page_of[new], slots[new], lambda page: pages[page].slots)
        if self._own is not None:
            for at in new.tolist():
                kpi, _, _, day = pages[page_of[at]].key
                insort(self._own.setdefault((kpi, int(employee[at])), []), (day, int(slots[at])))

    def _put_members(self, rows: CellRows, slots: np.ndarray) -> np.ndarray:
        """Keep distinct members; where they differ."""
        differs = np.zeros(len(slots), bool)
        if rows.members is None and not self._members:
            return differs
        for at, (slot, members) in enumerate(zip(slots.tolist(), rows.members or [()] * len(slots), strict=True)):
            if self._members.get(slot, ()) != members:
                differs[at] = True
                self._members[slot] = members
        return differs

    def _sums(self) -> list[list[int]]:
        """All that is in the pages, by number, as ``_by_page``."""
        table, held = self._table, self._held
        size = table.size
        of = table.keys[:size] >> _CODE_BITS
        return _by_page(of, len(self._numbered), table.num[:, :size], table.den[:, :size], held[:size])

    # -- reading

    def units(self, kpi: str) -> list[UnitKey]:
        """Units that have cells of a KPI, in order."""
        return sorted(unit for unit in self._units if unit[0] == kpi and self.days(unit))

    def days(self, unit: UnitKey) -> list[int]:
        """Days of a unit that have cells, ascending."""
        return sorted(day for day, one in self._units.get(unit, {}).items() if one.held)

    def measured(self, unit: UnitKey, aggregate: str, first: int, last: int) -> tuple[int, int]:
        """Numerator and denominator of a unit from day ``first`` to ``last``."""
        days = self._within(unit, first, last)
        den = sum(day.den for day in days)
        if aggregate not in ("distinct", "min", "max"):
            return sum(day.num for day in days), den
        return self._combined(_slots(days), aggregate), den

    def _within(self, unit: UnitKey, first: int, last: int) -> list[UnitDay]:
        known = self._units.get(unit, {})
        return [known[day] for day in range(first, last + 1) if day in known]

    def people(self) -> list[tuple[str, str, int]]:
        """KPI, employee and day of every cell there is, in order."""
        held = np.flatnonzero(self._held[: self._table.size])
        names = self._employees.texts(self._table.keys[held] & _CODE)
        pages = (self._numbered[page].key for page, _ in self._parts(held))
        return sorted({(kpi, name, day) for (kpi, _, _, day), name in zip(pages, names, strict=True)})

    def _parts(self, slots: np.ndarray | list[int]) -> list[tuple[int, int]]:
        """Page numbers and employees' codes."""
        keys = self._table.keys[slots]
        return list(zip((keys >> _CODE_BITS).tolist(), (keys & _CODE).tolist(), strict=True))

    def own(self, kpi: str, employee: str, aggregate: str, first: int, last: int) -> tuple[int, int]:
        """Numerator and denominator of an employee from day ``first`` to ``last``, wherever he stood."""
        if self._own is None:
            self._own = {}
            for slot, (page, code) in enumerate(self._parts(np.arange(self._table.size))):
                kpi_of, *_, day = self._numbered[page].key
                insort(self._own.setdefault((kpi_of, code), []), (day, slot))
        cells = self._own.get((kpi, self._employees.find(employee)), [])
        slots = [slot for _, slot in cells[bisect_left(cells, (first,)) : bisect_left(cells, (last + 1,))]]
        den = int(self._table.den[0, slots].sum())
        if aggregate in ("distinct", "min", "max"):
            return self._combined(slots, aggregate), den
        return int(self._table.num[0, slots].sum()), den

    def _combined(self, slots: list[int], aggregate: str) -> int:
        """The numerator of what does not add up."""
        if aggregate == "distinct":
            return SCALE * len(set().union(*(self._members.get(slot, ()) for slot in slots)))
        some = self._table.num[0, slots][self._table.den[0, slots] != 0]
        return int((some.min if aggregate == "min" else some.max)()) if len(some) else 0

    def units_of(self, key: CellKey) -> list[tuple[int, int]]:
        """What a cell adds to its units, by UNIT_KINDS."""
        kpi, employee, team, department, day = key
        page, code = self._pages.get((kpi, department, team, day)), self._employees.find(employee)
        for slot in page.slots if page is not None else ():
            if self._table.keys[slot] & _CODE == code:
                pairs = list(zip(self._table.num[:, slot].tolist(), self._table.den[:, slot].tolist(), strict=True))
                return pairs[1:] or pairs * len(UNIT_KINDS)
        return [(0, 0)] * len(UNIT_KINDS)

    def keys_of(self, employee: str) -> list[CellKey]:
        """The cells of an employee that hold something, in order."""
        code, held = self._employees.find(employee), np.flatnonzero(self._held[: self._table.size])
        pages = [self._numbered[page].key for page, whose in self._parts(held) if whose == code]
        return sorted((kpi, employee, team, department, day) for kpi, department, team, day in pages)

    def by_employee(self, unit: UnitKey, first: int, last: int) -> dict[str, int]:
        """Each employee's own numerator within a unit from day ``first`` to ``last``."""
        found: dict[int, int] = {}
        slots = _slots(self._within(unit, first, last))
        for (_, code), num in zip(self._parts(slots), self._table.num[0, slots].tolist(), strict=True):
            found[code] = found.get(code, 0) + num
        return dict(zip(self._employees.texts(np.array(list(found), np.int64)), found.values(), strict=True))

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """Pages (KPI, department, team, day) touched since the last call; b'' where nothing is left."""
        pages = [self._pages[key] for key in sorted(self._unsaved)]
        slots, of_page = slots_of([page.slots for page in pages])
        held = self._held[slots]
        slots, of_page = slots[held], of_page[held]
        codes = self._table.keys[slots] & _CODE
        order = _ordered(of_page, self._employees.hashes()[codes])  # by what is the same in every process
        slots = slots[order]
        members = [self._members.get(slot, ()) for slot in slots.tolist()] if self._members else None
        counts = np.bincount(of_page, minlength=len(pages)).tolist()
        names = self._employees.texts(codes[order])
        sides = self._table.num.take(slots, axis=1), self._table.den.take(slots, axis=1)
        encoded = written(counts, names, *sides, members)
        rows = dict(zip((page_name(page.key) for page in pages), encoded, strict=True))
        self._unsaved.clear()
        return rows

    def restore(self, rows: Mapping[str, bytes]) -> None:
        """Take back all pages."""
        for cells in read(rows):
            self.take(cells)
        self._unsaved.clear()


def _slots(days: list[UnitDay]) -> list[int]:
    return [slot for day in days for page in day.pages for slot in page.slots]


def _by_page(page_of: np.ndarray, pages: int, num: np.ndarray, den: np.ndarray, held: np.ndarray) -> list[list[int]]:
    """Sums by page: numerators by UNIT_KINDS, denominators, and how many cells."""
    sides = (*(num[1:] if len(num) > 1 else num), *(den[1:] if len(den) > 1 else den), held)
    sums = np.zeros((len(sides), pages), np.int64)
    for side, values in zip(sums, sides, strict=True):
        np.add.at(side, page_of, values)
    if len(num) == 1:  # each unit has what the people have
        sums = np.repeat(sums, [len(UNIT_KINDS), len(UNIT_KINDS), 1], axis=0)
    return sums.T.tolist()


def _ordered(of_page: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """The order by page (ascending as they are) and hash."""
    if len(of_page) and of_page[-1] < 1 << _PAGE_BITS:  # one number of both, which numpy sorts much faster than two
        keys = of_page.astype(np.uint64) << np.uint64(64 - _PAGE_BITS) | hashes >> np.uint64(_PAGE_BITS)
        order = np.argsort(keys)
        keys = keys[order]
        if (keys[1:] != keys[:-1]).all():
            return order
    return np.lexsort((hashes, of_page))


def _move(unit_day: UnitDay, level: int, sums: list[int]) -> None:
    unit_day.num += sums[level]
    unit_day.den += sums[len(UNIT_KINDS) + level]
    unit_day.held += sums[-1]
