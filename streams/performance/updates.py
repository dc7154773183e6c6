"""KPI updates: absolute values of the day cells and periods touched since the last ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.money import SCALE, round_half_up
from streams.performance.cells import LEVELS
from streams.performance.columns import coded_column, dictionary_column
from streams.performance.family import Family, day_key_parts
from streams.performance.ladder import NO_TARGET, value_scale
from streams.performance.period_view import PeriodView
from streams.performance.quotients import half_up, product
from streams.performance.rolling import RollingTable
from streams.performance.running import key_parts

_UINT64_LISTS = pa.list_(pa.uint64())


def kpi_days_block(engine, meta: dict) -> bytes | None:
    """A ``kpi-days`` block of every touched day cell; None if there is none."""
    parts = []
    for family in engine.families:
        for index, touched in enumerate(family.dirty_days):
            if touched:
                parts.append(days_of(family, index, np.unique(np.concatenate(touched)), engine))
                touched.clear()
    if not parts:
        return None
    return encode_block(concatenated(parts), meta)


def concatenated(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    """One batch of several (at least one) with the same columns."""
    if len(parts) == 1:
        return parts[0]
    return pa.Table.from_batches(parts).unify_dictionaries().combine_chunks().to_batches()[0]


def days_of(family: Family, index: int, slots: np.ndarray, engine) -> pa.RecordBatch:
    """Rows of kpi-days for day cells of one KPI of the family."""
    kpi, days = family.kpis[index], family.days
    employee, team, department, day = day_key_parts(days.keys[slots])
    names = engine.reader.names
    num, den = days.num[index, slots], days.den[index, slots]
    own = (pa.array(num), pa.array(den))
    units = [(pa.array(pair[0]), pa.array(pair[1])) if pair else own for pair in days.units(index, slots)]
    none = pa.nulls(len(slots), pa.int64())
    members = pa.nulls(len(slots), _UINT64_LISTS)
    if kpi.aggregate == "distinct":
        members = pa.array([sorted(days.members.get((index, slot), ())) for slot in slots.tolist()], _UINT64_LISTS)
    return pa.RecordBatch.from_pydict(
        {
            "kpi": dictionary_column([kpi.id] * len(slots)),
            "employee": coded_column(employee, names["employee"].names),
            "team": coded_column(team, names["team"].names),
            "department": coded_column(department, names["department"].names),
            "day": pa.array(day.astype(np.int32)),
            "numerator": own[0],
            "denominator": own[1],
            "low": pa.array(num, mask=den == 0) if kpi.aggregate == "min" else none,
            "high": pa.array(num, mask=den == 0) if kpi.aggregate == "max" else none,
            **{f"{level}_numerator": pair[0] for level, pair in zip(LEVELS, units, strict=True)},
            **{f"{level}_denominator": pair[1] for level, pair in zip(LEVELS, units, strict=True)},
            "members": members,
            "plan_version": pa.array(np.full(len(slots), engine.plan.version, np.int32)),
        }
    )


def kpi_periods_block(engine, meta: dict) -> bytes | None:
    """A ``kpi-periods`` block of every touched period; None if there is none."""
    parts = []
    for view in engine.views.values():
        if view.dirty:
            slots = np.unique(np.concatenate(view.dirty))
            view.dirty.clear()
            if isinstance(view.table, RollingTable):  # one that never held anything has no last day
                ended = [view.table.latest_day(view.kpi_index, slot) is not None for slot in slots.tolist()]
                slots = slots[ended]
            if len(slots):
                parts.append(periods_of(view, slots, engine))
    if not parts:
        return None
    return encode_block(concatenated(parts), meta)


def periods_of(view: PeriodView, slots: np.ndarray, engine) -> pa.RecordBatch:
    """Rows of kpi-periods for periods of one view."""
    table, index = view.table, view.kpi_index
    employee, ordinal = key_parts(table.keys[slots])
    if isinstance(table, RollingTable):
        ordinal = np.array([table.latest_day(index, slot) or 0 for slot in slots.tolist()], np.int64)
    kinds, at = np.unique(ordinal, return_inverse=True)
    spans = np.array([engine.calendar.span(view.kind, int(one)) for one in kinds], np.int32).reshape(-1, 2)
    texts = [engine.calendar.key(view.kind, int(one)) for one in kinds]
    num, den, targets = table.num[index, slots], table.den[index, slots], view.targets(slots)
    values, attainments = _measured(view, num, den, targets)
    return pa.RecordBatch.from_pydict(
        {
            "kpi": dictionary_column([view.kpi.id] * len(slots)),
            "employee": coded_column(employee, engine.reader.names["employee"].names),
            "period_kind": dictionary_column([view.kind] * len(slots)),
            "period": pa.DictionaryArray.from_arrays(pa.array(at.astype(np.int32)), pa.array(texts, pa.string())),
            "first_day": pa.array(spans[at, 0]),
            "last_day": pa.array(spans[at, 1]),
            "numerator": pa.array(num),
            "denominator": pa.array(den),
            "value": values,
            "target": pa.array(targets, mask=targets == NO_TARGET),
            "attainment": attainments,
            "plan_version": pa.array(np.full(len(slots), engine.plan.version, np.int32)),
        }
    )


def _measured(view: PeriodView, num: np.ndarray, den: np.ndarray, targets: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Values and attainments, rounded half-up to four decimals, null where undefined."""
    kpi, scale = view.kpi, value_scale(view.kpi)
    defined = np.ones(len(num), bool) if scale.empty_is_zero else den > 0
    below = np.where(defined, den, 1) if scale.divides else np.ones_like(num)
    attained = defined & (targets > 0)
    goal = np.where(attained, targets, 1)
    if kpi.direction == "up":
        attainments = half_up(product(num, scale.factor, SCALE), product(below, goal))
    else:
        some = num > 0
        attainments = half_up(product(goal, below, SCALE), product(np.where(some, num, 1), scale.factor))
        attainments = np.where(some, attainments, round_half_up(Fraction(kpi.attainment_at_zero) * SCALE, 1))
    values = half_up(product(num, scale.factor), below)
    return pa.array(values, mask=~defined), pa.array(attainments, mask=~attained)
