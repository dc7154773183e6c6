"""The performance stage: credits in; KPI values, awards and earning lines out. One instance per credits partition.

What is true is kept once: the day cells of every KPI and the state of every award. Period values follow from the
day cells, so a restart and a change of plan both rebuild them from there.
"""

from __future__ import annotations

import msgspec

from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header, kind_of
from schemas.control import KIND as CONTROL
from schemas.control import PeriodClosed, PlanApplied, ValuesAdjusted, decode_control, stored_control
from schemas.event_identity import partition_key_hash
from schemas.plan import Plan
from schemas.results import Cause, encode_award
from schemas.topics import AWARDS, EARNINGS, partition_of
from streams.performance.adjustments import KIND as ADJUSTMENTS
from streams.performance.adjustments import adjusted, adjustments_block, paid_before
from streams.performance.award_states import AwardStates
from streams.performance.carried import CellName
from streams.performance.credit_rows import RowReader
from streams.performance.decisions import Decisions
from streams.performance.earnings import earnings_block
from streams.performance.engine import Engine
from streams.performance.kept_pay import BEGUN, keep_undecided
from streams.performance.left_out import KIND as LEFT_OUT
from streams.performance.left_out import beginning_block, left_out_block
from streams.performance.origins import Origins, PlanOrigin
from streams.performance.pages import DayPages, load_days, read_pages
from streams.performance.publisher import Publisher
from streams.performance.relocation import Relocation, with_carried
from streams.performance.retired import retired_blocks
from streams.performance.shared_counts import KIND as SHARED
from streams.performance.shared_counts import MOVED, moved_blocks

FORMAT = 1


class Performance:
    """Accumulates KPIs, decides awards and earnings. Deterministic: everything follows from the credits log."""

    stage = "performance"

    def __init__(self, partition: int, partitions: int, as_credited: bool = True) -> None:
        """``as_credited``: limits on the same customer hold for what was credited under them, not for what came to the
        plan's place in this log before it had come there in crediting's.
        """
        self.partition = partition
        self.partitions = partitions
        self.reader = RowReader(as_credited)
        self.states = AwardStates()
        self.publisher = Publisher(partition, partitions)
        self.engine: Engine | None = None
        self.last_offset = -1
        self._plan_row: bytes | None = None
        self._plan_id = ""
        self._dirty_plan = False
        self._pages: list[DayPages] = []
        self._left: set[str] = set()  # pages of KPIs that left the plan

    # -- the fold

    def fold(self, batch: RecordBatch) -> list[Out]:
        """Awards and earning lines of whole credits records, in offset order. KPI values follow with ``updates``."""
        outs: list[Out] = []
        pending: list = []
        for record in batch.records:
            if kind_of(record.headers) == CONTROL:
                outs += self._fold_rows(pending)
                pending = []
                outs += self._apply(record)
            else:
                pending.append(record)
        outs += self._fold_rows(pending)
        self.last_offset = batch.records[-1].offset
        return outs

    def _fold_rows(self, records: list) -> list[Out]:
        if not records:
            return []
        wanted = self.engine.fields if self.engine else frozenset()
        rows = self.reader.read(records, wanted)
        if rows is None or self.engine is None:
            return []
        decisions = Decisions()
        horizon = self.engine.plan.crediting.horizon_days
        arrived = {record.offset: self.states.paid_sales.arrive(record.timestamp, horizon) for record in records}
        origins = Origins(self.partition, rows, arrived)
        shared = self.engine.fold(rows, decisions, origins)
        left_out = left_out_block(rows, self._limits_meta())
        if left_out is not None:
            self.publisher.hold(LEFT_OUT, left_out)
        if shared is not None:
            meta = {"partition": self.partition, "offset": records[-1].offset}
            for block in shared.blocks(rows, decisions.days, origins, meta):
                self.publisher.hold(SHARED, block)
        return self._results(decisions, origins, records[-1].offset)

    def _limits_meta(self) -> dict:
        return {"partition": self.partition, "since": self.states.customers.since}

    def _begin_limits(self, offset: int) -> None:
        """Say so where credits may be left out for the first time, be it that a state from before told of none."""
        if self.engine.limits and self.states.customers.begin(offset):
            self.publisher.hold(LEFT_OUT, beginning_block(self._limits_meta()))

    def _apply(self, record) -> list[Out]:
        control = decode_control(record.value)
        if isinstance(control, PeriodClosed):
            return self._close(control, record.offset)
        if isinstance(control, ValuesAdjusted):
            return self._adjust(control, record.offset)
        return [] if control.id == self._plan_id else self._change_plan(control, record)

    def _close(self, control: PeriodClosed, offset: int) -> list[Out]:
        if not self.states.closes.close(control):
            return []
        self.publisher.hold_close(control, self.engine, offset)
        if self.engine is None:
            return []
        cause = Cause(f"plan:{self.engine.plan.plan}", control.id, "close", control.time)
        decisions, origins = Decisions(), PlanOrigin(self.partition, offset, cause)
        self.engine.close(control.kind, control.period, decisions, origins)
        return self._results(decisions, origins, offset)

    def _adjust(self, control: ValuesAdjusted, offset: int) -> list[Out]:
        """Set cells right: as if the plan in force took effect anew over the cells as they should be."""
        before = self.engine
        if before is None or not control.cells:
            return []
        paid = paid_before(before, control.paid)
        found = adjusted(before.plan, before.day_records(), control.cells, self.reader.names, paid is None)
        meta = {"partition": self.partition, "offset": offset}
        self.publisher.hold(ADJUSTMENTS, adjustments_block(control, found.outcomes, meta))
        decisions = Decisions()
        cause = Cause("adjustment", control.id, "adjustment", control.time)
        origins = PlanOrigin(self.partition, offset, cause, reason="adjustment")
        if found.changes:
            self._install(before.plan)
            self.engine.create_targeted(self._is_ours)
            load_days(self.engine, found.records)
            self.engine.carry_periods(before)
            self.engine.reconsider(before, decisions, origins, paid)
        self.engine.publish(found.keys())
        return self._results(decisions, origins, offset)

    def _change_plan(self, control: PlanApplied, record) -> list[Out]:
        self._plan_id, self._plan_row, self._dirty_plan = control.id, stored_control(control), True
        before = self.engine
        kept = {kpi.id for kpi in control.plan.kpis}
        for family, pages in zip(before.families if before else (), self._pages, strict=True):
            self._left.update(key for kpi in family.kpis if kpi.id not in kept for key in pages.keys_of(kpi.id))
        self._install(control.plan)
        cause = Cause(f"plan:{control.plan.plan}", control.id, "plan", control.time)
        origins = PlanOrigin(self.partition, record.offset, cause)
        decisions = Decisions()
        self.engine.create_targeted(self._is_ours)
        self.states.carried.forget(kept)
        carried = self.states.carried.begin() if control.plan.organisation.backdated == "move" else {}
        if before is not None:
            self._take_over(before, carried, record.offset)
            self.engine.reconsider(before, decisions, origins)
        if before is not None:
            meta = {"partition": self.partition, "offset": record.offset}
            for kind, block in retired_blocks(before, self.engine, meta):
                self.publisher.hold(kind, block)
        self._begin_limits(record.offset)
        return self._results(decisions, origins, record.offset)

    def _take_over(self, before: Engine, carried: dict[CellName, list[int]], offset: int) -> None:
        """The day cells of the engine before, with what they carry from here on, each where the plan in force wants
        it.
        """
        records, plan = with_carried(before.day_records(), carried, self.reader.names), self.engine.plan
        vacated = {}
        if plan.organisation.backdated == "move":
            relocation = Relocation(before.plan, plan, self.reader.names, self.engine.settled)
            for kpi in (kpi for kpi in before.plan.kpis if kpi.id in records):
                records[kpi.id], vacated[kpi.id] = relocation.moved(kpi, records[kpi.id])
            meta = {"partition": self.partition, "offset": offset}
            for block in moved_blocks(relocation.places(), meta) if before.limits or self.engine.limits else ():
                self.publisher.hold(MOVED, block)
        load_days(self.engine, records)
        self.engine.vacate(vacated)

    def _install(self, plan: Plan) -> None:
        self.engine = Engine(plan, self.reader, self.states)
        self._pages = [DayPages(family, self.reader.names) for family in self.engine.families]

    def _is_ours(self, employee: str) -> bool:
        return partition_of(partition_key_hash(employee), self.partitions) == self.partition

    def _results(self, decisions: Decisions, origins, last: int) -> list[Out]:
        outs = [
            Out(AWARDS.name, encode_award(award), key=award.employee.encode()) for award in decisions.awards_in_order()
        ]
        block = earnings_block(decisions.lines, self.engine, origins, {"partition": self.partition, "offset": last})
        if block is not None:
            outs.append(Out(EARNINGS.name, block, partition=self.partition, headers=kind_header("earnings")))
        return outs

    def updates(self) -> list[Out]:
        """KPI days and periods changed since the last call, as absolute values; markers of closes among them."""
        return self.publisher.take(self.engine, self.last_offset)

    def day_updates(self) -> list[Out]:
        """As ``updates``, without the periods: all that rollups looks at."""
        return self.publisher.take(self.engine, self.last_offset, periods=False)

    # -- checkpoints

    def dirty_rows(self) -> dict[str, bytes]:
        """State rows changed since the last call; b'' deletes one."""
        rows = {
            "format": msgspec.msgpack.encode(FORMAT),
            "marks": msgspec.msgpack.encode([self.last_offset, self.reader.high_water]),
        }
        if self._dirty_plan:
            rows["plan"] = self._plan_row
            self._dirty_plan = False
        if self.engine is not None:
            rows.update(dict.fromkeys(sorted(self._left), b""))
            self._left.clear()
            for pages in self._pages:
                rows.update(pages.dirty_rows())
        rows.update(self.states.dirty_rows())
        rows.update(self.states.paid_sales.dirty_rows())
        rows.update(self.states.closes.dirty_rows())
        rows.update(self.states.clock.dirty_rows())
        rows.update(self.states.customers.dirty_rows())
        rows.update(self.states.spiffs.dirty_rows())
        rows.update(self.states.kept.dirty_rows())
        rows.update(self.states.carried.dirty_rows())
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back the state that checkpoints hold."""
        if msgspec.msgpack.decode(rows["format"]) != FORMAT:
            raise ValueError(
                f"performance state has format {msgspec.msgpack.decode(rows['format'])}, expected {FORMAT}"
            )
        self.last_offset, self.reader.high_water = msgspec.msgpack.decode(
            rows["marks"], type=tuple[int, dict[int, int]]
        )
        self.states.restore(rows)
        self.states.paid_sales.restore(rows)
        self.states.closes.restore(rows)
        self.states.clock.restore(rows)
        self.states.customers.restore(rows)
        self.states.spiffs.restore(rows)
        self.states.kept.restore(rows)
        self.states.carried.restore(rows)
        if "plan" not in rows:
            return
        control = decode_control(rows["plan"])
        self._plan_id, self._plan_row = control.id, rows["plan"]
        self._install(control.plan)
        self.engine.create_targeted(self._is_ours, publish=False)
        load_days(self.engine, read_pages(rows, self.reader.names))
        self._begin_limits(self.last_offset + 1)
        if BEGUN not in rows:
            keep_undecided(self.states.kept, self.engine)
