"""Earning lines as a block: who, for which period, how much, and the credit that caused it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.identity import line_group, line_id_within
from streams.performance.columns import coded_column, dictionary_column
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
    rows = np.concatenate([lines.rows for lines in decided])
    rule = np.repeat([lines.rule_index for lines in decided], [len(lines.rows) for lines in decided])
    order = np.lexsort((np.arange(len(rows)), rule, rows))
    rows, rule = rows[order], rule[order]
    count = len(rows)

    def numbers(name: str) -> np.ndarray:
        columns = [np.broadcast_to(getattr(lines, name), len(lines.rows)) for lines in decided]
        return np.concatenate(columns).astype(np.int64, copy=False)[order]

    def texts(name: str) -> list[str]:
        flat = [getattr(lines, name) for lines in decided for _ in range(len(lines.rows))]
        return [flat[at] for at in order.tolist()]

    keys = numbers("keys")
    employee, _ = key_parts(keys)
    names = engine.reader.names["employee"].names
    rules = [one.rule for one in engine.rules]
    of_line = list(zip(rule.tolist(), keys.tolist(), strict=True))
    holders = {one: _Holder.of(engine, rules[one[0]], one[1], meta["partition"]) for one in dict.fromkeys(of_line)}
    held = [holders[one] for one in of_line]
    reasons = texts("reason")
    offset, index = origins.positions(rows)
    plan = engine.plan
    places = zip(held, offset.tolist(), index.tolist(), reasons, strict=True)
    ids = [line_id_within(holder.group, where, row, 0, reason) for holder, where, row, reason in places]
    columns = {
        "line_id": pa.array(ids),
        "plan": _constant(plan.plan, count),
        "plan_version": pa.array(np.full(count, plan.version, np.int32)),
        "rule": coded_column(rule, [one.id for one in rules]),
        "employee": coded_column(employee, names),
        "team": dictionary_column([one.team for one in held]),
        "department": dictionary_column([one.department for one in held]),
        "period_kind": coded_column(rule, [one.period for one in rules]),
        "period": dictionary_column([one.period for one in held]),
        "posted_in": dictionary_column([one.posted for one in held]),
        "amount": pa.array(numbers("amount")),
        "withheld": pa.array(numbers("withheld")),
        "currency": _constant(plan.currency, count),
        "basis": pa.array(numbers("basis")),
        "value_after": pa.array(numbers("value_after")),
        "reason": dictionary_column(reasons),
        **origins.causes(rows),
        "award_id": pa.array(texts("award_id")),
        "offset": pa.array(offset),
        "index": pa.array(index.astype(np.int32)),
        "payee": pa.array(np.zeros(count, np.int16)),
    }
    return encode_block(pa.RecordBatch.from_pydict(columns), meta)


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value], pa.string()))
