"""The ``unit-periods`` block: values of units touched since the last one, absolute."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from schemas.blocks import encode_block
from schemas.money import SCALE, round_half_up
from streams.performance.ladder import NO_TARGET, attainment_of, value_of, value_scale
from streams.rollups.cells import UnitKey
from streams.rollups.units import Units

#: KPI, kind of unit and unit; kind of period, ordinal.
PeriodOf = tuple[UnitKey, str, int]
_TEXTS = ("kpi", "unit_kind", "unit", "period_kind", "period")
_NUMBERS = ("numerator", "denominator", "value", "target", "attainment")
_ROWS = pa.struct([
    *((name, pa.dictionary(pa.int32(), pa.string())) for name in _TEXTS),
    *((name, pa.int32()) for name in ("first_day", "last_day")),
    *((name, pa.int64()) for name in _NUMBERS),
    ("plan_version", pa.int32()),
])  # fmt: skip


def unit_period(units: Units, period: PeriodOf) -> dict:
    """One row."""
    key, kind, ordinal = period
    kpi, unit = units.kpis[key[0]], units.unit(key)
    num, den, target = units.measured(key, kind, ordinal)
    value = value_of(value_scale(kpi), num, den)
    attainment = attainment_of(kpi, value, target)
    return _place(units, period) | {
        "unit_kind": unit.kind,
        "unit": unit.id,
        "numerator": num,
        "denominator": den,
        "value": None if value is None else round_half_up(value, 1),
        "target": None if target == NO_TARGET else target,
        "attainment": None if attainment is None else round_half_up(attainment * SCALE, 1),
    }


def retired_period(units: Units, period: PeriodOf) -> dict:
    """The row that takes a value back."""
    unit = units.unit(period[0])
    nothing = {"numerator": 0, "denominator": 0, "value": None, "target": None, "attainment": None}
    return _place(units, period) | {"unit_kind": unit.kind, "unit": unit.id} | nothing


def period_name(units: Units, period: PeriodOf) -> tuple[str, str, str, str, str]:
    """What names a row, whatever the plan numbers its periods by."""
    key, kind, ordinal = period
    unit = units.unit(key)
    return key[0], unit.kind, unit.id, kind, units.calendar.key(kind, ordinal)


def _place(units: Units, period: PeriodOf) -> dict:
    key, kind, ordinal = period
    first, last = units.calendar.span(kind, ordinal)
    text = units.calendar.key(kind, ordinal)
    return {"kpi": key[0], "period_kind": kind, "period": text, "first_day": first, "last_day": last}


def unit_periods_block(rows: Iterable[dict], version: int, meta: dict) -> bytes | None:
    """The block of ``rows``; None if there are none."""
    rows = list(rows)
    if not rows:
        return None
    rows = [row | {"plan_version": version} for row in rows]
    return encode_block(pa.RecordBatch.from_struct_array(pa.array(rows, _ROWS)), meta)
