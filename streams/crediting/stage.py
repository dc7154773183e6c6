"""The crediting stage: facts records in, credits, dead letters and outcomes out. Pure: no clock, no I/O.

Which batches the log comes in does not matter: everything is decided by rows above their source's high-water
mark, in log order, on state that such rows alone have made.
"""

from __future__ import annotations

import numpy as np

from runtime.records import Out, RecordBatch
from schemas.control import PeriodClosed, PlanApplied
from streams.crediting.applied import arrivals_of
from streams.crediting.credit_blocks import credit_blocks
from streams.crediting.credits import give_credit, with_released
from streams.crediting.decide import Fates, decide_columns
from streams.crediting.in_order import InOrder
from streams.crediting.letters import dead_letter
from streams.crediting.rules import ROW_REASONS, Judged, judge
from streams.crediting.segments import FactsError, Segment, read_segments
from streams.crediting.sources import DEAD
from streams.crediting.state import State

_DECIDED = 1


class Crediting:
    """Drops duplicates, gives credit, meets refunds with their sales. One instance per facts partition."""

    stage = "crediting"

    def __init__(self, partition: int, credit_partitions: int) -> None:
        """``partition``: of facts; ``credit_partitions``: how many the credits topic has."""
        self._state = State(partition, credit_partitions)

    def restore(self, rows: dict[str, bytes]) -> None:
        """Becomes what a checkpoint's rows describe; call before the first fold. Raises ValueError on another
        format.
        """
        self._state.restore(rows)

    def fold(self, batch: RecordBatch) -> list[Out]:
        """Folds whole facts records in offset order. Credits blocks first, in order per target partition,
        then dead letters in log order, then one outcome per source that changed. Raises FactsError on a
        foreign record, and on one that was folded before.
        """
        first, last = batch.records[0].offset, batch.records[-1].offset
        if first < self._state.memory.next_offset:
            raise FactsError(
                f"facts offset {first}: folded before, expected {self._state.memory.next_offset}"
            )
        credits: list[Out] = []
        letters: list[Out] = []
        for step in read_segments(batch.records, self._state.ledger):
            if isinstance(step, PlanApplied):
                self._state.apply(step)
            elif not isinstance(step, PeriodClosed):  # periods are performance's
                self._fold_segment(step, credits, letters)
        self._state.memory.advance(last + 1, None, self._state.floor)
        return credits + letters + self._state.ledger.outcomes(version=last)

    def dirty_rows(self) -> dict[str, bytes]:
        """State rows that may have changed since the last call, b'' for those to delete; the next call starts
        from here.
        """
        return self._state.dirty_rows()

    @property
    def remembered(self) -> tuple[int, int]:
        """Events remembered and the bytes they take, for metrics."""
        return len(self._state.memory), self._state.memory.nbytes

    def _fold_segment(self, segment: Segment, credits: list[Out], letters: list[Out]) -> None:
        state = self._state
        judged = judge(segment, state.rules)
        fates = decide_columns(segment, judged, state)
        walked = InOrder(segment, judged, fates, state)
        walked.run()
        state.ledger.count(segment.source, fates.status)
        letters += _letters(segment, judged, fates, walked, state)
        state.memory.advance(segment.last + 1, arrivals_of(segment, judged, fates, walked), state.floor)
        state.standings.forget(state.floor)
        if state.rules is None:
            return
        given = give_credit(segment, judged, fates.status, walked, state.rules, state.assignments)
        table = with_released(segment.table, walked)
        credits += credit_blocks(
            segment, table, given, walked.credits, state.assignments, state.partition, state.rules.limited
        )


def _letters(segment: Segment, judged: Judged, fates: Fates, walked: InOrder, state: State) -> list[Out]:
    """Dead letters of the segment's own rows and of parked refunds, in log order."""
    rows = np.flatnonzero(fates.status == DEAD)
    found = list(walked.letters)
    for row, values in zip(
        rows.tolist(), segment.table.take(rows).to_pylist() if len(rows) else (), strict=True
    ):
        source = state.ledger.source(int(segment.source[row]))
        reason = walked.reasons.get(row) or ROW_REASONS[judged.reason[row]]
        found.append((row, _DECIDED, dead_letter(reason, source.topic, source.partition, values)))
    return [letter for _, _, letter in sorted(found, key=lambda item: item[:2])]
