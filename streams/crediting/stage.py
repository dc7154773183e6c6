"""The crediting stage: facts records in, credits, dead letters and outcomes out. Pure: no clock, no I/O.

Which batches the log comes in does not matter: everything is decided by rows above their source's high-water
mark, in log order, on state that such rows alone have made.
"""

from __future__ import annotations

import numpy as np

from runtime.records import Out, RecordBatch
from schemas.control import PlanApplied
from streams.crediting.chunks import NOT_A_SALE, SPLIT, Columns
from streams.crediting.credit_blocks import credit_blocks
from streams.crediting.credits import give_credit, with_released
from streams.crediting.decide import Fates, decide_columns
from streams.crediting.in_order import InOrder
from streams.crediting.letters import dead_letter
from streams.crediting.refunds import high_half, low_half
from streams.crediting.rules import ROW_REASONS, Judged, judge
from streams.crediting.segments import Segment, read_segments
from streams.crediting.sources import APPLIED, DEAD
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
        foreign record.
        """
        credits: list[Out] = []
        letters: list[Out] = []
        for step in read_segments(batch.records, self._state.ledger):
            if isinstance(step, PlanApplied):
                self._state.apply(step)
            else:
                self._fold_segment(step, credits, letters)
        return credits + letters + self._state.ledger.outcomes(version=batch.records[-1].offset)

    def dirty_rows(self) -> dict[str, bytes]:
        """State rows changed since the last call, b'' for those to delete; the next call starts from here."""
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
        events, shares = _remembered(segment, judged, fates, walked)
        state.memory.add(events, shares, state.floor)
        state.refunded.forget(state.floor)
        if state.rules is None:
            return
        given = give_credit(segment, judged, fates.status, walked, state.rules, state.assignments)
        table = with_released(segment.table, walked)
        credits += credit_blocks(segment, table, given, state.assignments, state.partition)


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


def _remembered(
    segment: Segment, judged: Judged, fates: Fates, walked: InOrder
) -> tuple[Columns, Columns | None]:
    """Columns of a chunk: everything applied here, sales with what a refund will ask for."""
    rows = np.flatnonzero(fates.status == APPLIED)
    events = {
        "high": segment.high[rows],
        "low": segment.low[rows],
        "seen": fates.seen[rows],
        "time": segment.time[rows],
        "amount": judged.amount[rows],
        "payee": np.where(judged.sale[rows], judged.payee[rows], np.int32(NOT_A_SALE)),
    }
    if walked.released:
        events = _with_released(events, walked)
    return events, _shares(segment, judged, fates, rows[events["payee"][: len(rows)] == SPLIT])


def _with_released(events: Columns, walked: InOrder) -> Columns:
    released = walked.released
    more = {
        "high": [high_half(parked.hash) for parked in released],
        "low": [low_half(parked.hash) for parked in released],
        "seen": [parked.seen for parked in released],
        "time": [parked.row["time"] for parked in released],
        "amount": [parked.row["data.amount"] for parked in released],
        "payee": [NOT_A_SALE] * len(released),
    }
    return {
        name: np.concatenate([column, np.array(more[name], column.dtype)]) for name, column in events.items()
    }


def _shares(segment: Segment, judged: Judged, fates: Fates, rows: np.ndarray) -> Columns | None:
    """Share columns of the split sales in ``rows``."""
    if not len(rows):
        return None
    splits = [judged.splits[row] for row in rows.tolist()]
    each = np.repeat(rows, [len(split.payees) for split in splits])
    return {
        "high": segment.high[each],
        "low": segment.low[each],
        "seen": fates.seen[each],
        "payee": np.array([payee for split in splits for payee in split.payees], np.int32),
        "ppm": np.array([share for split in splits for share in split.ppm], np.int32),
    }
