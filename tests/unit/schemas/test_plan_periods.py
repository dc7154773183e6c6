"""Fiscal periods: known years, against the naive walk, and no gap or overlap in a century."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from schemas.plan import Plan
from schemas.plan_checks import check
from schemas.plan_fiscal import FISCAL_KINDS, Fiscal
from schemas.plan_periods import calendars_of
from streams.performance.calendar import Calendar, date_of, day_of
from tests.reference_fiscal import fiscal_period

ALL = [
    Fiscal(year_start=month, weeks=weeks, named=named)
    for month in (1, 2, 7, 10)
    for weeks in (None, "4-4-5", "4-5-4", "5-4-4")
    for named in ("start", "end")
]


def plan(fiscal: Fiscal | None, *targets: dict, **settings) -> Plan:
    return Plan.model_validate({
        "plan": "p", "timezone": "UTC", "currency": "EUR", "organisation": {"company": "c", "departments": []},
        "kpis": [{"id": "k", "name": "k", "description": "k", "aggregate": "count", "events": ["visit"]}],
        "fiscal": fiscal, "targets": [{"kpi": "k", "value": 1} | one for one in targets],
    } | settings)  # fmt: skip


def periods(fiscal: Fiscal, kind: str) -> dict[str, tuple[date, date]]:
    return {one.key: (one.start, one.end) for one in calendars_of(plan(fiscal))[kind]}


def test_months_of_a_year_that_begins_in_july():
    months = periods(Fiscal(year_start=7), "fiscal_month")
    assert months["2026-F01"] == (date(2025, 7, 1), date(2025, 8, 1))
    assert months["2026-F12"] == (date(2026, 6, 1), date(2026, 7, 1))
    assert periods(Fiscal(year_start=7), "fiscal_quarter")["2026-FQ3"] == (date(2026, 1, 1), date(2026, 4, 1))
    assert periods(Fiscal(year_start=7, named="start"), "fiscal_year")["FY2026"] == (date(2026, 7, 1), date(2027, 7, 1))


def test_weeks_and_the_53rd_of_a_long_year():
    """2024 began on a Monday, so 2025 begins on 30 December, 2026 on 29 December, 2027 on 4 January: 53 weeks."""
    months = periods(Fiscal(weeks="4-4-5"), "fiscal_month")
    weeks = [(end - start).days // 7 for key, (start, end) in months.items() if key.startswith("2025")]
    assert weeks == [4, 4, 5] * 4
    weeks = [(end - start).days // 7 for key, (start, end) in months.items() if key.startswith("2026")]
    assert weeks == [4, 4, 5] * 3 + [4, 4, 6]
    assert months["2026-F01"][0] == date(2025, 12, 29)
    assert months["2027-F01"][0] == date(2027, 1, 4)
    assert periods(Fiscal(weeks="5-4-4"), "fiscal_month")["2026-F02"][0] == date(2026, 2, 2)


@pytest.mark.parametrize("fiscal", ALL, ids=str)
def test_every_day_has_the_period_that_a_walk_through_its_year_finds(fiscal):
    calendar, days = Calendar(plan(fiscal)), np.arange(day_of(date(2023, 12, 20)), day_of(date(2030, 1, 10)))
    for kind in FISCAL_KINDS:
        keys = [calendar.key(kind, ordinal) for ordinal in calendar.ordinals(kind, days).tolist()]
        assert keys == [fiscal_period(fiscal, kind, date_of(day)) for day in days]
        listed = calendars_of(plan(fiscal))[kind]
        assert all(one.end == other.start for one, other in pairwise(listed))
        assert len({one.key for one in listed}) == len(listed)
        assert listed[0].start < date(1970, 1, 1) and listed[-1].end > date(2110, 1, 1)
        lengths = {(one.end - one.start) // timedelta(weeks=1) for one in listed} if fiscal.weeks else set()
        assert lengths <= {"fiscal_month": {4, 5, 6}, "fiscal_quarter": {13, 14}, "fiscal_year": {52, 53}}[kind]


def messages(found: Plan) -> list[str]:
    return [one.message for one in check(found) if not one.warning]


def test_fiscal_kinds_in_targets():
    year = Fiscal(weeks="4-4-5")
    assert messages(plan(year, {"period": "fiscal_month", "at": "2026-F03"}, {"period": "fiscal_year"})) == []
    assert "no such period in calendar fiscal_month" in messages(plan(year, {"period": "fiscal_month", "at": "F3"}))[0]
    (found,) = messages(plan(None, {"period": "fiscal_quarter"}))
    assert found == "no such period: fiscal_quarter; the plan has no fiscal calendar (fiscal: {year_start: 1})"
    season = {"fiscal_year": [{"key": "a", "start": "2026-01-01", "end": "2026-02-01"}]}
    assert "built-in period" in messages(plan(None, calendars=season))[0]
