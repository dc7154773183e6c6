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
from streams.explain.of_plan import calendar_of
from streams.explain.values import attainment
from streams.performance.calendar import date_of


@dataclass(frozen=True, slots=True)
class Paced:
    """``gone`` of ``days`` working days are over; ``agrees``: the award says the same.

    ``expected`` and ``forecast`` are in units, None without a target and where no forecast decided.
    """

    as_of: str
    days: int
    gone: int
    expected: Fraction | None
    pace: Fraction | None
    forecast: Fraction | None
    agrees: bool


def paced(plan: Plan, employee: str, kind: str, period: str, said: KpiEvidence) -> Paced | None:
    """None where neither pace nor forecast decided the award. Values are those stated, which stand rounded there."""
    kpi = next((kpi for kpi in plan.kpis if kpi.id == said.kpi), None)
    if not said.as_of or kpi is None:
        return None
    calendar = calendar_of(plan)
    first, last = calendar.span(kind, calendar.parse(kind, period))
    worked = worked_days(plan, spans_in_force(plan, employee), first, last)
    days, gone = len(worked), len([day for day in worked if day <= date.fromisoformat(said.as_of)])
    part = Fraction(gone, days) if days else Fraction(0)
    adds_up = kpi.aggregate in ("sum", "count", "distinct")
    target = None if said.target is None else max(Fraction(said.target), Fraction(0))
    if said.forecast is not None and not target:
        target = None  # what is forecast is not compared with a target of nothing
    expected = None if target is None else target * (part if adds_up else 1)
    value = None if said.value is None else Fraction(said.value)
    forecast = None
    if said.forecast is not None and value is not None:
        forecast = value / part if adds_up and part else value
    agrees = _same(said.expected, expected) and (not adds_up or _same(said.forecast, forecast))
    return Paced(said.as_of, days, gone, expected, attainment(kpi, value, expected), forecast, agrees)


def spans_in_force(plan: Plan, employee: str) -> list[tuple[date, date]]:
    """Spans (first day, first day after) in which somebody is in force: always, whoever is not in the plan any more."""
    person = next((one for one, _ in employees_of(plan) if one.id == employee), None)
    return [(date.min, date.max)] if person is None else days_in_force(person)


def worked_days(plan: Plan, spans: list[tuple[date, date]], first: int, last: int) -> list[date]:
    """The working days that lie in ``spans``, from ``first`` to ``last`` (days since the epoch)."""
    days = map(date_of, range(first, last + 1))
    return [day for day in days if is_working_day(plan, day) and any(start <= day < end for start, end in spans)]


def _same(said: str | None, found: Fraction | None) -> bool:
    if said is None or found is None:
        return said is None and found is None
    return Decimal(said) == from_fixed(round_half_up(found * SCALE, 1))
