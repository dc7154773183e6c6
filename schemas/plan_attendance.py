"""Working days, and the days on which somebody is in force: between joining and leaving, less leave. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

from schemas.plan_fields import Date, Model

if TYPE_CHECKING:
    from schemas.plan import Plan
    from schemas.plan_employees import Employee

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Leave(Model):
    """Days away: from ``start`` to the day before ``end``."""

    start: Date
    end: Date


def is_working_day(plan: Plan, day: date) -> bool:
    """Whether ``day`` is one of the plan's workdays (every weekday where it names none) and no holiday."""
    return (not plan.workdays or WEEKDAYS[day.weekday()] in plan.workdays) and day not in plan.holidays


def days_in_force(employee: Employee) -> list[tuple[date, date]]:
    """Spans (first day, first day after) in which somebody is in force, in order of time."""
    spans, start = [], employee.start or date.min
    for leave in sorted(employee.leave, key=lambda leave: leave.start):
        spans.append((start, leave.start))
        start = max(start, leave.end)
    return list(_within([*spans, (start, date.max)], employee.end or date.max))


def _within(spans: Iterable[tuple[date, date]], end: date) -> Iterable[tuple[date, date]]:
    return ((first, min(after, end)) for first, after in spans if first < min(after, end))
