"""What a draw adds to a payout, or takes back from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.plan import Plan
from schemas.plan_draws import Draw
from schemas.plan_employees import Employee
from schemas.plan_moves import employees_of, place_at
from streams.performance.calendar import Calendar, date_of

_NONE = Decimal(0)


@dataclass(frozen=True)
class Drawn:
    """``guarantee`` is given, ``advance`` is lent, ``recovery`` is what of former advances is taken back now."""

    guarantee: Decimal = _NONE
    advance: Decimal = _NONE
    recovery: Decimal = _NONE


def drawn(draw: Draw | None, earned: Decimal, outstanding: Decimal) -> Drawn:
    """What comes to ``earned`` in a period, with ``outstanding`` advances of the periods before it.

    Only what is earned above the draw recovers advances; where no draw is in force any more, all that is earned.
    """
    least = _NONE if draw is None else draw.amount
    missing = least - earned
    if draw is None or missing <= 0:
        return Drawn(recovery=max(min(-missing, outstanding), _NONE))
    return Drawn(guarantee=missing) if draw.kind == "guarantee" else Drawn(advance=missing)


def draws_of(plan: Plan, kind: str, period: str) -> dict[str, Draw]:
    """Employees with a draw in a period, by id, in the order of the plan."""
    calendar = Calendar(plan)
    days = calendar.span(kind, calendar.parse(kind, period))
    first, last = map(date_of, days)
    decisive = last if plan.organisation.standing == "period_end" else first
    draws = [draw for draw in plan.draws if draw.period == kind and _in_force(draw, first)]
    found = {}
    for employee, places in employees_of(plan):
        if not _employed(employee, first, last):
            continue
        role = place_at(places, decisive).role
        fitting = (draw for draw in draws if _fits(draw, employee.id, role))
        if (draw := next(fitting, None)) is not None:
            found[employee.id] = draw
    return found


def _in_force(draw: Draw, first: date) -> bool:
    return (draw.start is None or draw.start <= first) and (draw.end is None or first < draw.end)


def _employed(employee: Employee, first: date, last: date) -> bool:
    return (employee.start is None or employee.start <= last) and (employee.end is None or employee.end > first)


def _fits(draw: Draw, employee: str, role: str) -> bool:
    return (not draw.roles or role in draw.roles) and (not draw.employees or employee in draw.employees)
