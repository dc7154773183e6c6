"""Two results compared: units beside people, who is known by name, and the scope."""

from __future__ import annotations

from streams.backtest import BacktestResult
from streams.plan_comparison import Scope, compare
from tests.unit.sinks.alerts.awards import SILVER, award


def line(amount: int, employee: str = "", team: str = "", department: str = "", period: str = "2026-03") -> dict:
    places = {"employee": employee, "team": team, "department": department}
    return places | {"rule": "r", "period_kind": "month", "period": period, "amount": amount}


def test_units_are_compared_each_by_itself():
    old = BacktestResult(earnings=[line(5, "E1", "t1", "d1"), line(7, "", "t1", "d1"), line(9, "", "", "d1")])
    new = BacktestResult(earnings=[line(5, "E1", "t1", "d1"), line(8, "", "t1", "d1"), line(4, "", "", ""), line(9)])
    found = compare(old, new)
    assert [(one.employee, one.old, one.new) for one in found.money] == [
        ("company", 0, 13),
        ("department d1", 9, 0),
        ("team t1", 7, 8),
    ]
    assert found.totals == (21, 26) and found.people["E1"] == (5, 5)


def test_another_sample_makes_no_other_award_but_another_bound_does():
    asked = ["90", "90 (at least 20)", "95 (at least 20)"]
    results = [BacktestResult(awards=[award(SILVER, threshold=one)]) for one in asked]
    assert compare(results[0], results[1]).awards == []
    assert [one.gained for one in compare(results[1], results[2]).awards] == [False, True]


def test_the_scope_holds_people_and_periods():
    results = BacktestResult(), BacktestResult(earnings=[line(5, "E1"), line(6, "E2"), line(7, "E1", period="2026-04")])
    assert compare(*results, Scope("E1", frozenset(["2026-04"]))).totals == (0, 7)
    assert compare(*results, Scope("E2")).totals == (0, 6)
