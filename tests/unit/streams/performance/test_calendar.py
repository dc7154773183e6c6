"""Days in the plan's zone and periods by day, held against datetime itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.plan import Plan
from streams.performance.calendar import NO_PERIOD, Calendar, date_of, day_of, days_of, window_days

ZONES = [
    "Asia/Shanghai",
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "America/St_Johns",
]
#: 2000-01-01 to 2099-12-31, what intake lets through.
times = st.lists(st.integers(946_684_800_000, 4_102_444_799_999), min_size=1, max_size=20)
days = st.integers(day_of(date(2000, 1, 1)), day_of(date(2099, 12, 31)))

PLAN = Plan.model_validate(
    {
        "plan": "p",
        "timezone": "America/New_York",
        "currency": "USD",
        "organisation": {"company": "c", "departments": []},
        "calendars": {
            "season": [
                {"key": "s1", "start": "2026-02-01", "end": "2026-03-01"},
                {"key": "s2", "start": "2026-03-08"},
                {"key": "s3", "start": "2026-06-01", "end": "2026-09-01"},
            ]
        },
        "kpis": [{"id": "k", "name": "k", "aggregate": "count", "events": ["visit"]}],
    }
)
CALENDAR = Calendar(PLAN)
KINDS = ["day", "week", "month", "quarter", "year", "rolling_1d", "rolling_30d"]


@settings(deadline=None)  # the first look at a zone searches its changes
@given(times, st.sampled_from(ZONES))
def test_days_agree_with_datetime(moments, zone):
    expected = [day_of(datetime.fromtimestamp(ms // 1000, ZoneInfo(zone)).date()) for ms in moments]
    assert days_of(np.array(moments), zone).tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_days_agree_at_every_midnight_of_years_with_odd_changes(zone):
    """Around each local midnight, to the millisecond; 2011 is the year that Apia skipped a day."""
    info = ZoneInfo(zone)
    moments = []
    for day in range(day_of(date(2010, 12, 30)), day_of(date(2012, 1, 2))):
        midnight = int(datetime.combine(date_of(day), datetime.min.time(), info).timestamp()) * 1000
        moments += [midnight - 1, midnight, midnight + 3_600_000 - 1, midnight + 3_600_000]
    expected = [day_of(datetime.fromtimestamp(ms // 1000, info).date()) for ms in moments]
    assert days_of(np.array(moments), zone).tolist() == expected


def test_no_times_are_no_days():
    assert days_of(np.empty(0, np.int64), "Asia/Shanghai").tolist() == []
    assert days_of(np.array([0]), "UTC").dtype == np.int32


@pytest.mark.parametrize(
    "kind, day, key, first, last",
    [
        ("day", "2026-03-31", "2026-03-31", "2026-03-31", "2026-03-31"),
        ("week", "2026-04-05", "2026-W14", "2026-03-30", "2026-04-05"),
        ("week", "2027-01-03", "2026-W53", "2026-12-28", "2027-01-03"),
        ("week", "2024-12-30", "2025-W01", "2024-12-30", "2025-01-05"),
        ("month", "2024-02-29", "2024-02", "2024-02-01", "2024-02-29"),
        ("quarter", "2026-03-31", "2026-Q1", "2026-01-01", "2026-03-31"),
        ("quarter", "2026-12-31", "2026-Q4", "2026-10-01", "2026-12-31"),
        ("year", "2026-07-01", "2026", "2026-01-01", "2026-12-31"),
        ("rolling_30d", "2026-03-31", "2026-03-31", "2026-03-02", "2026-03-31"),
        ("season", "2026-02-28", "s1", "2026-02-01", "2026-02-28"),
        ("season", "2026-05-31", "s2", "2026-03-08", "2026-05-31"),
        ("season", "2026-08-31", "s3", "2026-06-01", "2026-08-31"),
    ],
)
def test_key_and_span(kind, day, key, first, last):
    ordinal = CALENDAR.ordinal(kind, day_of(date.fromisoformat(day)))
    assert CALENDAR.key(kind, ordinal) == key
    assert tuple(date_of(each).isoformat() for each in CALENDAR.span(kind, ordinal)) == (first, last)
    assert CALENDAR.parse(kind, key) == ordinal


@given(days, st.sampled_from(KINDS))
def test_a_day_lies_in_its_period_and_the_key_names_it(day, kind):
    ordinal = CALENDAR.ordinal(kind, day)
    first, last = CALENDAR.span(kind, ordinal)
    assert first <= day <= last
    assert CALENDAR.parse(kind, CALENDAR.key(kind, ordinal)) == ordinal


@pytest.mark.parametrize("kind", KINDS[:5])
def test_periods_follow_each_other_without_gap(kind):
    start = CALENDAR.ordinal(kind, day_of(date(2019, 12, 1)))
    for ordinal in range(start, start + 60):
        assert CALENDAR.span(kind, ordinal)[1] + 1 == CALENDAR.span(kind, ordinal + 1)[0]


@pytest.mark.parametrize("day", ["2026-01-31", "2026-03-01", "2026-03-07", "2026-09-01", "1999-01-01"])
def test_days_outside_a_calendar_have_no_period(day):
    assert CALENDAR.ordinal("season", day_of(date.fromisoformat(day))) == NO_PERIOD


def test_the_plans_zone_decides_the_day():
    night = np.array([1_774_929_600_000])  # 2026-03-31T04:00:00Z, midnight in New York
    assert date_of(CALENDAR.days(night)[0]) == date(2026, 3, 31)
    assert date_of(CALENDAR.days(night - 1)[0]) == date(2026, 3, 31) - timedelta(days=1)


@pytest.mark.parametrize(
    "kind, key",
    [
        ("day", "2026-02-30"),
        ("day", "2026-3-1"),
        ("week", "2026-W54"),
        ("week", "2025-W53"),
        ("month", "2026-13"),
        ("quarter", "2026-Q5"),
        ("year", "26"),
        ("season", "s9"),
        ("month", "2026-03-01"),
        ("day", ""),
    ],
)
def test_keys_that_name_nothing_are_refused(kind, key):
    with pytest.raises(ValueError, match=r"no key|no period"):
        CALENDAR.parse(kind, key)


def test_unknown_kinds_are_refused():
    with pytest.raises(KeyError):
        CALENDAR.ordinals("fortnight", np.array([1]))
    with pytest.raises(KeyError):
        CALENDAR.parse("fortnight", "2026")


@pytest.mark.parametrize(
    "kind, window", [("rolling_30d", 30), ("rolling_1d", 1), ("rolling_0d", None), ("month", None)]
)
def test_window(kind, window):
    assert window_days(kind) == window
