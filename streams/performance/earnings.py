"""Earning lines as a block: who, for which period, how much, and the credit that caused it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.identity import line_group, line_id_within
from streams.performance.decisions import Lines
from streams.performance.origins import CAUSE, Origins
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
    counts = [len(lines.rows) for lines in decided]
    part = np.repeat(np.arange(len(decided)), counts)
    rows = np.concatenate([lines.rows for lines in decided])
    rule = np.array([lines.rule_index for lines in decided])[part]
    order = np.lexsort((rule, rows))
    rows, rule, part = rows[order], rule[order], part[order]

    def numbers(name: str) -> np.ndarray:
        columns = [np.broadcast_to(getattr(lines, name), len(lines.rows)) for lines in decided]
        return np.concatenate(columns).astype(np.int64, copy=False)[order]

    rules, plan, names = [one.rule for one in engine.rules], engine.plan, engine.reader.names["employee"].names
    holders, of = np.unique(numbers("keys") * len(rules) + rule, return_inverse=True)
    groups, held = [], []
    for key, at in zip((holders // len(rules)).tolist(), (holders % len(rules)).tolist(), strict=True):
        own = rules[at]
        holder = _Holder.of(engine, own, key, meta["partition"])
        groups.append(holder.group)
        held.append((
            plan.plan, plan.version, own.id, names[key_parts(key)[0]], holder.team, holder.department, own.period,
            holder.period, holder.posted, plan.currency, 0,
        ))  # fmt: skip
    offsets, indices = origins.positions(rows)
    reasons = [lines.reason for lines in decided]
    places = zip(of.tolist(), offsets.tolist(), indices.tolist(), part.tolist(), strict=True)
    ids = [line_id_within(groups[holder], offset, index, 0, reasons[at]) for holder, offset, index, at in places]
    told = [(lines.reason, lines.award_id) for lines in decided]
    columns = {"line_id": pa.array(ids), "offset": pa.array(offsets), "index": pa.array(indices.astype(np.int32))}
    columns |= {name: pa.array(numbers(name)) for name in ("amount", "withheld", "basis", "value_after")}
    columns |= _columns(_HOLDER, held, of) | _columns(_TOLD, told, part)
    columns |= dict(zip(CAUSE, origins.causes(rows).columns, strict=True))
    return encode_block(pa.RecordBatch.from_arrays([columns[name] for name in _SCHEMA.names], schema=_SCHEMA), meta)


def _columns(of: pa.StructType, rows: list[tuple], which: np.ndarray) -> dict[str, pa.Array]:
    """Columns of those ``rows`` that ``which`` says: Arrow is asked once for all."""
    if len(which) <= _FEW:
        found = pa.array([rows[at] for at in which.tolist()], of)
    else:
        found = pa.array(rows, of).take(pa.array(which))
    return dict(zip(of.names, found.flatten(), strict=True))


_TEXT = pa.dictionary(pa.int32(), pa.string())
_LINES = pa.struct([
    ("line_id", pa.string()), ("plan", _TEXT), ("plan_version", pa.int32()), ("rule", _TEXT), ("employee", _TEXT),
    ("team", _TEXT), ("department", _TEXT), ("period_kind", _TEXT), ("period", _TEXT), ("posted_in", _TEXT),
    ("amount", pa.int64()), ("withheld", pa.int64()), ("currency", _TEXT), ("basis", pa.int64()),
    ("value_after", pa.int64()), ("reason", _TEXT), ("source", _TEXT), ("id", pa.string()),
    ("event_time", pa.int64()), ("award_id", pa.string()), ("offset", pa.int64()), ("index", pa.int32()),
    ("payee", pa.int16()),
])  # fmt: skip
_SCHEMA = pa.schema(_LINES)
#: So many tuples cost less than choosing among a few columns.
_FEW = 50


def _some(*names: str) -> pa.StructType:
    return pa.struct([_LINES.field(name) for name in names])


#: Columns that a rule, person and period have in common, and the lines of one decision.
_HOLDER = _some("plan", "plan_version", "rule", "employee", "team", "department", "period_kind", "period", "posted_in",
                "currency", "payee")  # fmt: skip
_TOLD = _some("reason", "award_id")


def lines_block(lines: list[tuple], meta: dict) -> bytes:
    """The block of ``lines``, each a tuple in the order of the columns. Arrow makes all columns at once from tuples:
    a column by itself costs as much as a hundred lines.
    """
    return encode_block(pa.RecordBatch.from_struct_array(pa.array(lines, _LINES)), meta)
