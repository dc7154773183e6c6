"""The plan for a whole company: valid without a warning, in both languages, few KPIs per role; the dual threshold."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml

from infra.ingest.sim_records import encode
from infra.ingest.simulate import simulate
from schemas.plan_file import examine_plan
from schemas.plan_moves import employees_of
from streams.backtest import Backtest

PATH = Path(__file__).parents[3] / "plans" / "company.yaml"


@pytest.fixture(scope="module")
def plan():
    found, errors, warnings = examine_plan(PATH.read_text(encoding="utf-8"), PATH.name)
    assert (errors, warnings) == ([], [])
    return found


def test_every_name_and_description_is_in_english_and_chinese():
    def texts(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("name", "description", "course") and not (key == "name" and "role" in value):
                    yield inner
                else:
                    yield from texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)

    found = list(texts(yaml.safe_load(PATH.read_text(encoding="utf-8"))))
    assert len(found) > 50
    for one in found:
        assert set(one) == {"en", "zh"} and any("\u4e00" <= letter <= "\u9fff" for letter in one["zh"]), one


def test_every_kpi_is_described_and_every_role_has_three_to_five(plan):
    assert len(plan.kpis) >= 15 and len(plan.awards) >= 12
    assert all(kpi.description is not None for kpi in plan.kpis)
    roles: dict[str, set[str]] = {employee.role: set() for employee, _ in employees_of(plan)}
    for target in (target for target in plan.targets if target.unit is None):
        roles[target.role].add(target.kpi)
    assert {role: 3 <= len(kpis) <= 5 for role, kpis in roles.items()} == dict.fromkeys(roles, True)
    assert {kpi.id for kpi in plan.kpis} == set().union(*roles.values())


def _event(kind: str, number: int, **data: object) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "source": "crm",
            "id": f"{kind}-{number}",
            "type": kind,
            "time": f"2026-03-{1 + number % 28:02d}T10:00:00+08:00",
            "data": {"employee": "S101"} | data,
        }
    ).encode()


@pytest.mark.parametrize(
    ("amount", "score", "answers", "reached"),
    [
        (200_000, 90, 20, True),
        (200_000, 90, 19, False),  # too few answers
        (199_999, 95, 30, False),  # customers first, but not without revenue
        (300_000, 89, 30, False),  # revenue first, but not without customers
    ],
)
def test_revenue_and_satisfaction_must_both_be_met(plan, amount, score, answers, reached):
    run = Backtest()
    run.apply(plan)
    run.feed([_event("sale", 1, amount=amount, currency="CNY")])
    run.feed([_event("survey_answer", number, score=score) for number in range(answers)])
    result = run.finish()
    assert not result.dead_letters
    awards = [award for award in result.awards if award.rule == "revenue-and-satisfaction"]
    assert [(award.kind, award.amount) for award in awards] == ([("bonus+promotion", "5000")] if reached else [])


def test_a_sales_team_and_its_leader_are_paid_by_the_team_s_score(plan):
    run = Backtest()
    run.apply(plan)
    people = ("S101", 100_000), ("S102", 250_000), ("S103", 250_000)
    run.feed(
        [
            *(_event("sale", n, employee=who, amount=sold, currency="CNY") for n, (who, sold) in enumerate(people)),
            *(_event("survey_answer", n, employee="S102", score=90) for n in range(3)),
            *(_event("lead", n, employee="S103", converted=n == 0) for n in range(4)),
        ]
    )
    result = run.finish()
    assert not result.dead_letters
    scores = {(row["unit_kind"], row["unit"]): row["value"] for row in result.units.values() if "score" in row["kpi"]}
    assert scores == {("team", "sales-north"): 100_0000, ("manager", "S101"): 100_0000}
    team = {line["employee"]: line["amount"] for line in result.earnings if line["rule"] == "strong-team"}
    assert team == dict.fromkeys(["S101", "S102", "S103"], 1000_0000)
    assert [(line["employee"], line["amount"]) for line in result.earnings if line["rule"] == "team-leader"] == [
        ("S101", 1500_0000)
    ]


def test_who_falls_behind_is_recommended_a_course_until_the_gap_is_closed(plan):
    """Ten of March's 22 working days are over on the 16th: 90,909 of 200,000 are expected, 70 % of that is 63,636."""
    run = Backtest()
    run.apply(plan)
    sold = [(1, "S101", 50_000), (2, "S102", 100_000), (15, "S102", 100), (43, "S101", 13_636), (71, "S101", 1)]
    run.feed([_event("sale", n, employee=who, amount=amount, currency="CNY") for n, who, amount in sold])
    awards = [award for award in run.finish().awards if award.rule == "selling-course"]
    assert [(award.employee, award.state, award.cause.id) for award in awards] == [
        ("S101", "final", "sale-15"),
        ("S101", "revoked", "sale-71"),
    ]
    assert awards[0].evidence[0].expected == "90909.0909"


def test_smallest_samples_save_awards_that_come_and_go_and_no_money(plan):
    """In a month of its company: what the first few deliveries and tickets win and lose is not told."""
    rules = ("on-time-bonus", "quick-help")
    values = [encode(one) for one in simulate(plan, 1, date(2026, 1, 1), 31, 200)]
    awards, paid = {rule: [] for rule in rules}, {rule: [] for rule in rules}
    for least in ({}, {"min_sample": 0}):
        run = Backtest()
        run.apply(plan.model_copy(update={
            "awards": tuple(one.model_copy(update=least) for one in plan.awards if one.id in rules),
        }))  # fmt: skip
        run.feed(values)
        result = run.finish()
        for rule in rules:
            awards[rule].append(sum(award.rule == rule for award in result.awards))
            money = Counter()
            for line in result.earnings:
                money[line["employee"]] += line["amount"] * (line["rule"] == rule)
            paid[rule].append(money)
    for rule in rules:
        sampled, unsampled = awards[rule]
        assert 0 < sampled < unsampled / 2, awards
        assert paid[rule][0] == paid[rule][1] and paid[rule][0].total() > 0
