"""The naive reference: targets that depend on dates, looked at day by day."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from schemas.money import SCALE, round_half_up
from schemas.plan import Plan, Target
from schemas.plan_employees import Employee

DAYS = [date(2025, 12, 1) + timedelta(n) for n in range(430)]
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def dated_target(values, ranked: list[tuple], employee: str, kind: str, period: str) -> Fraction | None:
    """The target of a period; ``ranked`` are (rank, target) of all that apply, without regard to dates."""
    if kind.startswith("rolling_"):
        return Fraction(max(ranked, key=lambda one: one[0])[1].value) if ranked else None
    days = values.days_in(kind, period)
    by_day = {}
    for day in days:
        here = [(rank, target) for rank, target in ranked if _dated(day, target.start, target.end)]
        if here:
            by_day[day] = max(here, key=lambda one: one[0])[1]
    if not by_day:
        return None
    change = by_day[max(by_day)].change or values.plan.target_change
    if change != "day_weighted":
        counts = by_day[min(by_day) if change == "first" else max(by_day)]
        by_day = dict.fromkeys(days, counts)
    person = _person(values.plan, employee)
    total = Fraction(0)
    for day, target in by_day.items():
        counted = [one for one in days if countable(values.plan, target, one)] or days
        if day in counted and (target.prorate == "none" or _present(person, day)):
            total += Fraction(target.value) * _ramp(values, target, person, kind, period) / len(counted)
    return Fraction(round_half_up(total * SCALE, 1), SCALE)


def _dated(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day < end)


def _person(plan: Plan, employee: str) -> Employee:
    departments = plan.organisation.departments
    return next(e for d in departments for t in d.teams for e in t.employees if e.id == employee)


def countable(plan: Plan, target: Target, day: date) -> bool:
    return target.prorate != "workdays" or (_WEEK[day.weekday()] in plan.workdays and day not in plan.holidays)


def _present(person: Employee, day: date) -> bool:
    return _dated(day, person.start, person.end) and not any(_dated(day, one.start, one.end) for one in person.leave)


def _ramp(values, target: Target, person: Employee, kind: str, period: str) -> Fraction:
    if person.start is None or not target.ramp:
        return Fraction(1)
    since = [values.period(kind, day) for day in DAYS if day >= person.start]
    periods = [key for key in dict.fromkeys(since) if key is not None]
    number = periods.index(period) if period in periods else 0
    return Fraction(target.ramp[number]) if number < len(target.ramp) else Fraction(1)
