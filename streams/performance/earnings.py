"""Earning lines as a block: who, for which period, how much, and the credit that caused it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.identity import line_id
from streams.performance.columns import coded_column, dictionary_column
from streams.performance.decisions import Lines
from streams.performance.origins import Origins
from streams.performance.running import key_parts


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

    employee, ordinal = key_parts(numbers("keys"))
    names = engine.reader.names["employee"].names
    rules = [one.rule for one in engine.rules]
    periods = [
        engine.period_text(rules[at].period, one) for at, one in zip(rule.tolist(), ordinal.tolist(), strict=True)
    ]
    posted = periods
    if engine.closed:
        kinds = [rules[at].period for at in rule.tolist()]
        posted = [
            engine.period_text(kind, engine.closed.open_period(kind, one))
            for kind, one in zip(kinds, ordinal.tolist(), strict=True)
        ]
    reasons = texts("reason")
    offset, index = origins.positions(rows)
    stood = list(zip(employee.tolist(), (rules[at].period for at in rule.tolist()), ordinal.tolist(), strict=True))
    places = {one: engine.place(*one) for one in dict.fromkeys(stood)}
    plan = engine.plan
    ids = [
        line_id(plan.plan, rules[at].id, names[who], rules[at].period, period, meta["partition"], where, row, 0, reason)
        for at, who, period, where, row, reason in zip(
            rule.tolist(), employee.tolist(), periods, offset.tolist(), index.tolist(), reasons, strict=True
        )
    ]
    columns = {
        "line_id": pa.array(ids),
        "plan": _constant(plan.plan, count),
        "plan_version": pa.array(np.full(count, plan.version, np.int32)),
        "rule": coded_column(rule, [one.id for one in rules]),
        "employee": coded_column(employee, names),
        "team": dictionary_column([places[one][0] for one in stood]),
        "department": dictionary_column([places[one][1] for one in stood]),
        "period_kind": coded_column(rule, [one.period for one in rules]),
        "period": dictionary_column(periods),
        "posted_in": dictionary_column(posted),
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
