"""The naive reference, closed periods: what comes late counts where, and is paid by which period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from schemas.plan import Plan
from schemas.plan_lookup import period_kind_of
from tests.reference_credits import Credit
from tests.reference_values import Values


class Closing(Values):
    """Remembers which periods are closed."""

    def __init__(self, plan: Plan):
        super().__init__(plan)
        self.closed: list[tuple[str, str]] = []  # (kind, period)

    def shut(self, period: str) -> bool:
        """Close a period; False if it is closed already."""
        found = period_kind_of(self.plan, period), period
        if found in self.closed:
            return False
        self.closed.append(found)
        return True

    def dated(self, one: Credit) -> Credit:
        """By process date, what comes for a closed period counts on the first day after it that is open."""
        day = self.day(one.time)
        if self.plan.late == "event_date" or not self.is_closed(day):
            return one
        while self.is_closed(day):
            day += timedelta(days=1)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.zone)
        return replace(one, time=int(noon.timestamp() * 1000))

    def is_closed(self, day: date) -> bool:
        return any(self.period(kind, day) == period for kind, period in self.closed)

    def open_period(self, kind: str, period: str) -> str:
        """The period that pays: this one or the first after it that is open; the last of a calendar pays itself."""
        if (kind, period) not in self.closed:
            return period
        day, last = date(2026, 1, 1), date(2028, 1, 1)
        while self.period(kind, day) != period:
            day += timedelta(days=1)
        while day < last:
            found = self.period(kind, day)
            if found not in (None, period) and (kind, found) not in self.closed:
                return found
            day += timedelta(days=1)
        return period
