"""Earning lines as a block: who, for which period, how much, and the credit that caused it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.identity import line_group, line_id_within
from streams.performance.decisions import Lines
from streams.performance.origins import Origins
from streams.performance.running import key_parts


class _Holder(NamedTuple):
    """What all lines of one rule, employee and period say, and what their ids begin with."""

    group: str
    period: str
    posted: str
    team: str
    department: str

    @classmethod
    def of(cls, engine, rule, key: int, partition: int) -> _Holder:
        """Of a period key."""
        code, ordinal = key_parts(key)
        period = posted = engine.period_text(rule.period, ordinal)
        if engine.closed:
            posted = engine.period_text(rule.period, engine.closed.open_period(rule.period, ordinal))
        employee = engine.reader.names["employee"].names[code]
        group = line_group(engine.plan.plan, rule.id, employee, rule.period, period, partition)
        return cls(group, period, posted, *engine.place(code, rule.period, ordinal))


def earnings_block(decided: list[Lines], engine, origins: Origins, meta: dict) -> bytes | None:
    """The block of all earning lines, by the row that caused them, then in plan order; None if there are none."""
    if not decided:
        return None
    lines = sorted((line for some in decided for line in _each(some)), key=itemgetter(0, 1))
    plan, names = engine.plan, engine.reader.names["employee"].names
    rules = [one.rule for one in engine.rules]
    rows = np.array([line[0] for line in lines], np.int64)
    offsets, indices = origins.positions(rows)
    places = zip(lines, offsets.tolist(), indices.tolist(), origins.causes(rows), strict=True)
    holders: dict[tuple[int, int], _Holder] = {}
    found = []
    for (_, at, key, amount, withheld, basis, value_after, reason, award_id), offset, index, cause in places:
        rule = rules[at]
        holder = holders.get((at, key))
        if holder is None:
            holder = holders[at, key] = _Holder.of(engine, rule, key, meta["partition"])
        found.append((
            line_id_within(holder.group, offset, index, 0, reason), plan.plan, plan.version, rule.id,
            names[key_parts(key)[0]], holder.team, holder.department, rule.period, holder.period, holder.posted,
            amount, withheld, plan.currency, basis, value_after, reason, *cause, award_id, offset, index, 0,
        ))  # fmt: skip
    return lines_block(found, meta)


def _each(lines: Lines) -> Iterator[tuple]:
    """Row, rule, key, amount, withheld, basis, value after, reason, award of each line."""
    columns = (lines.rows, lines.rule_index, lines.keys, lines.amount, lines.withheld, lines.basis, lines.value_after)
    numbers = (np.broadcast_to(column, len(lines.rows)).tolist() for column in columns)
    return zip(*numbers, repeat(lines.reason), repeat(lines.award_id), strict=False)


_TEXT = pa.dictionary(pa.int32(), pa.string())
_LINES = pa.struct([
    ("line_id", pa.string()), ("plan", _TEXT), ("plan_version", pa.int32()), ("rule", _TEXT), ("employee", _TEXT),
    ("team", _TEXT), ("department", _TEXT), ("period_kind", _TEXT), ("period", _TEXT), ("posted_in", _TEXT),
    ("amount", pa.int64()), ("withheld", pa.int64()), ("currency", _TEXT), ("basis", pa.int64()),
    ("value_after", pa.int64()), ("reason", _TEXT), ("source", _TEXT), ("id", pa.string()),
    ("event_time", pa.int64()), ("award_id", pa.string()), ("offset", pa.int64()), ("index", pa.int32()),
    ("payee", pa.int16()),
])  # fmt: skip


def lines_block(lines: list[tuple], meta: dict) -> bytes:
    """The block of ``lines``, each a tuple in the order of the columns. Arrow makes all columns at once from tuples:
    a column by itself costs as much as a hundred lines.
    """
    return encode_block(pa.RecordBatch.from_struct_array(pa.array(lines, _LINES)), meta)
