"""The whole pipeline over a list of records, without servers: the same folds, one partition each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from runtime.record_columns import RecordColumns
from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_header, kind_of, uncompressed
from schemas.control import KIND as CONTROL
from schemas.control import Control, PeriodClosed, PlanApplied, encode_control
from schemas.dead_letters import DeadLetter, decode_dead_letter
from schemas.event_types import EventTypes
from schemas.mapping import TopicMapping
from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from schemas.plan_units import of_units
from schemas.results import Award, decode_award
from schemas.texts import Texts
from schemas.topics import AWARDS, CREDITS, DEAD_LETTERS, EARNINGS, FACTS, KPI_UPDATES, OUTCOMES, UNIT_UPDATES
from streams.block_rows import LastRows, Rows
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups

#: How many records are folded at once: a tenth of those before them, no fewer than the first and no more than the last.
#: What a batch costs for every employee and day in it then shrinks beside the events.
FEWEST_RECORDS, MOST_RECORDS = 10_000, 100_000
#: What names a row of values.
_DAY = ("kpi", "employee", "team", "department", "day")
_PERIOD = ("kpi", "employee", "period_kind", "period")
_UNIT_PERIOD = ("kpi", "unit_kind", "unit", "period_kind", "period")
_TOPIC = "events"
#: How a line begins that closes a period at its place among the events.
_CONTROL_LINE = b'{"control"'


@dataclass(slots=True)
class MemoryRecord:
    """A record that was never in Kafka; a timestamp of −1 says so."""

    offset: int
    value: bytes | None
    headers: tuple = ()
    key: bytes | None = None
    timestamp: int = -1


@dataclass
class BacktestResult:
    """Everything the folds put out. Rows are dicts of block columns; those of KPIs the last value of each key."""

    awards: list[Award] = field(default_factory=list)
    earnings: Sequence[dict] = field(default_factory=Rows)
    days: Mapping[tuple, dict] = field(default_factory=lambda: LastRows(_DAY))
    periods: Mapping[tuple, dict] = field(default_factory=lambda: LastRows(_PERIOD))
    units: Mapping[tuple, dict] = field(default_factory=lambda: LastRows(_UNIT_PERIOD))
    dead_letters: list[DeadLetter] = field(default_factory=list)
    outcomes: dict[bytes | None, bytes] = field(default_factory=dict)
    closes: list[tuple[str, str]] = field(default_factory=list)  # kind, period
    latest_day: int | None = None  # on which something credited happened, since the epoch


class Backtest:
    """Feeds records through the stages. Plans take effect between ``feed`` calls.

    Days of KPIs, by which awards of units are decided, are published after each batch where the plan has such awards;
    everything else only where a plan ends, and at the end.
    """

    def __init__(self, mapping: TopicMapping | None = None) -> None:
        self.result = BacktestResult()
        self._mappings = {_TOPIC: mapping} if mapping else {}
        self._intake = Intake(1, EventTypes({}), self._mappings)
        self._crediting = Crediting(0, 1)
        self._performance = Performance(0, 1)
        self._rollups = Rollups()
        self._each_batch = False
        self._offsets = dict.fromkeys((_TOPIC, FACTS.name, CREDITS.name, KPI_UPDATES.name), 0)

    @uncompressed()
    def apply(self, plan: Plan, control_id: str = "") -> None:
        """Put a plan in force."""
        self._plan = plan
        self._intake.set_types(EventTypes(plan.events))
        self._each_batch = any(map(of_units, plan.awards))
        self._control(PlanApplied(id=control_id or f"{plan.plan}:{plan.version}", plan=plan))
        self._publish()  # what the plan before had and this one has not

    @uncompressed()
    def close(self, period: str) -> None:
        """Close a period by its key; raises ValueError where the plan in force has none such."""
        kind = period_kind_of(self._plan, period)
        self.result.closes.append((kind, period))
        self._control(PeriodClosed.of(self._plan, kind, period))
        self._publish()

    def _control(self, record: Control) -> None:
        control = Out("control", encode_control(record), headers=kind_header(CONTROL))
        self._absorb(self._crediting.fold(self._batch(FACTS.name, [control])))
        self._roll_up([control])
        self._roll_up(self._absorb(self._performance.fold(self._batch(CREDITS.name, [control]))))

    @uncompressed()
    def feed(self, values: Iterable[bytes | None], batch_records: int | None = None) -> None:
        """Fold records' values, in batches of ``batch_records``, or growing ones (None); ``{"control": "close",
        "period": KEY}`` closes.
        """
        pending: list[bytes | None] = []
        enough = batch_records or self._next_batch()
        for value in values:
            if value is not None and value.startswith(_CONTROL_LINE):
                if pending:
                    self._fold(pending)
                    pending = []
                self.close(json.loads(value)["period"])
                self._offsets[_TOPIC] += 1
                continue
            pending.append(value)
            if len(pending) >= enough:
                self._fold(pending)
                pending, enough = [], batch_records or self._next_batch()
        if pending:
            self._fold(pending)

    def _next_batch(self) -> int:
        return min(max(self._offsets[_TOPIC] // 10, FEWEST_RECORDS), MOST_RECORDS)

    @uncompressed()
    def finish(self) -> BacktestResult:
        """The results, with the last values of people and units."""
        self._publish()
        if self._each_batch:
            self._performance.engine.mark_days_dirty()
            self._keep_days(self._performance.day_updates())
        self.result.latest_day = self._performance.states.clock.latest
        return self.result

    def _publish(self) -> None:
        updates = self._absorb(self._performance.updates())
        self._keep_days(updates)
        self._roll_up(updates)
        self._absorb(self._rollups.updates())

    def _roll_up(self, updates: list[Out]) -> None:
        if updates:
            self._absorb(self._rollups.fold(self._batch(KPI_UPDATES.name, updates)))

    def _fold(self, values: list[bytes | None]) -> None:
        first, count = self._offsets[_TOPIC], len(values)
        self._offsets[_TOPIC] += count
        offsets, untimed = np.arange(first, first + count), np.full(count, -1)
        records = RecordColumns(offsets, untimed, Texts.none(count), Texts.of(values), None)
        facts = self._absorb(self._intake.fold(RecordBatch(_TOPIC, 0, records)))
        credits = self._absorb(self._crediting.fold(self._batch(FACTS.name, facts))) if facts else []
        if credits:
            self._roll_up(self._absorb(self._performance.fold(self._batch(CREDITS.name, credits))))
        if credits and self._each_batch:
            self._roll_up(self._absorb(self._performance.day_updates()))

    def _batch(self, topic: str, outs: list[Out]) -> RecordBatch:
        first = self._offsets[topic]
        self._offsets[topic] += len(outs)
        return RecordBatch(topic, 0, [MemoryRecord(first + at, out.value, out.headers) for at, out in enumerate(outs)])

    def _absorb(self, outs: list[Out]) -> list[Out]:
        """Keep results; return what the next stage folds."""
        passed_on = []
        for out in outs:
            if out.topic in (FACTS.name, CREDITS.name):
                passed_on.append(out)
            elif out.topic == AWARDS.name:
                self.result.awards.append(decode_award(out.value))
            elif out.topic == EARNINGS.name:
                self.result.earnings.add(decode_block(out.value)[0])
            elif out.topic == DEAD_LETTERS.name:
                self.result.dead_letters.append(decode_dead_letter(out.value))
            elif out.topic == OUTCOMES.name:
                self.result.outcomes[out.key] = out.value
            elif out.topic == KPI_UPDATES.name:
                passed_on.append(out)
                if kind_of(out.headers) == "kpi-periods":
                    self.result.periods.add(decode_block(out.value)[0])
            elif out.topic == UNIT_UPDATES.name:
                kept = self.result.units if kind_of(out.headers) == "unit-periods" else self.result.days
                kept.add(decode_block(out.value)[0])
        return passed_on

    def _keep_days(self, updates: list[Out]) -> None:
        """Not after each batch: what days are in the end can be asked for again."""
        for out in updates:
            if kind_of(out.headers) == "kpi-days":
                self.result.days.add(decode_block(out.value)[0])
