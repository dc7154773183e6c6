"""KPI updates: absolute values of the day cells and periods touched since the last ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa

from schemas.blocks import encode_block
from schemas.money import SCALE, round_half_up
from streams.performance.cells import LEVELS
from streams.performance.columns import coded_column, numbered
from streams.performance.family import Family, day_key_parts
from streams.performance.ladder import NO_TARGET, value_scale
from streams.performance.period_view import PeriodView
from streams.performance.quotients import half_up, product
from streams.performance.rolling import RollingTable
from streams.performance.running import key_parts, period_key

_UINT64_LISTS = pa.list_(pa.uint64())

#: Day cells of a family's KPI by its number, and periods of a view: what a block has rows of, by slot.
DaySlots = tuple[Family, int, np.ndarray]
PeriodSlots = tuple[PeriodView, np.ndarray]


def kpi_days_block(engine, meta: dict) -> bytes | None:
    """A ``kpi-days`` block of every touched day cell; None if there is none."""
    parts = []
    for family in engine.families:
        for index, touched in enumerate(family.dirty_days):
            if touched:
                parts.append((family, index, numbered(np.concatenate(touched), family.days.size)[0]))
                touched.clear()
    return encode_block(days_of(parts, engine), meta) if parts else None


def days_of(parts: list[DaySlots], engine) -> pa.RecordBatch:
    """Rows of kpi-days for day cells; Arrow is asked once for all parts, which are often of few rows."""
    kpis = [family.kpis[index] for family, index, _ in parts]
    counts = [len(slots) for *_, slots in parts]
    keys, num, den, *units = map(np.concatenate, zip(*(_cells(*part) for part in parts), strict=True))
    employee, team, department, day = day_key_parts(keys)
    names = engine.reader.names

    def extreme(aggregate: str) -> pa.Array:
        return pa.array(num, mask=(den == 0) | ~np.repeat([kpi.aggregate == aggregate for kpi in kpis], counts))

    return pa.RecordBatch.from_pydict(
        {
            "kpi": _repeated([kpi.id for kpi in kpis], counts),
            "employee": coded_column(employee, names["employee"]),
            "team": coded_column(team, names["team"]),
            "department": coded_column(department, names["department"]),
            "day": pa.array(day.astype(np.int32)),
            "numerator": pa.array(num),
            "denominator": pa.array(den),
            "low": extreme("min"),
            "high": extreme("max"),
            **{f"{level}_numerator": pa.array(one) for level, one in zip(LEVELS, units[::2], strict=True)},
            **{f"{level}_denominator": pa.array(one) for level, one in zip(LEVELS, units[1::2], strict=True)},
            "members": pa.concat_arrays([_members(*part) for part in parts]),
            "plan_version": pa.array(np.full(len(num), engine.plan.version, np.int32)),
        }
    )


def _cells(family: Family, index: int, slots: np.ndarray) -> tuple[np.ndarray, ...]:
    """Keys, numerators and denominators of day cells, and both of each kind of unit."""
    days = family.days
    own = days.num[index, slots], days.den[index, slots]
    units = [own if pair is None else pair for pair in days.units(index, slots)]
    return days.keys[slots], *own, *(side for pair in units for side in pair)


def _members(family: Family, index: int, slots: np.ndarray) -> pa.Array:
    if family.kpis[index].aggregate != "distinct":
        return pa.nulls(len(slots), _UINT64_LISTS)
    return pa.array([sorted(family.days.members.get((index, slot), ())) for slot in slots.tolist()], _UINT64_LISTS)


def _repeated(texts: list[str], counts: list[int]) -> pa.DictionaryArray:
    """Each text as many times as its count says."""
    names = list(dict.fromkeys(texts))
    codes = np.repeat(np.array([names.index(text) for text in texts], np.int32), counts)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()))


def kpi_periods_block(engine, meta: dict) -> bytes | None:
    """A ``kpi-periods`` block of every touched period; None if there is none."""
    parts = []
    for view in engine.views.values():
        if view.dirty:
            slots, _ = numbered(np.concatenate(view.dirty), view.table.size)
            view.dirty.clear()
            slots = dated(view, slots)
            if len(slots):
                parts.append((view, slots))
    return encode_block(periods_of(parts, engine), meta) if parts else None


def dated(view: PeriodView, slots: np.ndarray) -> np.ndarray:
    """Without rolling windows that never held anything, which have no last day."""
    if not isinstance(view.table, RollingTable):
        return slots
    return slots[[view.table.latest_day(view.kpi_index, slot) is not None for slot in slots.tolist()]]


def periods_of(parts: list[PeriodSlots], engine) -> pa.RecordBatch:
    """Rows of kpi-periods for periods; Arrow is asked once for all parts, which are often of few rows."""
    views, counts = [view for view, _ in parts], [len(slots) for _, slots in parts]
    columns = map(np.concatenate, zip(*(_periods(*part) for part in parts), strict=True))
    employee, ordinal, num, den, targets, values, defined, attainments, attained = columns
    kinds = list(dict.fromkeys(view.kind for view in views))
    kind = np.repeat([kinds.index(view.kind) for view in views], counts)
    found, at = np.unique(period_key(kind, ordinal), return_inverse=True)
    places = [(kinds[kind], one) for kind, one in map(key_parts, found.tolist())]
    spans = np.array([engine.calendar.span(*place) for place in places], np.int32)
    texts = pa.array([engine.calendar.key(*place) for place in places], pa.string())
    return pa.RecordBatch.from_pydict(
        {
            "kpi": _repeated([view.kpi.id for view in views], counts),
            "employee": coded_column(employee, engine.reader.names["employee"]),
            "period_kind": _repeated([view.kind for view in views], counts),
            "period": pa.DictionaryArray.from_arrays(pa.array(at.astype(np.int32)), texts),
            "first_day": pa.array(spans[at, 0]),
            "last_day": pa.array(spans[at, 1]),
            "numerator": pa.array(num),
            "denominator": pa.array(den),
            "value": pa.array(values, mask=~defined),
            "target": pa.array(targets, mask=targets == NO_TARGET),
            "attainment": pa.array(attainments, mask=~attained),
            "plan_version": pa.array(np.full(len(num), engine.plan.version, np.int32)),
        }
    )


def _periods(view: PeriodView, slots: np.ndarray) -> tuple[np.ndarray, ...]:
    """Employees, ordinals, numerators, denominators and targets of periods; values and attainments, rounded half-up to
    four decimals, each with where it is defined.
    """
    table, index, kpi, scale = view.table, view.kpi_index, view.kpi, value_scale(view.kpi)
    employee, ordinal = key_parts(table.keys[slots])
    if isinstance(table, RollingTable):
        ordinal = np.array([table.latest_day(index, slot) or 0 for slot in slots.tolist()], np.int64)
    num, den, targets = table.num[index, slots], table.den[index, slots], view.targets(slots)
    defined = np.ones(len(num), bool) if scale.empty_is_zero else den > 0
    below = np.where(defined, den, 1) if scale.divides else np.ones_like(num)
    attained = defined & (targets > 0)
    goal = np.where(attained, targets, 1)
    if not attained.any():
        attainments = goal
    elif kpi.direction == "up":
        attainments = half_up(product(num, scale.factor, SCALE), product(below, goal))
    else:
        some = num > 0
        attainments = half_up(product(goal, below, SCALE), product(np.where(some, num, 1), scale.factor))
        attainments = np.where(some, attainments, round_half_up(Fraction(kpi.attainment_at_zero) * SCALE, 1))
    values = half_up(product(num, scale.factor), below) if scale.divides else num
    return employee, ordinal, num, den, targets, values, defined, attainments, attained
