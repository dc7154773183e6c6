"""Closed periods: open periods and days, final awards, a close that comes twice."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from schemas.plan_file import load_plan
from streams.backtest import Backtest
from streams.performance.calendar import Calendar, date_of, day_of
from streams.performance.closes import ClosedPeriods
from tests.worked_examples import EXAMPLES, ROOT

PLANS = ROOT / "plans" / "examples"


@pytest.mark.parametrize("closed, day, expected", [
    ([], "2026-03-05", "2026-03-05"),
    ([("month", "2026-03")], "2026-03-05", "2026-04-01"),
    ([("month", "2026-03")], "2026-04-01", "2026-04-01"),
    ([("month", "2026-03"), ("week", "2026-W14")], "2026-03-05", "2026-04-06"),  # 30 March to 5 April
    ([("week", "2026-W10"), ("week", "2026-W11")], "2026-03-02", "2026-03-16"),
])  # fmt: skip
def test_the_first_day_that_lies_in_no_closed_period(closed, day, expected):
    periods = ClosedPeriods(Calendar(load_plan(PLANS / "plan-p.yaml")), closed)
    found = periods.open_days(np.array([day_of(date.fromisoformat(day))]))
    assert date_of(found[0]).isoformat() == expected


def test_the_open_period_after_closed_ones():
    calendar = Calendar(load_plan(PLANS / "plan-p.yaml"))
    periods = ClosedPeriods(calendar, [("month", "2026-02"), ("month", "2026-03"), ("season", "unknown here")])
    paid_in = [
        calendar.key("month", periods.open_period("month", calendar.parse("month", key)))
        for key in ("2026-01", "2026-02", "2026-03", "2026-04")
    ]
    assert paid_in == ["2026-01", "2026-04", "2026-04", "2026-04"]


def test_a_close_makes_final_what_stands_and_comes_but_once():
    events = (EXAMPLES / "case-7.jsonl").read_bytes().splitlines()
    test = Backtest()
    test.apply(load_plan(PLANS / "dual-threshold-period-end.yaml"))
    test.feed(events[:-1])  # without the answer that revokes
    for _ in range(2):
        test.close("2026-03")
    test.feed(events[-1:])
    result = test.finish()
    assert [(award.state, award.late, award.cause.type) for award in result.awards] == [
        ("provisional", False, "survey_answer"), ("final", False, "close"), ("revoked", True, "survey_answer"),
    ]  # fmt: skip
    assert len({award.award_id for award in result.awards}) == 1
    assert [(line["period"], line["posted_in"], line["amount"]) for line in result.earnings] == [
        ("2026-03", "2026-03", 5000_0000), ("2026-03", "2026-04", -5000_0000),
    ]  # fmt: skip
