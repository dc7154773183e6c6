"""Tier tables that ask for a smallest sample: awards and lines of small histories, worked out by hand."""

from __future__ import annotations

import json

import pytest

from schemas.plan import Plan
from streams.backtest import Backtest

KPIS = [
    {"id": "liked", "name": "L", "aggregate": "mean", "events": ["survey_answer"], "field": "score"},
    {"id": "longest", "name": "V", "aggregate": "max", "events": ["visit"], "field": "minutes"},
    {"id": "minutes", "name": "M", "aggregate": "sum", "events": ["visit"], "field": "minutes"},
]
CARD = {
    "id": "card", "name": "C", "period": "month", "missing": "redistribute",
    "kpis": [{"kpi": "liked", "weight": "50%"}, {"kpi": "longest", "weight": "50%"}],
}  # fmt: skip
TIERS = [{"value": 80, "amount": 100}, {"value": 95, "amount": 300}]


def plan(version: int = 1, *more: dict, **award: object) -> Plan:
    team = {"id": "t", "employees": [{"id": "E1", "role": "rep"}, {"id": "E2", "role": "rep"}]}
    table = {"kind": "tiers", "id": "a", "name": "A", "kpi": "liked", "period": "month", "pays": "flat", "tiers": TIERS}
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "UTC", "currency": "CNY",
        "workdays": ["mon", "tue", "wed", "thu", "fri"],
        "organisation": {"company": "acme", "departments": [{"id": "d", "teams": [team]}]},
        "kpis": KPIS, "scorecards": [CARD],
        "targets": [{"kpi": kpi, "period": "month", "value": value} for kpi, value in (("liked", 90), ("longest", 10))],
        "awards": [table | {"min_sample": 3} | award, *more],
    })  # fmt: skip


def answer(number: int, score: int, day: int = 2, employee: str = "E1") -> dict:
    return event("survey_answer", f"a{number}", day, employee=employee, score=score)


def visit(number: int, day: int = 2, minutes: int = 10) -> dict:
    return event("visit", f"v{number}", day, employee="E1", minutes=minutes)


def event(kind: str, id: str, day: int, **data: object) -> dict:
    return {
        "specversion": "1.0", "source": "s", "id": id, "type": kind, "data": data,
        "time": f"2026-03-{day:02d}T10:00:00Z",
    }  # fmt: skip


def run(*steps: Plan | list[dict], batch: int = 1000) -> tuple[list, list]:
    """(rule, who, tier, state, cause) of awards; (amount, cause) of lines, in units of money."""
    backtest = Backtest()
    for step in steps:
        if isinstance(step, Plan):
            backtest.apply(step)
        else:
            backtest.feed([json.dumps(one).encode() for one in step], batch)
    found = backtest.finish()
    assert not found.dead_letters
    awards = [(one.rule, one.employee or one.unit, one.tier, one.state, one.cause.id) for one in found.awards]
    return awards, [(line["amount"] / 10_000, line["id"]) for line in found.earnings]


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_the_event_that_brings_the_sample_reaches_all_tiers_though_the_value_stays(batch):
    awards, lines = run(plan(), [answer(n, 100) for n in range(5)], batch=batch)
    assert awards == [("a", "E1", 0, "final", "a2"), ("a", "E1", 1, "final", "a2")]
    assert lines == [(300.0, "a2")]


def test_with_too_few_events_a_value_can_come_and_go_unnoticed():
    scores = [100, 0, 100, 100, 100]
    assert run(plan(rearm=True), [answer(n, score) for n, score in enumerate(scores)]) == (
        [("a", "E1", 0, "final", "a4")], [(100.0, "a4")],
    )  # fmt: skip
    awards, _ = run(plan(rearm=True, min_sample=0), [answer(n, score) for n, score in enumerate(scores)])
    assert len(awards) == 5  # two tiers, both lost, one of them again


@pytest.mark.parametrize("margin", [{}, {"margin": "50%"}])
@pytest.mark.parametrize("batch", [1, 1000])
def test_a_window_that_leaves_too_few_loses_the_tier_whatever_the_margin(margin, batch):
    table = plan(period="rolling_3d", **margin)
    days = [1, 1, 1, 6, 6, 6]  # on the 6th all answers before have left
    awards, lines = run(table, [answer(n, 90, day) for n, day in enumerate(days)], batch=batch)
    assert awards == [("a", "E1", 0, "final", "a2"), ("a", "E1", 0, "revoked", "a3")]
    assert lines == [(100.0, "a2"), (-100.0, "a3"), (100.0, "a5")]


def test_what_is_sticky_stays_without_the_sample():
    table = plan(period="rolling_3d", settle="sticky")
    awards, lines = run(table, [answer(n, 90, day) for n, day in enumerate([1, 1, 1, 6])])
    assert (awards, lines) == ([("a", "E1", 0, "final", "a2")], [(100.0, "a2")])


def test_another_version_asks_for_more_or_for_less():
    answers = [answer(n, 90) for n in range(4)]
    awards, lines = run(plan(1), answers, plan(2, rearm=True, min_sample=5), plan(3, rearm=True, min_sample=4))
    assert [state for *_, state, _ in awards] == ["final", "revoked", "final"]
    assert [amount for amount, _ in lines] == [100.0, -100.0, 100.0]


@pytest.mark.parametrize("floor", [{"floor": 200}, {"floor": 200, "hurdle": {"value": 50}}])
def test_neither_floor_nor_hurdle_pays_before_the_sample(floor):
    _, lines = run(plan(**floor), [answer(n, 90) for n in range(4)])
    assert lines == [(200.0, "a2")]


def test_a_sum_pays_nothing_for_the_first_events_and_for_all_of_them_then():
    rates = [{"value": 0, "rate": "10%"}, {"value": 25, "rate": "20%"}]
    _, lines = run(plan(kpi="minutes", pays="marginal", tiers=rates), [visit(n) for n in range(4)])
    assert lines == [(3.5, "v2"), (2.0, "v3")]  # 25 × 10 % + 5 × 20 %


def test_behind_a_score_stand_its_kpis():
    events = [answer(0, 90), answer(1, 90), visit(0)]  # a score of 100 %, of one KPI and then of two
    assert run(plan(kpi="card", min_sample=1), events)[1] == [(300.0, "a0")]
    assert run(plan(kpi="card", min_sample=2), events)[1] == [(300.0, "v0")]


def card(missing: str) -> Plan:
    """A third of the score is what is liked, once there are three answers."""
    parts = [{"kpi": "liked", "weight": "33.3%", "min_sample": 3}, {"kpi": "longest", "weight": "66.7%"}]
    tiers = [{"value": 0, "amount": 1}, {"value": 60, "amount": 2}, {"value": 100, "amount": 3}]
    given = plan(kpi="card", tiers=tiers, min_sample=0).model_dump(mode="json", exclude_none=True)
    return Plan.model_validate(given | {"scorecards": [CARD | {"kpis": parts, "missing": missing}]})


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_kpi_of_a_score_waits_for_its_sample_and_is_missing_till_then(batch):
    events = [answer(0, 90), visit(0), answer(1, 90), answer(2, 90)]
    assert run(card("zero"), events, batch=batch)[1] == [(2.0, "v0"), (1.0, "a2")]  # of a0 alone there is no score
    assert run(card("redistribute"), events, batch=batch)[1] == [(3.0, "v0")]


@pytest.mark.parametrize(("least", "paid"), [(0, 2), (2, 2), (3, 0)])
def test_the_floor_of_a_pool_asks_for_a_sample_of_the_unit(least, paid):
    floor = {"value": 80, "min_sample": least}
    pool = {"kind": "pool", "id": "p", "name": "P", "period": "month", "unit": "team", "amount": 100, "kpi": "liked"}
    events = [answer(0, 90), answer(1, 80, employee="E2"), {"control": "close", "period": "2026-03"}]
    _, lines = run(plan(1, pool | {"floor": floor}, min_sample=9), events)
    assert lines == [(50.0, "close:p:month:2026-03")] * paid


def test_a_team_by_the_events_of_all_of_them():
    table = plan(unit="team", share="equal")
    events = [answer(0, 100), answer(1, 90, employee="E2"), answer(2, 100), answer(3, 100)]
    awards, lines = run(table, events, batch=1)
    assert [award[1:4] for award in awards] == [("t", 0, "final"), ("t", 1, "final")]
    assert [amount for amount, _ in lines] == [150.0, 150.0]
    assert run(plan(unit="team"), events[:2], batch=1) == ([], [])


def test_a_nudge_waits_for_the_sample_of_its_table():
    nudge = {"kind": "nudge", "id": "n", "name": "N", "of": "a", "within": "10%"}
    awards, _ = run(plan(1, nudge), [answer(n, score) for n, score in enumerate([100, 78, 50, 76])])
    assert awards == [("n", "E1", 0, "final", "a2")]  # a mean of 76
    awards, _ = run(plan(1, nudge, min_sample=0), [answer(n, score) for n, score in enumerate([100, 78, 50, 76])])
    assert [award[0] for award in awards] == ["a", "a", "a", "a"]  # both tiers were reached by the first


@pytest.mark.parametrize(("least", "told"), [(0, ["v3"]), (3, ["v3"]), (4, ["v4"]), (9, [])])
def test_a_forecast_is_no_sample(least, told):
    """20 minutes a day lead to 440 in 22 days: as the fourth begins 60 after three, as the fifth 80 after four."""
    nudge = {"kind": "nudge", "id": "n", "name": "N", "of": "a", "by": "forecast", "within": "20%", "after": 3}
    table = plan(1, nudge, kpi="minutes", pays="nothing", tiers=[{"value": 500}], min_sample=least)
    awards, _ = run(table, [visit(n, 2 + n, 20) for n in range(5)])
    assert [cause for rule, *_, cause in awards if rule == "n"] == told
