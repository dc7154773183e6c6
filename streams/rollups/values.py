"""Team, department and company values of KPIs, rolled up from the employees' day cells. Pure.

Unit values do not follow from the members' period values: a sale shared by two of a team counts once there, a
customer of both is one customer, and a mean of means is no mean. So they are made from the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi, Plan
from streams.performance.calendar import NO_PERIOD, Calendar, window_days
from streams.performance.cells import LEVELS
from streams.performance.engine import published_kinds
from streams.performance.ladder import value_of, value_scale

#: Kept for every KPI, so that units can be compared even where no target names a period.
_ALWAYS = "month"

_SIDES = tuple(
    f"{level}{part}" for level in ("", *(f"{one}_" for one in LEVELS)) for part in ("numerator", "denominator")
)

#: A day cell: the columns of a kpi-days block (docs/architecture.md) by name.
Cell = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnitValue:
    """A KPI of a unit in a period; ``value`` in ten-thousandths, rounded half-up, None where undefined."""

    kpi: str
    unit_kind: str
    unit: str
    period_kind: str
    period: str
    value: int | None


def unit_values(cells: Iterable[Cell], plan: Plan) -> list[UnitValue]:
    """Values of every unit that has cells, by KPI in plan order, unit kind, unit, period kind, period.

    Period kinds are those published for the KPI, and month. A rolling window ends on the unit's latest day.
    """
    calendar, kinds = Calendar(plan), published_kinds(plan)
    by_kpi: dict[str, list[Cell]] = {}
    for cell in cells:
        # overlays lie in no unit; nothing is left of cells that a plan has moved elsewhere
        if cell["team"] and any(cell[side] for side in _SIDES):
            by_kpi.setdefault(cell["kpi"], []).append(cell)
    values = []
    for kpi in plan.kpis:
        mine = by_kpi.get(kpi.id, [])
        for unit_kind in LEVELS:
            for unit, members in sorted(_by_unit(mine, unit_kind, plan).items()):
                for kind in sorted(kinds[kpi.id] | {_ALWAYS}):
                    for ordinal, inside in _by_period(members, kind, calendar):
                        period = calendar.key(kind, ordinal)
                        value = rolled_up(kpi, unit_kind, inside)
                        values.append(UnitValue(kpi.id, unit_kind, unit, kind, period, value))
    return values


def rolled_up(kpi: Kpi, unit_kind: str, cells: list[Cell]) -> int | None:
    """The value of ``kpi`` over all of a unit's ``cells`` (at least one), as UnitValue has it."""
    denominator = sum(cell[f"{unit_kind}_denominator"] for cell in cells)
    if kpi.aggregate == "distinct":
        numerator = SCALE * len(set().union(*(cell["members"] or () for cell in cells)))
    elif kpi.aggregate in ("min", "max"):
        extremes = [cell["low" if kpi.aggregate == "min" else "high"] for cell in cells]
        return (min if kpi.aggregate == "min" else max)(extremes)
    else:
        numerator = sum(cell[f"{unit_kind}_numerator"] for cell in cells)
    value: Fraction | None = value_of(value_scale(kpi), numerator, denominator)
    return None if value is None else round_half_up(value, 1)


def _by_unit(cells: list[Cell], unit_kind: str, plan: Plan) -> dict[str, list[Cell]]:
    if unit_kind == "company":
        return {plan.organisation.company: cells} if cells else {}
    units: dict[str, list[Cell]] = {}
    for cell in cells:
        units.setdefault(cell[unit_kind], []).append(cell)
    return units


def _by_period(cells: list[Cell], kind: str, calendar: Calendar) -> list[tuple[int, list[Cell]]]:
    """(period ordinal, its cells), ascending; days outside a company's own calendar belong to none."""
    window = window_days(kind)
    if window:
        last = max(cell["day"] for cell in cells)
        return [(last, [cell for cell in cells if cell["day"] > last - window])]
    periods: dict[int, list[Cell]] = {}
    ordinals = calendar.ordinals(kind, np.array([cell["day"] for cell in cells], np.int64))
    for ordinal, cell in zip(ordinals.tolist(), cells, strict=True):
        if ordinal != NO_PERIOD:
            periods.setdefault(ordinal, []).append(cell)
    return sorted(periods.items())
