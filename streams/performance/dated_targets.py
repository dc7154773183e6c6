"""Targets that depend on dates: in force on some days only, prorated, or ramped. Pure.

On each day the most specific target in force counts. Where it changes within a period, ``change`` of the last
one says what counts: each by its days, the last one, or the first. All in Fraction, rounded half-up once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from schemas.money import round_half_up, to_fixed
from schemas.plan import Plan, Target
from schemas.plan_attendance import days_in_force
from schemas.plan_employees import Employee
from schemas.plan_goals import targets_of
from schemas.plan_roll import roll_of
from streams.performance.calendar import Calendar, day_of, window_days
from streams.performance.period_days import LAST_DAY, working_days_before
from streams.performance.targets import names_of, specificity

_Span = tuple[int, int]


def depends_on_dates(target: Target) -> bool:
    """Whether its amount can differ between people or periods."""
    return bool(target.start or target.end or target.ramp) or target.prorate != "none"


@dataclass(frozen=True, slots=True)
class TargetPart:
    """A target's part in a person's: ``ramp`` of it, for ``days`` of the period's ``whole``."""

    target: Target
    ramp: Fraction
    days: int
    whole: int
    worked: bool

    @property
    def amount(self) -> Fraction:
        """In ten-thousandths."""
        return to_fixed(self.target.value) * self.ramp * Fraction(self.days, self.whole)


class DatedTargets:
    """Targets of each KPI and period kind for which at least one of them depends on dates."""

    def __init__(self, plan: Plan, calendar: Calendar):
        self._calendar, self._change = calendar, plan.target_change
        dated = {(target.kpi, target.period) for target in plan.targets if depends_on_dates(target) and not target.unit}
        self._targets: dict[tuple[str, str], list[Target]] = {about: [] for about in sorted(dated)}
        for target in targets_of(plan) if dated else ():
            if target.unit is None and (target.kpi, target.period) in dated:
                self._targets[target.kpi, target.period].append(target)
        for targets in self._targets.values():
            targets.sort(key=_rank, reverse=True)
        self._employees: dict[str, Employee] = {}
        if dated:  # of those who were always there, and all the time, nothing need be known
            self._employees = roll_of(plan).special()
        by_workdays = any(one.prorate == "workdays" for one in plan.targets)
        self._worked = working_days_before(plan) if by_workdays else None

    def has(self, kpi: str, kind: str) -> bool:
        """Whether a target on this KPI for periods of this kind depends on dates."""
        return (kpi, kind) in self._targets

    def resolve(self, kpi: str, person, kind: str, ordinal: int) -> int | None:
        """The target of a person in ten-thousandths; None where none is in force on any day of the period."""
        parts = self.parts(kpi, person, kind, ordinal)
        return round_half_up(sum((part.amount for part in parts), Fraction(0)), 1) if parts else None

    def parts(self, kpi: str, person, kind: str, ordinal: int) -> list[TargetPart]:
        """What it is made up of; empty where none is in force on any day of the period."""
        first, last = self._calendar.span(kind, ordinal)
        period = (first, last + 1)
        key = "" if window_days(kind) else self._calendar.key(kind, ordinal)
        own = (person.department, person.team, person.role, person.id)
        mine = [target for target in self._targets[kpi, kind] if _applies(target, own, key)]
        parts = list(_in_force(mine, period))
        if not parts:
            return []
        change = parts[-1][0].change or self._change
        if change != "day_weighted":
            parts = [(parts[-1 if change == "latest" else 0][0], period)]
        employee = self._employees.get(person.id)
        return [
            TargetPart(target, self._ramp(target, employee, ordinal), *self._days(target, employee, span, period))
            for target, span in parts
        ]

    def _days(
        self, target: Target, employee: Employee | None, span: _Span, period: _Span
    ) -> tuple[int, int, bool]:
        """How many of the period's days lie in ``span`` and, for a prorated target, have somebody in force; how many it
        has; whether only working days count.
        """
        worked = target.prorate == "workdays" and self._count(period, True) > 0
        spans = [span]
        if target.prorate != "none" and employee is not None:
            spans = [_overlap(span, (day_of(start), day_of(end))) for start, end in days_in_force(employee)]
        return sum(self._count(one, worked) for one in spans), self._count(period, worked), worked

    def _count(self, span: _Span, worked: bool) -> int:
        if worked:
            start, end = np.clip(span, 0, LAST_DAY)
            return max(0, int(self._worked[end] - self._worked[start]))
        return max(0, span[1] - span[0])

    def _ramp(self, target: Target, employee: Employee | None, ordinal: int) -> Fraction:
        if not target.ramp or employee is None or employee.start is None:
            return Fraction(1)
        after = ordinal - self._calendar.first_ordinal(target.period, day_of(employee.start))
        return Fraction(target.ramp[max(after, 0)]) if after < len(target.ramp) else Fraction(1)


def _rank(target: Target) -> tuple:
    """Sorts targets: the more specific, the greater."""
    return specificity(tuple(name is not None for name in names_of(target))), target.at is not None


def _applies(target: Target, own: tuple[str, ...], key: str) -> bool:
    named = zip(names_of(target), own, strict=True)
    return target.at in (None, key) and all(name in (None, is_) for name, is_ in named)


def _in_force(targets: list[Target], period: _Span) -> Iterator[tuple[Target, _Span]]:
    """The most specific target by stretch of days, in order of time; ``targets`` the most specific first."""
    first, end = period
    spans = [(day_of(one.start) if one.start else first, day_of(one.end) if one.end else end) for one in targets]
    cuts = sorted({first, end} | {day for span in spans for day in span if first < day < end})
    for start, stop in pairwise(cuts):
        for target, span in zip(targets, spans, strict=True):
            if span[0] <= start and stop <= span[1]:
                yield target, (start, stop)
                break


def _overlap(one: _Span, other: _Span) -> _Span:
    return max(one[0], other[0]), min(one[1], other[1])
