"""A rebuild: the day cells that a partition of the credits would hold had the plan in force always been so. Pure.

The log is folded twice, side by side: as the live stage folds it, with every plan and adjustment at its place, and
under the plan in force from the first record on. Where the two differ, an adjustment in-band brings the live stage to
the second. Since the first is a replay it knows what the live stage holds, and what became of earlier adjustments.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import KIND as CONTROL
from schemas.control import (
    REBUILD,
    CellAdjusted,
    CellValue,
    PeriodClosed,
    PlanApplied,
    ValuesAdjusted,
    decode_control,
    encode_control,
)
from schemas.topics import CREDITS
from streams.backtest import MemoryRecord
from streams.performance.adjustments import same_value, value_at
from streams.performance.family import day_key_parts
from streams.performance.stage import Performance

#: Cells of one adjustment: some 300 bytes each, and a record may have 16 MB.
CELLS = 20_000
#: Folds after which what they would publish is let go.
_LET_GO = 50


class Rebuild:
    """Both folds of one credits partition; ``applied`` is the plan in force."""

    def __init__(self, partition: int, partitions: int, applied: PlanApplied) -> None:
        self.partition, self.applied = partition, applied
        self.credits = 0
        self.live = Performance(partition, partitions)
        self._wanted = Performance(partition, partitions, as_credited=False)
        # awards decide no value: without them the second fold is quicker
        plan = applied.plan.model_copy(update={"awards": type(applied.plan.awards)()})
        first = MemoryRecord(-1, encode_control(applied.model_copy(update={"plan": plan})), kind_header(CONTROL))
        self._wanted.fold(RecordBatch(CREDITS.name, partition, [first]))
        self._folds = 0

    def fold(self, records: list) -> None:
        """Whole credits records, in offset order."""
        self.live.fold(RecordBatch(CREDITS.name, self.partition, records))
        if kept := [record for record in records if _always_so(record)]:
            self._wanted.fold(RecordBatch(CREDITS.name, self.partition, kept))
        self.credits += sum(
            decode_block(record.value)[0].num_rows for record in records if kind_of(record.headers) != CONTROL
        )
        self._folds += 1
        if self._folds % _LET_GO == 0:
            for stage in (self.live, self._wanted):
                stage.updates()
                stage.dirty_rows()

    @property
    def in_force(self) -> bool:
        """Whether the partition has met the plan, and no later one."""
        engine = self.live.engine
        return engine is not None and (engine.plan.plan, engine.plan.version) == (
            self.applied.plan.plan,
            self.applied.plan.version,
        )

    def differences(self, kpis: frozenset[str] = frozenset()) -> list[CellAdjusted]:
        """Day cells that the plan wants otherwise, by employee, KPI and day; of all KPIs where none is named.

        Days that a close has settled (``late: process_date``) stay as they were.
        """
        held, wanted = (_cells(stage) for stage in (self.live, self._wanted))
        found = []
        for kpi in self.applied.plan.kpis:
            if kpis and kpi.id not in kpis:
                continue
            mine, theirs = held[kpi.id], wanted[kpi.id]
            names = sorted(mine.keys() | theirs.keys())
            settled = self.live.engine.settled(np.array([name[3] for name in names], np.int64))
            for name, stays in zip(names, settled.tolist(), strict=True):
                stands, should = mine.get(name, CellValue()), theirs.get(name, CellValue())
                if stays or same_value(kpi, stands, should):
                    continue
                employee, team, department, day = name
                found.append(
                    CellAdjusted(
                        kpi=kpi.id, employee=employee, team=team, department=department, day=day,
                        found=stands, should=should,
                    )
                )  # fmt: skip
        return sorted(found, key=lambda cell: (cell.employee, cell.kpi, cell.day, cell.team, cell.department))

    def adjustments(self, cells: list[CellAdjusted], time: int, operator: str, reason: str) -> list[ValuesAdjusted]:
        """``cells`` as control records. Their ids say plan, partition and offset: whoever rebuilds there writes the
        same.
        """
        at = f"{REBUILD}{self.applied.id}:{self.partition}:{self.live.last_offset}"
        return [
            ValuesAdjusted(id=f"{at}:{number}", time=time, operator=operator, reason=reason, cells=tuple(chunk))
            for number, chunk in enumerate(_chunks(cells))
        ]

    def outlook(self, records: list[ValuesAdjusted]) -> list[Out]:
        """Awards and earning lines that these adjustments would bring; afterwards the rebuild is of no further use."""
        following = [
            MemoryRecord(self.live.last_offset + 1 + number, encode_control(record), kind_header(CONTROL))
            for number, record in enumerate(records)
        ]
        return self.live.fold(RecordBatch(CREDITS.name, self.partition, following)) if following else []


def _always_so(record) -> bool:
    """Credits and closes; what plans and adjustments made of the values is what a rebuild does anew."""
    return kind_of(record.headers) != CONTROL or isinstance(decode_control(record.value), PeriodClosed)


def _chunks(cells: list[CellAdjusted]) -> Iterator[list[CellAdjusted]]:
    """At most CELLS each, and all of a person in one, so that nothing is awarded on half of somebody's values."""
    chunk: list[CellAdjusted] = []
    person: list[CellAdjusted] = []
    for cell in [*cells, None]:
        if person and (cell is None or cell.employee != person[0].employee):
            if chunk and len(chunk) + len(person) > CELLS:
                yield chunk
                chunk = []
            chunk += person
            person = []
        if cell is not None:
            person.append(cell)
    if chunk:
        yield chunk


def _cells(stage: Performance) -> dict[str, dict[tuple[str, str, str, int], CellValue]]:
    """By KPI id: what each day cell holds, by employee, team, department and day."""
    names = stage.reader.names
    found = {}
    for kpi, record in stage.engine.day_records().items():
        *codes, days = (part.tolist() for part in day_key_parts(record[0]))
        places = (
            [names[kind].names[code] for code in column]
            for kind, column in zip(("employee", "team", "department"), codes, strict=True)
        )
        keys = zip(*places, days, strict=True)
        found[kpi] = {key: value_at(record, place) for place, key in enumerate(keys)}
    return found
