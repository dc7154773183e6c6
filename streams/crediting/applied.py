"""What a segment adds to the memory of events."""

from __future__ import annotations

import numpy as np

from streams.crediting.arrivals import Arrivals
from streams.crediting.chunks import NOT_A_SALE, SPLIT, Columns
from streams.crediting.decide import Fates
from streams.crediting.in_order import InOrder
from streams.crediting.profiles import UNKNOWN
from streams.crediting.refunds import high_half, low_half
from streams.crediting.rules import Judged
from streams.crediting.segments import Segment
from streams.crediting.sources import APPLIED


def arrivals_of(segment: Segment, judged: Judged, fates: Fates, walked: InOrder) -> Arrivals:
    """Everything applied in ``segment``, sales with what a refund will ask for; refunds that a sale released
    count as remembered at the sale's offset.
    """
    rows = np.flatnonzero(fates.status == APPLIED)
    events = {
        "offset": segment.offset[rows],
        "high": segment.high[rows],
        "low": segment.low[rows],
        "seen": fates.seen[rows],
        "time": judged.time[rows],
        "amount": judged.amount[rows],
        "payee": np.where(judged.sale[rows], judged.payee[rows], np.int32(NOT_A_SALE)),
        "profile": np.full(len(rows), UNKNOWN, np.int32),
    }
    if judged.profile is not None:
        events["profile"] = np.where(judged.sale[rows], judged.profile[rows], np.int32(UNKNOWN))
    if judged.terms:
        has_terms = np.isin(rows, list(judged.terms)) & judged.sale[rows]
        events["payee"][has_terms] = SPLIT
    split = rows[events["payee"] == SPLIT]
    if walked.released:
        events = _with_released(events, segment, walked)
    return Arrivals(events, _shares(segment, judged, fates, split), segment.offset, fates.floor)


def _with_released(events: Columns, segment: Segment, walked: InOrder) -> Columns:
    released = walked.released
    more = {
        "offset": segment.offset[walked.released_at],
        "high": [high_half(parked.hash) for parked in released],
        "low": [low_half(parked.hash) for parked in released],
        "seen": [parked.seen for parked in released],
        "time": [parked.row["time"] for parked in released],
        "amount": [parked.row.get("data.amount", 0) for parked in released],
        "payee": [NOT_A_SALE] * len(released),
        "profile": [UNKNOWN] * len(released),
    }
    whole = {
        name: np.concatenate([column, np.array(more[name], column.dtype)]) for name, column in events.items()
    }
    order = np.argsort(whole["offset"], kind="stable")
    return {name: column[order] for name, column in whole.items()}


def _shares(segment: Segment, judged: Judged, fates: Fates, rows: np.ndarray) -> Columns | None:
    """Share columns of the split sales in ``rows``."""
    if not len(rows):
        return None
    shares = [judged.shares(row) for row in rows.tolist()]
    each = np.repeat(rows, [len(payees) for payees in shares])
    return {
        "offset": segment.offset[each],
        "high": segment.high[each],
        "low": segment.low[each],
        "seen": fates.seen[each],
        "payee": np.array([payee for payees in shares for payee, _ in payees], np.int32),
        "ppm": np.array([ppm for payees in shares for _, ppm in payees], np.int32),
    }
