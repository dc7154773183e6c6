"""Day cells in columns, and their sums by unit, against a dict of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.money import SCALE
from streams.performance.columns import dictionary_column, numbered
from streams.rollups.cell_rows import Cell, CellRows
from streams.rollups.cells import Cells, _ordered
from tests.depth import examples

_NUMBERS = st.integers(-3, 3)
_KEYS = st.tuples(
    st.sampled_from(["revenue", "customers"]),
    st.sampled_from(["E1", "E2", "E3"]),
    st.sampled_from(["", "north", "south"]),
    st.sampled_from(["sales", "service"]),
    st.integers(0, 4) | st.just(5_000),
).map(lambda key: key if key[2] else (*key[:3], "", key[4]))  # an overlay stands nowhere
_MEMBERS = st.sets(st.integers(1, 3), max_size=2).map(sorted).map(tuple)
_CELLS = st.builds(
    Cell, _NUMBERS, st.integers(0, 2), st.tuples(*[st.tuples(_NUMBERS, st.integers(0, 2))] * 3), _MEMBERS
) | st.just(Cell(0, 0, ((0, 0),) * 3, ()))
#: What adds to its units what it is.
_ALIKE = st.builds(
    lambda num, den, members: Cell(num, den, ((num, den),) * 3, members), _NUMBERS, st.integers(0, 2), _MEMBERS
)
_UPDATES = st.tuples(
    *(st.lists(st.dictionaries(_KEYS, cells, min_size=1, max_size=6), max_size=4) for cells in (_ALIKE, _CELLS))
).map(lambda parts: parts[0] + parts[1])
_EMPTY = Cell(0, 0, ((0, 0),) * 3, ())


def block_of(cells: dict) -> pa.RecordBatch:
    """As performance publishes them."""
    names = ("kpi", "employee", "team", "department", "day")
    columns = dict(zip(names, zip(*cells, strict=True), strict=True))
    block = {name: dictionary_column(list(columns[name])) for name in names[:-1]}
    block |= {"day": pa.array(columns["day"], pa.int32())}
    for at, kind in enumerate(("", "team_", "department_", "company_")):
        pairs = [((cell.num, cell.den), *cell.units)[at] for cell in cells.values()]
        block[f"{kind}numerator"] = pa.array([num for num, _ in pairs], pa.int64())
        block[f"{kind}denominator"] = pa.array([den for _, den in pairs], pa.int64())
    members = [list(cell.members) or None for cell in cells.values()]
    return pa.RecordBatch.from_pydict(block | {"members": pa.array(members, pa.list_(pa.uint64()))})


def managers_of(kpi: str, team: str, department: str, day: int) -> list[tuple[str, int]]:
    """E1 leads sales and E2 the team in the north, on even days."""
    led = [("E1", 1)] * (department == "sales") + [("E2", 0)] * (team == "north")
    return led if day % 2 == 0 and kpi == "revenue" else []


def others_lead(kpi: str, team: str, department: str, day: int) -> list[tuple[str, int]]:
    """E2 leads service, E3 all the company, E1 the team in the north: on every day."""
    return [("E2", 1)] * (department == "service") + [("E3", 2), *[("E1", 0)] * (team == "north")]


def inside(key: tuple, unit: tuple) -> int | None:
    """Which pair a cell adds to a unit."""
    kpi, _, team, department, day = key
    kind, name = unit[1:]
    if unit[0] != kpi or not team:
        return None
    if kind == "manager":
        return dict(managers_of(kpi, team, department, day)).get(name)
    where = {"team": (0, team), "department": (1, department), "company": (2, "")}[kind]
    return where[0] if where[1] == name else None


_NAMED = {
    "team": ("north", "south"),
    "department": ("sales", "service"),
    "company": ("",),
    "manager": ("E1", "E2", "E3"),
}
UNITS = [(kpi, kind, name) for kpi in ("revenue", "customers") for kind, names in _NAMED.items() for name in names]


def check(found: Cells, wanted: dict) -> None:
    for unit in UNITS:
        parts = {key: at for key in wanted if (at := inside(key, unit)) is not None}
        assert found.days(unit) == sorted({key[4] for key in parts})
        within = {key: wanted[key] for key in parts if 1 <= key[4] <= 4}
        den = sum(cell.units[parts[key]][1] for key, cell in within.items())
        num = sum(cell.units[parts[key]][0] for key, cell in within.items())
        distinct = SCALE * len({one for cell in within.values() for one in cell.members})
        least = min((cell.num for cell in within.values() if cell.den), default=0)
        for aggregate, value in (("sum", num), ("distinct", distinct), ("min", least)):
            assert found.measured(unit, aggregate, 1, 4) == (value, den)
        own = found.by_employee(unit, 1, 4)
        for who in ("E1", "E2", "E3"):
            assert own.get(who, 0) == sum(cell.num for key, cell in within.items() if key[1] == who)
    for kpi in ("revenue", "customers"):
        assert found.units(kpi) == sorted(unit for unit in UNITS if unit[0] == kpi and found.days(unit))
        for who in ("E1", "E2", "E3"):
            mine = [cell for key, cell in wanted.items() if key[:2] == (kpi, who) and 1 <= key[4] <= 4]
            most = max((cell.num for cell in mine if cell.den), default=0)
            den = sum(cell.den for cell in mine)
            assert found.own(kpi, who, "sum", 1, 4) == (sum(cell.num for cell in mine), den)
            assert found.own(kpi, who, "max", 1, 4) == (most, den)
    assert found.people() == sorted({(kpi, who, day) for kpi, who, _, _, day in wanted})


#: A unit counts this cell by another denominator than the person does, and by the same numerator.
_OTHER_DEN = [{("revenue", "E1", "north", "sales", 2): Cell(3, 1, ((3, 1), (3, 1), (3, 2)), ())}]


@examples(60)
@example(_OTHER_DEN, False, False)
@given(_UPDATES, st.booleans(), st.booleans())
def test_sums_are_those_of_the_cells(updates, led, asked):
    found, wanted, rows = Cells(), {}, {}
    found.lead(others_lead) if led else None
    found.own("revenue", "E1", "sum", 0, 1) if asked else None
    for cells in updates:
        changes = found.take(CellRows.of_block(block_of(cells)))
        before, wanted = wanted, {key: cell for key, cell in (wanted | cells).items() if cell != _EMPTY}
        moved = [key for key in cells if wanted.get(key, _EMPTY) != before.get(key, _EMPTY)]
        assert list(changes.moved() if changes else ()) == [(kpi, who, day) for kpi, who, _, _, day in moved]
        if changes:
            assert changes.latest == max(key[4] for key in moved)
            by_unit = {(unit, key[4]) for key in moved for unit in UNITS if inside(key, unit) is not None}
            assert {one for one in changes.touched if one[0][1] != "manager"} == {
                one for one in by_unit if one[0][1] != "manager"
            }
        rows |= found.dirty_rows()
    found.lead(managers_of)
    check(found, wanted)
    again = Cells()
    again.restore({name: value for name, value in rows.items() if value})
    again.lead(managers_of)
    check(again, wanted)
    assert not again.dirty_rows()


@examples(30)
@given(st.dictionaries(_KEYS, _CELLS, min_size=1, max_size=6))
def test_as_columns_and_back(cells):
    assert dict(CellRows.of(cells).cells()) == dict(CellRows.of_block(block_of(cells)).cells()) == cells


@given(st.lists(st.integers(0, 40), max_size=50), st.sampled_from([41, 10**6]))
def test_numbers_are_those_of_sorting(values, below):
    wanted = np.unique(np.array(values, np.int64), return_inverse=True)
    for one, other in zip(numbered(np.array(values, np.int64), below), wanted, strict=True):
        assert one.tolist() == other.tolist()


@given(st.lists(st.tuples(st.integers(0, 2**16 + 1), st.integers(0, 3) | st.integers(0, 2**64 - 1))))
def test_cells_of_pages_in_the_order_of_hashes(cells):
    cells = sorted(cells, key=lambda cell: cell[0])
    order = _ordered(np.array([page for page, _ in cells], np.int64), np.array([one for _, one in cells], np.uint64))
    assert order.tolist() == sorted(range(len(cells)), key=cells.__getitem__)
