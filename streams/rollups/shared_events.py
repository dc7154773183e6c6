"""Shared events under limits on events of the same customer: the first in a unit who counts brings what counts once.

Each credit that counts says what its event counts once, and what of that its own cells have for units
(``performance/shared_counts.py``). The difference is a cell of nobody's, one for each KPI, team and day, beside the
cells of the people there: it gives the units around what the credit that a limit leaves out does not bring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

import msgspec
import numpy as np
import pyarrow as pa

from schemas.control import REBUILD
from schemas.moved import BEFORE
from schemas.plan_units import UNIT_KINDS
from streams.performance.contributions import ONCE
from streams.performance.shared_counts import SIDES
from streams.rollups.cell_rows import Cell, CellKey, CellRows
from streams.rollups.cells import Cells

PREFIX = "shared/"
_WAITING = "shared_waiting"
NOBODY = ""


class Said(msgspec.Struct, array_like=True, frozen=True):
    """A row of a block: of a KPI ``sides`` in the order of SIDES; of none what the person ``has`` of ONCE."""

    event: bytes
    payee: int
    kpi: str
    employee: str
    team: str
    department: str
    day: int
    arrived: int
    first: int
    has: int
    sides: tuple[int, ...]

    def page(self) -> CellKey:
        """The cell of nobody's where it lies."""
        return self.kpi, NOBODY, self.team, self.department, self.day

    def unit(self, level: int) -> str:
        """The unit of one of UNIT_KINDS around it."""
        return (self.team, self.department, "")[level]


def said_by(block: pa.RecordBatch) -> list[Said]:
    """The rows of a block."""
    names = ("event_hash", "payee", "kpi", "employee", "team", "department", "day", "arrived", "unit_first", "has")
    texts = zip(*(block.column(name).to_pylist() for name in names), strict=True)
    sides = zip(*(block.column(name).to_pylist() for name in SIDES), strict=True)
    return [Said(*row, numbers) for row, numbers in zip(texts, sides, strict=True)]


class SharedEvents:
    """What was said of events, as long as crediting remembers them: that of one which comes late begins anew."""

    def __init__(self) -> None:
        self._events: dict[bytes, dict[tuple[int, str], Said]] = {}
        self._floor = self._swept = -(1 << 62)
        #: Of each credits partition what waits for the cells that it is about, which come right behind it.
        self._waiting: dict[int, list[Said]] = {}
        self._dirty: set[bytes] = set()
        self._dirty_waiting = False

    def wait(self, partition: int, said: list[Said], of_cells: bool) -> bool:
        """Keep ``said`` until the partition's next cells come; False where none go with it."""
        if not of_cells and partition not in self._waiting:
            return False
        self._waiting.setdefault(partition, []).extend(said)
        self._dirty_waiting = True
        return True

    def moved(self, block: pa.RecordBatch, held: list[Said]) -> list[Said]:
        """What was said by those whom a plan takes elsewhere, also where ``held`` back, with the places of a block."""
        rows = block.to_pylist()
        now = {(row["employee"], row["team"], row["department"], row["day"]): row for row in rows}
        found = ((one, now.get((one.employee, one.team, one.department, one.day))) for one in self._all(held))
        return [
            msgspec.structs.replace(one, team=row["team_now"], department=row["department_now"])
            for one, row in found
            if row is not None
        ]

    def rebuilt(self, block: pa.RecordBatch, held: list[Said]) -> list[Said]:
        """What was said for cells that a rebuild sets, as nothing: they count anew by who comes first."""
        cells = {
            (row["kpi"], row["employee"], row["day"])
            for row in block.to_pylist()
            if row["adjustment"].startswith(REBUILD) and row["outcome"] != "refused"
        }
        found = (one for one in self._all(held) if (one.kpi, one.employee, one.day) in cells)
        return [msgspec.structs.replace(one, sides=(0,) * len(SIDES)) for one in found]

    def _all(self, held: list[Said]) -> list[Said]:
        """What is known, ``held`` back, and what waits, in this order."""
        known = [one for event in self._events.values() for one in event.values() if one.arrived >= self._floor]
        return [*known, *held, *(one for said in self._waiting.values() for one in said)]

    def waited(self, partition: int) -> list[Said]:
        """What has waited for the partition's cells."""
        self._dirty_waiting = self._dirty_waiting or partition in self._waiting
        return self._waiting.pop(partition, [])

    def advance(self, floor: int) -> None:
        """Days of arrival ahead of ``floor`` are forgotten."""
        self._floor = max(self._floor, floor)

    def take(self, said: list[Said], kpis: Collection[str]) -> dict[CellKey, np.ndarray]:
        """What changes in the cells of nobody's: by UNIT_KINDS numerator and denominator. Of KPIs in ``kpis`` alone."""
        changes: dict[CellKey, np.ndarray] = defaultdict(lambda: np.zeros((len(UNIT_KINDS), 2), np.int64))
        by_event: dict[bytes, list[Said]] = defaultdict(list)
        for one in said:
            if one.kpi in ("", *kpis):
                by_event[one.event].append(one)
        for event, more in by_event.items():
            known = self._events.get(event, {})
            if any(one.arrived < self._floor for one in known.values()):
                known = {}
            after = known | {(one.payee, one.kpi): one for one in more}
            for sign, state in ((-1, known), (1, after)):
                for page, level, pair in _brought(state):
                    changes[page][level] += [sign * side for side in pair]
            self._events[event] = after
            self._dirty.add(event)
        return {page: change for page, change in changes.items() if change.any()}

    def forget(self, kpis: Collection[str]) -> None:
        """Nothing was said of KPIs but ``kpis``."""
        for event, known in self._events.items():
            kept = {name: one for name, one in known.items() if one.kpi in ("", *kpis)}
            if len(kept) < len(known):
                self._events[event] = kept
                self._dirty.add(event)

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call, b'' for what is forgotten."""
        # all of them only where a day has gone: else what is forgotten is among what has changed
        for event in list(self._events) if self._swept < self._floor else self._dirty & self._events.keys():
            if any(one.arrived < self._floor for one in self._events[event].values()):
                del self._events[event]
                self._dirty.add(event)
        self._swept, rows = self._floor, {}
        for event in sorted(self._dirty):
            known = [one for _, one in sorted(self._events.get(event, {}).items())]
            rows[PREFIX + event.hex()] = msgspec.msgpack.encode(known) if known else b""
        if self._dirty_waiting:
            rows[_WAITING] = msgspec.msgpack.encode(sorted(self._waiting.items())) if self._waiting else b""
        self._dirty, self._dirty_waiting = set(), False
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold; state of earlier versions has none."""
        for name in (name for name in rows if name.startswith(PREFIX)):
            known = msgspec.msgpack.decode(rows[name], type=list[Said])
            self._events[bytes.fromhex(name.removeprefix(PREFIX))] = {(one.payee, one.kpi): one for one in known}
        if rows.get(_WAITING):
            self._waiting = dict(msgspec.msgpack.decode(rows[_WAITING], type=list[tuple[int, list[Said]]]))


def _brought(known: dict[tuple[int, str], Said]) -> Iterator[tuple[CellKey, int, list[int]]]:
    """What cells of nobody's have by one event: cell, index in UNIT_KINDS, numerator and denominator.

    What a unit has on a day lies in one of the cells, be it that one of its people has what another one had.
    """
    people = [one for one in known.values() if not one.kpi]
    own = sorted((one for one in known.values() if one.kpi), key=Said.page)
    for level in range(len(UNIT_KINDS)):
        first = [_firsts(people, level, number) for number in range(len(ONCE))]
        found: dict[tuple[str, str, int], tuple[CellKey, list[int]]] = {}
        for one in own:
            _, pair = found.setdefault((one.kpi, one.unit(level), one.day), (one.page(), [0, 0]))
            told = 2 * (len(ONCE) + level)
            for side in (0, 1):
                brings = (number for number, payees in enumerate(first) if payees.get(one.unit(level)) == one.payee)
                pair[side] += sum(one.sides[2 * number + side] for number in brings) - one.sides[told + side]
        yield from ((page, level, pair) for page, pair in found.values() if any(pair))


def _firsts(people: list[Said], level: int, number: int) -> dict[str, int]:
    """Who brings to each unit what is the ``number``-th of ONCE: who comes first in it, or else the next one."""
    bit = level + BEFORE * (ONCE[number] == "sale_before")
    ranked = sorted((not one.first >> bit & 1, one.payee, one.unit(level)) for one in people if one.has >> number & 1)
    return {unit: payee for _, payee, unit in reversed(ranked)}


def cells_of_nobody(changes: dict[CellKey, np.ndarray], cells: Cells) -> dict[CellKey, Cell]:
    """The cells as ``changes`` leave them."""
    return {
        key: Cell(0, 0, tuple(map(tuple, (np.array(cells.units_of(key)) + change).tolist())), ())
        for key, change in changes.items()
    }


def emptied(cells: Cells, kpis: Collection[str]) -> dict[CellKey, Cell]:
    """The cells of nobody's that are of other KPIs than ``kpis``, with nothing in them."""
    nothing = Cell(0, 0, ((0, 0),) * len(UNIT_KINDS), ())
    return {key: nothing for key in cells.keys_of(NOBODY) if key[0] not in kpis}


def together(rows: CellRows | None, more: dict[CellKey, Cell]) -> CellRows | None:
    """``rows`` and ``more``."""
    if not more:
        return rows
    return CellRows.of((dict(rows.cells()) if rows is not None else {}) | more)
