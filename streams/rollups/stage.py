"""The rollups stage: KPI updates in; values of units, their awards and earning lines out. One instance.

``kpi-updates`` has one partition, so there is one order of all employees' updates. Awards of units are decided after
each ``kpi-days`` record in that order, on absolute values: how the log is cut into batches, and what was published
twice, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import CLOSED_KIND, PartitionClosed, PeriodClosed, PlanApplied, decode_control, stored_control
from schemas.control import KIND as CONTROL
from schemas.plan import Plan
from schemas.plan_units import of_units
from schemas.results import Cause, Position, encode_award
from schemas.topics import AWARDS, EARNINGS, UNIT_UPDATES
from streams.performance.adjustments import KIND as ADJUSTMENTS
from streams.performance.shared_counts import KIND as SHARED
from streams.performance.shared_counts import MOVED
from streams.rollups import paid as paid_rows
from streams.rollups import places as place_rows
from streams.rollups.alignment import Alignment, Update
from streams.rollups.books import Books, Touched
from streams.rollups.cell_rows import Cell, CellKey, CellRows, days_block
from streams.rollups.cells import Cells, UnitKey
from streams.rollups.decided import NO_CREDITS, Decided
from streams.rollups.rules import UNIT_RULES, Rule
from streams.rollups.shared_events import SharedEvents, cells_of_nobody, emptied, said_by, together
from streams.rollups.unit_periods import PeriodOf, period_name, retired_period, unit_period, unit_periods_block
from streams.rollups.units import Units

FORMAT = 1
_DAY_MS = 24 * 3600 * 1000


class Rollups:
    """Rolls employees' KPI values up to units. Deterministic: everything follows from the kpi-updates log."""

    stage = "rollups"

    def __init__(self, partition: int = 0) -> None:
        self.partition = partition
        self.last_offset = -1
        self.cells, self.books = Cells(), Books()
        self.alignment, self.shared = Alignment(), SharedEvents()
        self.units: Units | None = None
        self.rules: list[Rule] = []
        #: Credits offset that each credits partition's updates have come to, by kind of block.
        self._marks: dict[str, int] = {}
        self._changed: dict[PeriodOf, None] = {}
        #: Cells of nobody's that changed.
        self._nobodys: dict[CellKey, None] = {}
        self._retired: list[dict] = []
        self._plan_row: bytes | None = None
        self._plan_id = ""
        self._dirty_plan = False

    # -- the fold

    def fold(self, batch: RecordBatch) -> list[Out]:
        """Awards and earning lines of whole records, in offset order. Values of units follow with ``updates``."""
        outs: list[Out] = []
        for record in batch.records:
            kind = kind_of(record.headers)
            if kind == CONTROL:
                outs += self._control(record)
            elif kind == "kpi-days":
                outs += self._days(record)
            elif kind in (SHARED, MOVED, ADJUSTMENTS):
                outs += self._shared(record, kind)
            elif kind == CLOSED_KIND:
                outs += self._take(PartitionClosed.model_validate_json(record.value), record.offset)
            self.last_offset = record.offset
        return outs

    def _days(self, record) -> list[Out]:
        table, meta = decode_block(record.value)
        if not self._is_new("kpi-days", meta):
            return []
        partition, said = meta["partition"], self.shared.waited(meta["partition"])
        return self._take(Update(partition, meta["offset"], CellRows.of_block(table), said), record.offset)

    def _shared(self, record, kind: str) -> list[Out]:
        table, meta = decode_block(record.value)
        if not self._is_new(kind, meta):
            return []
        if kind == SHARED:
            said = said_by(table)
            self.shared.advance(meta["floor"])
        else:
            again = self.shared.moved if kind == MOVED else self.shared.rebuilt
            said = again(table, self.alignment.said())
        if self.shared.wait(meta["partition"], said, kind != SHARED or meta["of_cells"]):
            return []
        return self._take(Update(meta["partition"], meta["offset"], said=said), record.offset)

    def _take(self, item: Update | PartitionClosed, offset: int) -> list[Out]:
        """Count an update, or take a marker; with the last marker of a close, all that waited for it."""
        decided = Decided(Position(self.partition, offset))
        waiting = [item]
        while waiting:
            item = waiting.pop(0)
            if isinstance(item, Update):
                if self.alignment.holds(item.partition):
                    self.alignment.hold(item)
                else:
                    self._count(item, decided)
            elif not self.books.states.closes.knows(item.close) and self.alignment.passes(item):
                self._close(item.close, decided)
                waiting = self.alignment.release() + waiting
        return self._results(decided)

    def _count(self, update: Update, decided: Decided) -> None:
        kpis = self.units.kpis if self.units is not None else ()
        more = cells_of_nobody(self.shared.take(update.said, kpis), self.cells)
        self._nobodys |= dict.fromkeys(more)
        rows = together(update.cells, more)
        changes = self.cells.take(rows) if rows is not None else None
        if self.units is None or changes is None:
            return
        self.units.persons.forget(changes)
        touched = Touched(self.units.with_scores(changes.touched), changes.moved)
        cause = Cause("kpi-updates", f"{update.partition}:{update.offset}", "kpi-update", changes.latest * _DAY_MS)
        decided.turn(cause)
        for rule in self.rules:
            for unit, ordinal in rule.periods(touched):
                rule.settle(unit, ordinal, "credit", decided)
        self._mark_changed(touched.units)

    def _close(self, control: PeriodClosed, decided: Decided) -> None:
        self.books.states.closes.close(control)
        if self.units is None:
            return
        ordinal = self.units.closed.add(control.kind, control.period)
        decided.turn(Cause(f"plan:{self.units.plan.plan}", control.id, "close", control.time))
        for rule in self.rules if ordinal is not None else ():
            if (rule.rule.period, rule.rule.settle) == (control.kind, "period_end"):
                rule.finalise(ordinal, decided)

    def _is_new(self, kind: str, meta: dict) -> bool:
        """Whether a block is not older than what came from its credits partition before.

        A worker that starts again publishes again what it did, cut otherwise: all of it lies in newer blocks already.
        """
        source = f"{kind}/{meta['partition']}"
        if meta["offset"] < self._marks.get(source, -1):
            return False
        self._marks[source] = meta["offset"]
        return True

    def _mark_changed(self, touched) -> None:
        self._changed |= dict.fromkeys(self._periods(touched))

    def _periods(self, touched) -> Iterator[PeriodOf]:
        for key, day in touched:
            for kind, ordinal in self.units.periods(key, day, self.units.kinds.get(key[0], [])):
                yield key, kind, ordinal

    def _control(self, record) -> list[Out]:
        control = decode_control(record.value)
        if not isinstance(control, PlanApplied) or control.id == self._plan_id:
            return []
        self._plan_id, self._plan_row, self._dirty_plan = control.id, stored_control(control), True
        before, led = self._published(), self._everything("manager")
        self._install(control.plan)
        self._empty_nobodys()
        decided = Decided(Position(self.partition, record.offset))
        decided.turn(Cause(f"plan:{control.plan.plan}", control.id, "plan", control.time))
        everything = self._everything()
        # whoever the plan before had as a manager may have nothing any more
        touched = Touched(led | everything, self.cells.people, anew=True)
        for rule in self.rules:
            for unit, ordinal in rule.periods(touched):
                rule.settle(unit, ordinal, "plan_change", decided)
        self._changed = {}
        self._mark_changed(everything)
        kept = {period_name(self.units, period) for period in self._changed}
        self._retired += [row for name, row in before.items() if name not in kept]
        return self._results(decided)

    def _install(self, plan: Plan) -> None:
        self.units = Units(plan, self.cells, self.books.states.closes)
        self.rules = [
            UNIT_RULES[rule.kind](rule, self.units, self.books) for rule in plan.awards if of_units(rule)
        ]

    def _empty_nobodys(self) -> None:
        """A KPI that the plan has not any more has no cells of nobody's either."""
        self.shared.forget(self.units.kpis)
        gone = emptied(self.cells, self.units.kpis)
        if gone:
            self.cells.take(CellRows.of(gone))
            self._nobodys |= dict.fromkeys(gone)

    def _everything(self, kind: str = "") -> dict[tuple[UnitKey, int], None]:
        """Every unit day that there is, with scores; of one kind of units or of all."""
        if self.units is None:
            return {}
        keys = [key for kpi in self.units.kpis for key in self.cells.units(kpi) if kind in ("", key[1])]
        return self.units.with_scores({(key, day): None for key in keys for day in self.cells.days(key)})

    def _published(self) -> dict[tuple, dict]:
        """By name every value that there is under the plan in force, or that waits to be published: the row to leave
        behind of it should the next plan not have it.
        """
        standing = dict.fromkeys(self._periods(self._everything()))
        rows = {period_name(self.units, period): unit_period(self.units, period) for period in self._changed}
        return rows | {period_name(self.units, period): retired_period(self.units, period) for period in standing}

    def _results(self, decided: Decided) -> list[Out]:
        outs = [
            Out(AWARDS.name, encode_award(award), key=(award.employee or f"{award.unit_kind}:{award.unit}").encode())
            for award in decided.awards
        ]
        block = decided.earnings(self.units.plan) if self.units is not None else None
        if block is not None:
            outs.append(Out(EARNINGS.name, block, partition=0, headers=kind_header("earnings")))
        return outs

    def updates(self) -> list[Out]:
        """Values of units changed since the last call, absolute; and cells of nobody's (shared_events.py)."""
        if self.units is None:
            return []
        rows = [*self._retired, *(unit_period(self.units, period) for period in self._changed)]
        meta = {"partition": self.partition, "offset": self.last_offset}
        block = unit_periods_block(rows, self.units.plan.version, meta)
        self._retired, self._changed = [], {}
        blocks = {"unit-periods": block}
        if self._nobodys:
            cells = {key: Cell(0, 0, tuple(self.cells.units_of(key)), ()) for key in self._nobodys}
            blocks["kpi-days"] = days_block(cells, self.units.plan.version, meta | {"partition": NO_CREDITS})
            self._nobodys = {}
        return [
            Out(UNIT_UPDATES.name, value, partition=0, headers=kind_header(kind))
            for kind, value in blocks.items()
            if value is not None
        ]

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """State rows changed since the last call; b'' deletes one."""
        rows = {
            "format": msgspec.msgpack.encode(FORMAT),
            "marks": msgspec.msgpack.encode([self.last_offset, sorted(self._marks.items())]),
        }
        if self._dirty_plan:
            rows["plan"] = self._plan_row
            self._dirty_plan = False
        books = self.books
        kept = self.cells, books.states, books.states.closes, books.paid, books.places, self.alignment, self.shared
        for part in kept:
            rows |= part.dirty_rows()
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back the state that checkpoints hold."""
        if (found := msgspec.msgpack.decode(rows["format"])) != FORMAT:
            raise ValueError(f"rollups state has format {found}, expected {FORMAT}")
        self.last_offset, marks = msgspec.msgpack.decode(rows["marks"], type=tuple[int, list[tuple[str, int]]])
        self._marks = dict(marks)
        self.books.states.closes.restore(rows)
        self.alignment.restore(rows)
        self.shared.restore(rows)
        self.cells.restore(rows)
        self.books.states.restore(rows)
        readers = (
            (paid_rows.PREFIX, self.books.paid.restore),
            (place_rows.PREFIX, self.books.places.restore),
        )
        for prefix, restore in readers:
            for key in sorted(key for key in rows if key.startswith(prefix)):
                restore(key, rows[key])
        if "plan" in rows:
            control = decode_control(rows["plan"])
            self._plan_id, self._plan_row = control.id, rows["plan"]
            self._install(control.plan)
