"""Findings on dated targets and on the dates of people; working days."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.plan_attendance import is_working_day
from schemas.plan_file import examine_plan

BASE = """\
plan: p
timezone: UTC
currency: EUR
workdays: [mon, tue, wed, thu, fri]
holidays: [2026-04-06]
organisation:
  company: c
  departments:
    - id: d
      teams:
        - id: t
          employees:
            - {id: E1, role: rep, start: 2026-01-01, leave: [{start: 2026-02-01, end: 2026-03-01}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
  - {id: score, name: S, description: S, aggregate: mean, events: [survey_answer], field: score, unit: points}
targets:
  - {kpi: revenue, period: month, value: 1, end: 2026-03-16}
  - {kpi: revenue, period: month, value: 2, start: 2026-03-16, prorate: workdays, ramp: [50%]}
"""


@pytest.mark.parametrize("old, new, path, message", [
    ("role: rep, ", "role: rep, end: 2026-01-01, ", "employees[E1].end", "must be later than the start, 2026-01-01"),
    ("end: 2026-03-01", "end: 2026-01-01", "leave[0].end", "later than the start"),
    ("end: 2026-03-01}", "end: 2026-03-01}, {start: 2026-02-20, end: 2026-04-01}", "leave[1].start", "2026-03-01"),
    ("start: 2026-03-16", "start: 2026-03-15", "targets[1]", "the same target was set before, in targets[0]"),
    ("end: 2026-03-16", "start: 2026-03-10, end: 2026-03-01", "targets[0].end", "later than the start"),
    ("month, value: 1, end", "rolling_7d, value: 1, end", "targets[0].end", "cannot depend on dates"),
    ("month, value: 2", "rolling_7d, value: 2", "targets[1].prorate", "cannot depend on dates"),
    ("month, value: 2", "rolling_7d, value: 2", "targets[1].ramp", "cannot depend on dates"),
    ("workdays: [mon, tue, wed, thu, fri]\n", "", "targets[1].prorate", "names no workdays"),
    ("month, value: 2", "month, unit: team, value: 2", "targets[1].ramp", "a target of a team as a whole"),
    ("[mon,", "[monday,", "workdays[0]", "mon"),
])  # fmt: skip
def test_errors(old, new, path, message):
    assert old in BASE
    plan, errors, _ = examine_plan(BASE.replace(old, new, 1))
    assert plan is None
    assert any(error.path.endswith(path) and message in error.message for error in errors), list(map(str, errors))


def test_prorating_what_does_not_grow_with_the_days_is_doubtful():
    plan, errors, warnings = examine_plan(BASE)
    assert plan and not errors and not warnings
    plan, _, warnings = examine_plan(BASE + "  - {kpi: score, period: month, value: 90, prorate: days}\n")
    assert plan
    assert [(one.path, one.message) for one in warnings] == [
        ("targets[2].prorate", "score is a mean, which does not grow with the days")
    ]


def test_working_days():
    plan, _, _ = examine_plan(BASE)
    working = [is_working_day(plan, date(2026, 4, day)) for day in range(3, 8)]
    assert working == [True, False, False, False, True]  # Friday, weekend, holiday, Tuesday
    everyday, _, _ = examine_plan(BASE.replace("workdays: [mon, tue, wed, thu, fri]\n", "").replace("workdays", "days"))
    assert [is_working_day(everyday, date(2026, 4, day)) for day in (4, 6)] == [True, False]
