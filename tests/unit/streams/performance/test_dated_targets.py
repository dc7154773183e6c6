"""Targets that depend on dates: cases worked out by hand. March 2026 has 31 days, of which 22 from Monday to Friday."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from schemas.plan import Plan
from streams.performance.calendar import Calendar
from streams.performance.dated_targets import DatedTargets

MARCH, PERSON = (2026 - 1970) * 12 + 2, SimpleNamespace(id="E1", role="rep", team="t", department="d")


def target(*targets: dict, ordinal: int = MARCH, employee: dict | None = None, **settings) -> float | None:
    employees = [{"id": "E1", "role": "rep"} | (employee or {})]
    plan = Plan.model_validate({
        "plan": "p", "timezone": "UTC", "currency": "EUR",
        "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t", "employees": employees}]}]},
        "kpis": [{"id": "k", "name": "k", "aggregate": "count", "events": ["visit"]}],
        "targets": [{"kpi": "k", "period": "month"} | one for one in targets],
    } | settings)  # fmt: skip
    dated = DatedTargets(plan, Calendar(plan))
    assert dated.has("k", "month")
    found = dated.resolve("k", PERSON, "month", ordinal)
    return None if found is None else found / 10_000


TWO = {"value": 310, "end": "2026-03-11"}, {"value": 620, "start": "2026-03-11"}


@pytest.mark.parametrize("change, expected", [("day_weighted", 100 + 420), ("latest", 620), ("first", 310)])
def test_what_counts_where_the_target_changes(change, expected):
    assert target(*TWO, target_change=change) == expected
    assert target(TWO[0], TWO[1] | {"change": change}, target_change="first") == expected
    assert target(*TWO, ordinal=MARCH + 1, target_change=change) == 620


def test_by_days_is_the_default_and_days_without_a_target_add_nothing():
    assert target(*TWO) == 520
    assert target(TWO[1]) == 420
    assert target(TWO[1], ordinal=MARCH - 1) is None


def test_a_narrower_target_counts_on_its_days_only():
    mine = {"value": 31, "employee": "E1", "start": "2026-03-11", "end": "2026-03-21"}
    assert target({"value": 310}, mine) == 210 + 10


def test_one_rounding_half_up_at_the_end():
    assert target({"value": 1, "end": "2026-03-02"}, {"value": 2, "start": "2026-03-02"}) == 1.9677  # 61 / 31
    assert target({"value": "0.0001", "end": "2026-04-16"}, ordinal=MARCH + 1) == 0.0001  # a half


@pytest.mark.parametrize("employee, days, workdays", [
    ({"start": "2026-03-16"}, 160, 120),
    ({"end": "2026-03-16"}, 150, 100),
    ({"leave": [{"start": "2026-03-07", "end": "2026-03-09"}]}, 290, 220),
    ({"start": "2026-03-02", "leave": [{"start": "2026-02-01", "end": "2026-03-03"}], "end": "2026-03-05"}, 20, 20),
    ({"start": "2026-05-01"}, 0, 0),
    ({}, 310, 220),
])  # fmt: skip
def test_proration(employee, days, workdays):
    week = ["mon", "tue", "wed", "thu", "fri"]
    assert target({"value": 310, "prorate": "days"}, employee=employee) == days
    by_workdays = {"value": 220, "prorate": "workdays"}
    assert target(by_workdays, employee=employee, workdays=week) == workdays
    assert target({"value": 310, "end": "2027-01-01"}, employee=employee) == 310  # not prorated


def test_a_holiday_is_no_working_day():
    holidays = {"workdays": ["mon", "tue", "wed", "thu", "fri"], "holidays": ["2026-03-16", "2026-03-31"]}
    prorated = {"value": 200, "prorate": "workdays"}
    assert target(prorated, employee={"start": "2026-03-16"}, **holidays) == 100


@pytest.mark.parametrize("after, part", [(-1, 250), (0, 250), (1, 500), (2, 1000)])
def test_ramp(after, part):
    ramped = {"value": 1000, "ramp": ["25%", "50%"]}
    assert target(ramped, employee={"start": "2026-03-16"}, ordinal=MARCH + after) == part
    assert target(ramped, ordinal=MARCH + after) == 1000


def test_ramp_and_proration_multiply():
    both = {"value": 310, "ramp": ["50%"], "prorate": "days"}
    assert target(both, employee={"start": "2026-03-12"}) == 100
