"""The part of a period on which somebody leads anything: what a prorated target of managers is reduced to. Pure."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from schemas.plan import Plan
from schemas.plan_managers import Leaders
from streams.performance.calendar import date_of
from streams.performance.period_days import LAST_DAY, working_days_before


class LedDays:
    """Days, or working days, by manager; a period without a working day is counted in days."""

    def __init__(self, plan: Plan) -> None:
        self._leaders = Leaders(plan)
        by_workdays = any(target.unit == "manager" and target.prorate == "workdays" for target in plan.targets)
        self._worked = working_days_before(plan) if by_workdays else None
        self.part = cache(self._part)

    def _part(self, manager: str, prorate: str, first: int, last: int) -> Fraction:
        """Of the days from ``first`` to ``last``, how many of them in which the manager leads."""
        days = range(first, last + 1)
        if prorate == "workdays":
            days = [day for day in days if self._works(day)] or days
        led = sum(self._leaders.leads(manager, date_of(day)) for day in days)
        return Fraction(led, len(days))

    def _works(self, day: int) -> bool:
        return 0 <= day < LAST_DAY and self._worked[day + 1] > self._worked[day]
