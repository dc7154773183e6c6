"""What was expected of a KPI by a day, computed again day by day and compared with what an award states. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan import Plan
from schemas.plan_attendance import days_in_force, is_working_day
from schemas.plan_moves import employees_of
from schemas.results import KpiEvidence
from streams.explain.values import attainment
from streams.performance.calendar import Calendar, date_of


@dataclass(frozen=True, slots=True)
class Paced:
    """``gone`` of ``days`` working days are over; ``expected`` is in units; ``agrees``: the award says the same."""

    as_of: str
    days: int
    gone: int
    expected: Fraction
    pace: Fraction | None
    agrees: bool


def paced(plan: Plan, employee: str, kind: str, period: str, said: KpiEvidence) -> Paced | None:
    """None where the award was not decided by pace."""
    kpi = next((kpi for kpi in plan.kpis if kpi.id == said.kpi), None)
    if said.expected is None or said.target is None or kpi is None:
        return None
    calendar = Calendar(plan)
    first, last = calendar.span(kind, calendar.parse(kind, period))
    person = next((one for one, _ in employees_of(plan) if one.id == employee), None)
    spans = days_in_force(person) if person is not None else []
    worked = [
        day
        for day in map(date_of, range(first, last + 1))
        if is_working_day(plan, day) and any(start <= day < end for start, end in spans)
    ]
    days, gone = len(worked), len([day for day in worked if day <= date.fromisoformat(said.as_of)])
    expected = Fraction(said.target)
    if kpi.aggregate in ("sum", "count", "distinct"):
        expected = expected * gone / days if days else Fraction(0)
    value = None if said.value is None else Fraction(said.value)
    agrees = Decimal(said.expected) == from_fixed(round_half_up(expected * SCALE, 1))
    return Paced(said.as_of, days, gone, expected, attainment(kpi, value, expected), agrees)
