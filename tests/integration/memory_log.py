"""The real stages over logs in memory, so that tests of the tables need a ClickHouse server but no Kafka."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from runtime.records import Out, RecordBatch
from schemas import topics
from schemas.blocks import kind_header
from schemas.control import KIND, PeriodClosed, PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan import Plan
from streams.backtest import MemoryRecord
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups

SOURCE = "events.all"
#: LogAppendTime of every record, later than any event: 2026-06-01 00:00:00.123 UTC.
APPENDED = 1_780_272_000_123


class MemoryLog:
    """Topics as lists of records; ``advance`` runs every stage up to the end of its input."""

    def __init__(self, partitions: int = 2) -> None:
        self.partitions = partitions
        self.records: dict[tuple[str, int], list[MemoryRecord]] = defaultdict(list)
        self._read: dict[tuple[str, int], int] = defaultdict(int)
        self._intake = Intake(partitions, EventTypes({}))
        self._crediting = [Crediting(partition, partitions) for partition in range(partitions)]
        self._rollups = Rollups()
        self._performance = [Performance(partition, partitions) for partition in range(partitions)]

    def append(self, outs: Iterable[Out]) -> None:
        """Put records at the end of their partitions; those without one go to partition 0."""
        for out in outs:
            log = self.records[out.topic, out.partition or 0]
            log.append(MemoryRecord(len(log), out.value, out.headers, out.key, APPENDED))

    def apply(self, plan: Plan) -> None:
        """A plan takes effect: to the control topic, and in-band to the stages."""
        self._control(PlanApplied(id=f"{plan.plan}-{plan.version}", plan=plan))
        self._intake.set_types(EventTypes(plan.events))
        self.advance()

    def close(self, plan: Plan, kind: str, period: str, by: str) -> None:
        """A period is closed."""
        self._control(PeriodClosed.of(plan, kind, period, APPENDED, by))
        self.advance()

    def _control(self, control: PlanApplied | PeriodClosed) -> None:
        value = encode_control(control)
        record = Out(topics.CONTROL.name, value, headers=kind_header(KIND))
        copies = [
            Out(topic.name, value, partition, headers=kind_header(KIND))
            for topic in topics.CONTROL_TARGETS
            for partition in range(topic.partitions or self.partitions)
        ]
        self.append([record, *copies])

    def feed(self, events: Iterable[dict | bytes], batch: int = 500) -> None:
        """Events (or raw values) into the one business topic, and through the stages, ``batch`` at a time."""
        values = [event if isinstance(event, bytes) else msgspec.json.encode(event) for event in events]
        for start in range(0, len(values), batch):
            self.append(Out(SOURCE, value) for value in values[start : start + batch])
            self.advance()

    def advance(self) -> None:
        """Every stage, in the order of the flow."""
        for unread in self._unread(SOURCE, 1):
            self.append(self._intake.fold(unread))
        for unread in self._unread(topics.FACTS.name, self.partitions):
            self.append(self._crediting[unread.partition].fold(unread))
        for unread in self._unread(topics.CREDITS.name, self.partitions):
            stage = self._performance[unread.partition]
            self.append(stage.fold(unread))
            self.append(stage.updates())
        for unread in self._unread(topics.KPI_UPDATES.name, 1):
            self.append(self._rollups.fold(unread))
            self.append(self._rollups.updates())

    def batches(self, names: Iterable[str]) -> list[RecordBatch]:
        """Everything in the topics, one batch per partition: what a loader reads from the beginning."""
        wanted = set(names)
        return [
            RecordBatch(topic, partition, records)
            for (topic, partition), records in sorted(self.records.items())
            if topic in wanted and records
        ]

    def _unread(self, topic: str, partitions: int) -> Iterable[RecordBatch]:
        for partition in range(partitions):
            start, log = self._read[topic, partition], self.records[topic, partition]
            self._read[topic, partition] = len(log)
            if records := log[start:]:
                yield RecordBatch(topic, partition, records)
