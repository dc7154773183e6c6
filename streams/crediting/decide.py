"""What becomes of every row of a segment: applied, duplicate, dead-lettered or parked.

Most rows are decided as columns. Those whose fate hangs on the rows before them (refunds, sales that refunds
ask for, repeated ids where either matters) are left to in_order.py, which walks them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.event_identity import event_hash
from streams.crediting.refunds import high_half, low_half
from streams.crediting.rules import Judged
from streams.crediting.segments import Segment
from streams.crediting.sources import APPLIED, DEAD, DUPLICATE
from streams.crediting.state import State

_MINUTE_MS = 60_000
_READ = (
    "source", "type", "employee", "splits", "data.sale_id", "data.sale_source", "data.amount", "data.currency",
)  # fmt: skip


@dataclass(slots=True)
class Refund:
    """A refund row, or whatever else is about a sale: the sale it names, type, fixed amount (0: none), currency, the
    payees that a correction names (``splits`` as in facts), and where the memory holds that sale (-1: nowhere).
    """

    sale: bytes
    type: str
    amount: int
    currency: str | None
    employee: str = ""
    splits: str | None = None
    chunk: int = -1
    place: int = -1

    @classmethod
    def of(cls, sale: bytes, row: dict[str, Any]) -> Refund:
        """From the row's facts by column name."""
        money = row.get("data.amount") or 0, row.get("data.currency")
        named = (row.get("employee") or "", row.get("splits")) if row["type"] == "correction" else ()
        return cls(sale, row["type"], *money, *named)


@dataclass(slots=True)
class Fates:
    """By row: ``status``; ``known``: the id was remembered before the segment; ``seen``, ``floor``: the
    clock.

    ``walk``: rows that in_order.py has to decide, ascending; ``refunds``: what those of them that are refunds
    say.
    """

    status: np.ndarray  # uint8
    known: np.ndarray  # bool
    seen: np.ndarray  # int32 minutes
    floor: np.ndarray  # int32 minutes
    walk: np.ndarray
    refunds: dict[int, Refund]


def decide_columns(segment: Segment, judged: Judged, state: State) -> Fates:
    """Decides what can be decided as columns; reads ``state``, changes only its clock."""
    seen, floor = _advance_clock(segment, state)
    order = np.argsort(segment.high)
    chunks, _ = state.memory.find(segment.high[order], segment.low[order], floor[order])
    known = np.empty(len(segment), bool)
    known[order] = chunks >= 0
    status = np.where(known, DUPLICATE, np.where(judged.reason > 0, DEAD, APPLIED)).astype(np.uint8)
    walk = judged.refund & (status == APPLIED)
    refunds = _read_refunds(segment, judged, np.flatnonzero(judged.refund & (judged.reason == 0)))
    fates = Fates(status, known, seen, floor, walk, refunds)
    _mark_asked_for(segment, order, fates, state)
    _decide_repeats(segment, order, fates)
    fates.walk = np.flatnonzero(fates.walk)
    _find_sales(fates, state)
    return fates


def _advance_clock(segment: Segment, state: State) -> tuple[np.ndarray, np.ndarray]:
    # Arrival, not event time, decides what is forgotten: in a backfill one partition may be months ahead of another.
    newest = np.maximum(np.maximum.accumulate(segment.arrived), state.newest)
    seen = (newest // _MINUTE_MS).astype(np.int32)
    horizon = state.rules.horizon_minutes if state.rules else seen
    floor = np.maximum(seen - horizon, state.floor).astype(np.int32)
    state.newest, state.floor = int(newest[-1]), int(floor[-1])
    return seen, floor


def _read_refunds(segment: Segment, judged: Judged, rows: np.ndarray) -> dict[int, Refund]:
    if not len(rows):
        return {}
    present = [name for name in _READ if name in segment.table.schema.names]
    values = segment.table.select(present).take(rows).to_pylist()
    refunds = {}
    for row, value in zip(rows.tolist(), values, strict=True):
        source = value.get("data.sale_source") or value["source"]
        refunds[row] = Refund.of(event_hash(source, value["data.sale_id"]), value)
    return refunds


def _mark_asked_for(segment: Segment, order: np.ndarray, fates: Fates, state: State) -> None:
    """Adds to the walk the rows whose id is a sale that a refund names, or that of a parked refund."""
    watched = state.parked.watched.keys()
    if len(watched) > len(segment):  # many may wait for months, and a batch be of a few rows
        watched = watched & set(segment.high.tolist())
    halves = {high_half(refund.sale) for refund in fates.refunds.values()} | watched
    if not halves:
        return
    asked, high = np.array(sorted(halves), np.uint64), segment.high[order]
    starts, ends = np.searchsorted(high, asked, "left"), np.searchsorted(high, asked, "right")
    there = starts < ends
    turns = np.zeros(len(high) + 1, np.int32)
    turns[starts[there]] += 1  # no two begin, and no two end, at one place
    turns[ends[there]] -= 1
    fates.walk[order[np.cumsum(turns[:-1]) > 0]] = True


def _decide_repeats(segment: Segment, order: np.ndarray, fates: Fates) -> None:
    """Of rows with one id the first good one is applied, later ones are duplicates; or the walk takes them
    all.
    """
    high = segment.high[order]
    like_next = high[1:] == high[:-1]
    if not like_next.any():
        return
    repeated = np.append(like_next, False)
    repeated[1:] |= like_next
    rows = np.sort(order[repeated])
    order = rows[np.lexsort((segment.low[rows], segment.high[rows]))]
    high, low = segment.high[order], segment.low[order]
    starts = np.flatnonzero(np.concatenate([[True], (high[1:] != high[:-1]) | (low[1:] != low[:-1])]))
    counts = np.diff(starts, append=len(order))
    group = np.repeat(np.arange(len(starts)), counts)
    good = fates.status[order] == APPLIED
    first_good = np.minimum.reduceat(np.where(good, order, len(segment)), starts)
    fates.status[order[order > first_good[group]]] = DUPLICATE
    forgotten_between = fates.seen[order[starts]] < fates.floor[order[starts + counts - 1]]
    walked = np.logical_or.reduceat(fates.walk[order], starts) | (forgotten_between & (counts > 1))
    fates.walk[order[walked[group]]] = True


def _find_sales(fates: Fates, state: State) -> None:
    """Looks up the sales of all refunds in the walk at once."""
    rows = [row for row in fates.walk.tolist() if row in fates.refunds]
    sales = [fates.refunds[row].sale for row in rows]
    high = np.array([high_half(sale) for sale in sales], np.uint64)
    low = np.array([low_half(sale) for sale in sales], np.uint64)
    chunks, places = state.memory.find(high, low, fates.floor[rows])
    for row, chunk, place in zip(rows, chunks.tolist(), places.tolist(), strict=True):
        fates.refunds[row].chunk, fates.refunds[row].place = chunk, place
