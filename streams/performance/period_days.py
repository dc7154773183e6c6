"""Days of a period, all of them or working days only: how many are left."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from schemas.plan import Plan
from schemas.plan_attendance import WEEKDAYS
from streams.performance.calendar import Calendar, day_of, window_days

#: Days that are counted one by one; earlier and later ones do not occur in events.
LAST_DAY = day_of(date(2111, 1, 1))


def working_days_before(plan: Plan) -> np.ndarray:
    """Working days, as is_working_day has them, from 1970 to the day before each day."""
    return _working_days_before(plan.workdays, plan.holidays)


@lru_cache(maxsize=8)
def _working_days_before(workdays: tuple, holidays: tuple) -> np.ndarray:
    weekdays = [not workdays or name in workdays for name in WEEKDAYS]
    works = np.array(weekdays)[(np.arange(LAST_DAY) + 3) % 7]  # 1970-01-01 was a Thursday
    closed = np.array([day_of(day) for day in holidays], np.int64)
    works[closed[(closed >= 0) & (closed < LAST_DAY)]] = False
    return np.concatenate([[0], np.cumsum(works)])


class PeriodDays:
    """Counts days of the periods of one kind; ``working`` only those on which the company works."""

    def __init__(self, plan: Plan, calendar: Calendar, kind: str, working: bool) -> None:
        self._calendar, self._kind = calendar, kind
        self._before = working_days_before(plan) if working else np.arange(LAST_DAY + 1)
        self.ends = window_days(kind) is None

    def _last(self, ordinals: np.ndarray) -> np.ndarray:
        unique, at = np.unique(ordinals, return_inverse=True)
        return np.array([self._calendar.span(self._kind, int(one))[1] for one in unique], np.int64)[at]

    def _count(self, first: np.ndarray, after: np.ndarray) -> np.ndarray:
        return np.maximum(self._before[np.clip(after, 0, LAST_DAY)] - self._before[np.clip(first, 0, LAST_DAY)], 0)

    def left(self, ordinals: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Days of each period after the day beside it."""
        return self._count(days + 1, self._last(ordinals) + 1)
