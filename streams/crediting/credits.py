"""Credits of a segment as columns, in the order of (target partition, position, payee)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from schemas.money import WHOLE
from streams.crediting.in_order import InOrder
from streams.crediting.rules import Judged, Rules
from streams.crediting.segments import Segment
from streams.crediting.sources import APPLIED
from streams.crediting.splits import ALL_FIRST, OVERLAY, Split, parts_of, split_amounts
from streams.organisation import Assignments

#: Amount and time are the event's; they are the credit's own, the amount where the event has one; or always.
EVENTS, OWN, ALWAYS = range(3)


@dataclass(slots=True)
class Credits:
    """``at``: row whose position a credit has; ``data``: row of its event's fields (from the segment's length
    on: released refunds); ``own``: how amount (fixed) and time (ms) stand to the event's: EVENTS, OWN, ALWAYS.
    ``refund``: number among the walk's credits, -1 for others; None where there are no such credits.
    """

    at: np.ndarray  # int64
    payee: np.ndarray  # int16
    data: np.ndarray  # int64
    assignment: np.ndarray  # int32
    ppm: np.ndarray  # int32
    first: np.ndarray  # uint8
    own: np.ndarray  # uint8
    amount: np.ndarray  # int64
    time: np.ndarray  # int64
    refund: np.ndarray | None = None  # int32

    def __len__(self) -> int:
        return len(self.at)

    def take(self, order: np.ndarray) -> Credits:
        """The same credits in another order."""
        columns = [getattr(self, name) for name in self.__slots__]
        return Credits(*(None if column is None else column[order] for column in columns))


def give_credit(
    segment: Segment,
    judged: Judged,
    status: np.ndarray,
    walked: InOrder,
    rules: Rules,
    assignments: Assignments,
) -> Credits:
    """Credits of all applied rows and refunds, sorted by (target partition, at, payee)."""
    applied = (status == APPLIED) & ~judged.refund
    whole = np.flatnonzero(applied & (judged.payee >= 0))
    parts = [_whole_credits(segment, judged, whole)]
    split_rows = [row for row in sorted(judged.splits) if applied[row]]
    if split_rows:
        parts.append(_split_credits(segment, judged, split_rows, rules.step))
    if walked.credits.at:
        for part in parts:
            part.refund = np.full(len(part), -1, np.int32)
        parts.append(_refund_credits(walked))
    if len(parts) == 1:
        credits = parts[0]
    else:
        names = [name for name in Credits.__slots__ if getattr(parts[0], name) is not None]
        credits = Credits(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
        credits = credits.take(np.lexsort((credits.payee, credits.at)))
    targets = assignments.partition[credits.assignment]
    return credits.take(np.argsort(targets, kind="stable"))  # of uint8 a radix sort


def _whole_credits(segment: Segment, judged: Judged, rows: np.ndarray) -> Credits:
    count = len(rows)
    own = np.full(count, EVENTS, np.uint8)
    if judged.credited is not judged.amount or judged.time is not segment.time:
        other = (judged.credited[rows] != judged.amount[rows]) | (judged.time[rows] != segment.time[rows])
        own[other] = OWN
    return Credits(
        at=rows,
        payee=np.zeros(count, np.int16),
        data=rows,
        assignment=judged.payee[rows],
        ppm=np.full(count, WHOLE, np.int32),
        first=np.full(count, ALL_FIRST, np.uint8),
        own=own,
        amount=judged.credited[rows],
        time=judged.time[rows],
    )


def _split_credits(segment: Segment, judged: Judged, rows: list[int], step: int) -> Credits:
    splits = [judged.splits[row] for row in rows]
    counts = np.array([len(split.payees) for split in splits])
    at = np.repeat(np.array(rows, np.int64), counts)
    ppm = np.array([share for split in splits for share in split.ppm], np.int64)
    starts = np.cumsum(counts) - counts
    return Credits(
        at=at,
        payee=(np.arange(len(at)) - np.repeat(starts, counts)).astype(np.int16),
        data=at,
        assignment=np.array([payee for split in splits for payee in split.payees], np.int32),
        ppm=ppm.astype(np.int32),
        first=np.array([bits for split in splits for bits in split.firsts], np.uint8),
        own=np.full(len(at), OWN, np.uint8),
        amount=_parts(judged.credited[rows], splits, counts, ppm, step),
        time=judged.time[at],
    )


def _parts(amounts: np.ndarray, splits: list[Split], counts: np.ndarray, ppm: np.ndarray, step: int) -> np.ndarray:
    """Amount of each payee, splits one after another."""
    overlays = [split.firsts[-1] == OVERLAY for split in splits]
    if not any(overlays):
        return split_amounts(amounts, counts, ppm, step)
    parts = []
    for amount, split in zip(amounts.tolist(), splits, strict=True):
        parts += parts_of(amount, list(split.ppm), [bits == OVERLAY for bits in split.firsts], step)
    return np.array(parts, np.int64)


def _refund_credits(walked: InOrder) -> Credits:
    columns = walked.credits
    return Credits(
        at=np.array(columns.at, np.int64),
        payee=np.array(columns.payee, np.int16),
        data=np.array(columns.data, np.int64),
        assignment=np.array(columns.assignment, np.int32),
        ppm=np.array(columns.ppm, np.int32),
        first=np.array(columns.first, np.uint8),
        own=np.full(len(columns.at), ALWAYS, np.uint8),
        amount=np.array(columns.amount, np.int64),
        time=np.array(columns.time, np.int64),
        refund=np.arange(len(columns.at), dtype=np.int32),
    )


def with_released(table: pa.Table, walked: InOrder) -> pa.Table:
    """``table`` with the released refunds' rows behind its own."""
    if not walked.released:
        return table
    rows = [parked.row for parked in walked.released]
    names = [name for name in _passed_on(table) if name in table.schema.names]
    fields = {name: table.schema.field(name).type for name in names}
    for row in rows:
        fields |= {
            name: _type_of(value)
            for name, value in row.items()
            if name.startswith("data.") and value is not None and name not in fields
        }
    more = pa.table({name: _column([row.get(name) for row in rows], type_) for name, type_ in fields.items()})
    return pa.concat_tables([table.select(names), more], promote_options="default").combine_chunks()


def _passed_on(table: pa.Table) -> list[str]:
    fixed = ["event_hash", "source", "id", "type", "time"]
    return fixed + [name for name in table.schema.names if name.startswith("data.")]


def _type_of(value: int | str | bool) -> pa.DataType:
    if isinstance(value, bool):
        return pa.bool_()
    return pa.int64() if isinstance(value, int) else pa.dictionary(pa.int32(), pa.string())


def _column(values: list, type_: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(type_):
        return pa.array(values, type_)
    return pa.array(values, type_.value_type).dictionary_encode().cast(type_)
