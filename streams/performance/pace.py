"""Pace: how a KPI stands against what is expected of it by a day, and where that leads by the period's end. Pure.

What adds up over a period (sums, counts, distinct counts) is expected in proportion to the working days gone:
expected = target × gone ÷ days, forecast = value × days ÷ gone. Means, ratios, smallest and largest values are
expected at their target at any time, and forecast as they stand. The view ``bi.progress`` says the same in SQL.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from schemas.plan import Kpi, Plan
from schemas.plan_attendance import days_in_force
from schemas.plan_roll import roll_of
from streams.performance.calendar import Calendar, day_of, window_days
from streams.performance.contributions import ADDITIVE
from streams.performance.ladder import attainment_of
from streams.performance.period_days import LAST_DAY, working_days_before

#: Counts of days that are remembered.
_MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Pace:
    """``expected`` and ``forecast`` in ten-thousandths, ``pace`` a ratio (1: as expected); None where undefined."""

    expected: Fraction | None
    pace: Fraction | None
    forecast: Fraction | None


def pace_of(kpi: Kpi, value: Fraction | None, target: int | None, days: int, gone: int) -> Pace:
    """``value`` and ``target`` in ten-thousandths; ``gone`` of the ``days`` on which the person works are over."""
    if kpi.aggregate in ADDITIVE:
        if not days:
            return Pace(None, None, None)
        expected = None if target is None else Fraction(target * gone, days)
        forecast = value * days / gone if gone and value is not None else None
    else:
        expected, forecast = None if target is None else Fraction(target), value
    pace = attainment_of(kpi, value, expected) if expected is not None else None
    return Pace(expected, pace, forecast)


class PersonDays:
    """Working days on which somebody works: the plan's, from joining to leaving, less leave."""

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self._calendar, self._before = calendar, working_days_before(plan)
        self._counted: dict[tuple[str, str, int, int], int] = {}
        #: First day and first day after; only of people who are not there at all times.
        self._spans: dict[str, list[tuple[int, int]]] = {}
        for employee in roll_of(plan).special().values():
            if employee.start or employee.end or employee.leave:
                self._spans[employee.id] = [(day_of(start), day_of(end)) for start, end in days_in_force(employee)]

    def dated(self) -> Collection[str]:
        """Employees who are not there at all times."""
        return self._spans.keys()

    def total(self, employee: str, kind: str, ordinal: int) -> int:
        """Days of a period; 0 for a rolling one, which has no end to look forward to."""
        return self.gone(employee, kind, ordinal, LAST_DAY)

    def gone(self, employee: str, kind: str, ordinal: int, day: int) -> int:
        """Of the days of a period those up to and with ``day``."""
        who = employee if employee in self._spans else ""  # most people are there at all times, and share an entry
        found = self._counted.get((who, kind, ordinal, day))
        if found is None:
            if len(self._counted) >= _MOST_COUNTED:
                self._counted.clear()
            found = self._counted[who, kind, ordinal, day] = self._days(who, kind, ordinal, day)
        return found

    def _days(self, who: str, kind: str, ordinal: int, day: int) -> int:
        if window_days(kind):
            return 0
        first, last = self._calendar.span(kind, ordinal)
        after = min(last, day) + 1
        spans = self._spans.get(who, [(first, after)])
        return sum(self._count(max(first, start), min(after, end)) for start, end in spans)

    def _count(self, first: int, after: int) -> int:
        first, after = (min(max(day, 0), LAST_DAY) for day in (first, after))
        return int(self._before[after] - self._before[first]) if first < after else 0
