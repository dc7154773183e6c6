"""Scores of whole units: worked by hand, and across a change of plan."""

from __future__ import annotations

import json

import pytest

from schemas.plan import Plan
from schemas.results import Award
from streams.backtest import Backtest, BacktestResult

KPIS = [
    {"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale"], "field": "amount", "unit": "money"},
    {"id": "sales", "name": "S", "aggregate": "count", "events": ["sale"]},
    {"id": "score", "name": "S", "aggregate": "mean", "events": ["survey_answer"], "field": "score"},
]
TARGETS = {"revenue": 200, "sales": 4, "score": 90}


def plan_of(units: list[str], missing: str = "zero", version: int = 1) -> Plan:
    people = {"north": "E1", "south": "E2"}
    teams = [{"id": team, "employees": [{"id": who, "role": "rep"}]} for team, who in people.items()]
    weights = zip(TARGETS, ("50%", "30%", "20%"), strict=True)
    parts = [{"kpi": kpi, "weight": weight, "cap": "150%"} for kpi, weight in weights]
    card = {"id": "card", "name": "C", "persons": False, "units": units, "period": "month", "missing": missing}
    award = {"kind": "tiers", "id": "strong", "name": "S", "kpi": "card", "period": "month", "unit": "department",
             "pays": "flat", "tiers": [{"value": 50, "amount": 100}, {"value": "80%", "amount": 300}]}  # fmt: skip
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "UTC", "currency": "CNY", "kpis": KPIS,
        "organisation": {"company": "acme", "departments": [{"id": "sales", "teams": teams}]},
        "targets": [
            {"kpi": kpi, "period": "month", "value": value, "unit": unit}
            for unit in ("team", "department", "company") for kpi, value in TARGETS.items()
        ],
        "scorecards": [card | {"kpis": parts}] if units else [],
        "awards": [award] if "department" in units else [],
    })  # fmt: skip


def event(number: int, kind: str, **data: object) -> bytes:
    return json.dumps({
        "specversion": "1.0", "source": "s", "id": str(number), "type": kind, "time": "2026-03-05T10:00:00Z",
        "data": data,
    }).encode()  # fmt: skip


SHARED = [{"employee": "E1", "percent": 50}, {"employee": "E2", "percent": 50}]
EVENTS = [
    event(1, "sale", splits=SHARED, amount=100, currency="CNY"),
    event(2, "sale", employee="E1", amount=150, currency="CNY"),
]
ANSWER = event(3, "survey_answer", employee="E1", score=81)


def run(plan: Plan, events: list[bytes], later: Plan | None = None) -> BacktestResult:
    test = Backtest()
    test.apply(plan)
    test.feed(events, 1)
    if later is not None:
        test.finish()  # publishes
        test.apply(later)
    return test.finish()


def scores(result: BacktestResult) -> dict[str, int | None]:
    return {row["unit"]: row["value"] for row in result.units.values() if row["kpi"] == "card"}


@pytest.mark.parametrize(
    ("missing", "events", "expected"),
    [
        # north: 200 of 200, 2 of 4 sales; south: 50 of 200, 1 of 4; together 250 of 200, and the shared sale is one
        ("zero", EVENTS, {"north": 65_0000, "south": 20_0000, "sales": 77_5000}),
        ("redistribute", EVENTS, {"north": 81_2500, "south": 25_0000, "sales": 96_8750}),
        ("redistribute", [*EVENTS, ANSWER], {"north": 83_0000, "south": 25_0000, "sales": 95_5000}),
    ],
)
def test_weights_targets_and_values_of_the_unit_itself(missing, events, expected):
    assert scores(run(plan_of(["team", "department"], missing), events)) == expected


def test_a_tier_table_on_the_score_of_departments():
    result = run(plan_of(["department"]), [*EVENTS, ANSWER])

    def said(award: Award) -> tuple:
        (one,) = award.evidence
        return award.unit, award.tier, award.threshold, award.gap, one.value, one.sample

    assert list(map(said, result.awards)) == [
        ("sales", 0, "50%", "2.5", "77.5", 2),
        ("sales", 1, "80%", None, "95.5", 3),
    ]
    assert [line["amount"] for line in result.earnings] == [100_0000, 200_0000]


def test_a_plan_that_scores_others_takes_back_what_was_published():
    later = plan_of(["department"], version=2)
    assert scores(run(plan_of(["team"]), EVENTS, later)) == {"north": None, "south": None, "sales": 77_5000}


@pytest.mark.parametrize("settle", ["live", "period_end", "sticky"])
def test_what_stands_on_a_score_that_a_new_plan_takes_away_is_lost_unless_it_is_sticky(settle):
    def plan(version: int, kpi: str) -> Plan:
        given = plan_of(["department"], version=version).model_dump(mode="json", exclude_none=True)
        given["scorecards"][0]["kpis"] = [{"kpi": kpi, "weight": "100%"}]
        bonus = {"id": "well", "kind": "threshold", "name": {"en": "W"}, "period": "month", "unit": "department",
                 "all": [{"kpi": "card", "value": "60"}], "bonus": "50"}  # fmt: skip
        given["awards"] = [award | {"settle": settle} for award in (*given["awards"], bonus)]
        return Plan.model_validate(given)

    result = run(plan(1, "revenue"), EVENTS, plan(2, "score"))  # of which nothing has come
    lost = settle != "sticky"
    assert [award.rule for award in result.awards if award.state == "revoked"] == ["strong", "strong", "well"] * lost
    money = [(line["rule"], line["amount"]) for line in result.earnings if line["reason"] == "plan_change"]
    assert money == [("strong", -300_0000), ("well", -50_0000)] * lost
    assert sum(line["amount"] for line in result.earnings) == (0 if lost else 350_0000)
