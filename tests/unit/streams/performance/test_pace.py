"""Pace and forecast, with figures worked out by hand: a March of 21 working days, since the 3rd is a holiday."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest

from infra.backtest_report import report_of
from schemas.plan import Plan
from streams.backtest import Backtest
from streams.performance.calendar import Calendar, day_of
from streams.performance.pace import Pace, PersonDays, pace_of
from tests.contract.test_reference import REVENUE, event, plan, sale

_PEOPLE = [
    {"id": "E1", "role": "rep"},
    {"id": "E2", "role": "rep", "start": "2026-03-16"},
    {"id": "E3", "role": "rep", "leave": [{"start": "2026-03-05", "end": "2026-03-10"}]},
    {"id": "E4", "role": "rep", "start": "2026-02-02", "end": "2026-03-07"},
]
_SETTINGS = {
    "workdays": ["mon", "tue", "wed", "thu", "fri"],
    "holidays": ["2026-03-03"],
    "organisation": {"company": "acme", "departments": [{"id": "d", "teams": [{"id": "t", "employees": _PEOPLE}]}]},
}
_COMPLAINTS = {"id": "complaints", "name": "C", "aggregate": "count", "events": ["complaint"], "direction": "down",
               "attainment_at_zero": "150%"}  # fmt: skip
_SCORE = {"id": "score", "name": "S", "aggregate": "mean", "events": ["survey_answer"], "field": "score"}


def made(**settings) -> Plan:
    targets = [{"kpi": kpi, "period": "month", "value": value} for kpi, value in
               (("revenue", 21000), ("complaints", 7), ("score", 90))]  # fmt: skip
    return plan(REVENUE, _COMPLAINTS, _SCORE, targets=targets, **_SETTINGS | settings)


@pytest.mark.parametrize("employee, total, gone", [("E1", 21, 9), ("E2", 12, 0), ("E3", 18, 6), ("E4", 4, 4)])
def test_days_are_working_days_on_which_the_person_works(employee, total, gone):
    given = made()
    calendar = Calendar(given)
    days, march = PersonDays(given, calendar), calendar.parse("month", "2026-03")
    assert days.total(employee, "month", march) == total
    assert days.gone(employee, "month", march, day_of(date(2026, 3, 13))) == gone
    assert days.gone(employee, "month", march, day_of(date(2026, 2, 28))) == 0
    assert days.gone(employee, "month", march, day_of(date(2026, 4, 15))) == total
    assert days.total(employee, "rolling_7d", 20_000) == 0


@pytest.mark.parametrize("number, value, target, days, gone, expected", [
    (0, 60_000, 210_000, 21, 7, (70_000, Fraction(6, 7), 180_000)),
    (0, 60_000, None, 21, 7, (None, None, 180_000)),
    (0, 0, 210_000, 21, 7, (70_000, 0, 0)),
    (0, 60_000, 210_000, 21, 0, (0, None, None)),  # nothing is expected yet
    (0, 60_000, 210_000, 0, 0, (None, None, None)),  # nobody works there
    (0, -50_000, 210_000, 21, 7, (70_000, Fraction(-5, 7), -150_000)),
    (1, 20_000, 70_000, 21, 3, (10_000, Fraction(1, 2), 140_000)),  # twice as many as there should be
    (1, 0, 70_000, 21, 3, (10_000, Fraction(3, 2), 0)),
    (2, 850_000, 900_000, 21, 3, (900_000, Fraction(17, 18), 850_000)),  # a mean does not grow with the days
    (2, None, 900_000, 21, 3, (900_000, None, None)),
])  # fmt: skip
def test_pace_is_the_value_against_what_is_expected_by_then(number, value, target, days, gone, expected):
    value = None if value is None else Fraction(value)
    assert pace_of(made().kpis[number], value, target, days, gone) == Pace(*expected)


def test_a_backtest_shows_open_periods_as_of_the_latest_day_of_its_log():
    run = Backtest()
    run.apply(given := made())
    events = [sale("s0", "02-27", "500"), sale("s1", "03-02", "4000"), sale("s2", "03-13", "2000"),
              event("a1", "survey_answer", "03-04", employee="E1", score=81),
              sale("s3", "03-05", "3000", employee="E2"), event("c1", "complaint", "03-02", employee="E1")]  # fmt: skip
    run.feed([json.dumps(one | {"specversion": "1.0"}).encode() for one in events])
    report = report_of(given, run.finish(), lambda number: ("", number))
    assert report["as_of"] == "2026-03-13"
    rows = {(row["kpi"], row["employee"], row["period"]): row for row in report["kpis"]}
    shown = {key: tuple(row[name] for name in ("expected", "pace", "forecast")) for key, row in rows.items()}
    assert shown == {
        ("revenue", "E1", "2026-02"): (None, None, None),  # over
        ("revenue", "E1", "2026-03"): ("9000", "0.6667", "14000"),  # 9 of 21 days
        ("revenue", "E2", "2026-03"): ("0", None, None),  # not yet there, and sold something all the same
        ("complaints", "E1", "2026-03"): ("3", "3", "2.3333"),
        ("score", "E1", "2026-03"): ("90", "0.9", "81"),
    }

