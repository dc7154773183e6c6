"""Plans that change what is paid to whom: everyone has what the plan in force gives for the values as they stand.

A plan pays whom it gives a part in a rule; who has none, or not any more, keeps what he has until a plan does again.
"""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.blocks import kind_header, kind_of
from schemas.control import KIND, PlanApplied, encode_control
from schemas.plan import Plan
from schemas.plan_moves import employees_of
from streams.backtest import MemoryRecord
from streams.explain.history import standing
from tests.contract.test_adjustments import credits_of, folded, forgetful
from tests.contract.test_rebuild import numbered, rearmed
from tests.depth import examples
from tests.generated import random_events, random_plan


def another(dice: Random, plan: Plan, version: int) -> Plan:
    """Other money, fewer rules, other roles of people and of rules; somebody may be gone."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": version}
    given["awards"] = [award for award in given["awards"] if dice.random() < 0.7]
    for award in given["awards"]:
        award["roles"] = dice.choice([award.get("roles", []), ["rep"], []])
        if "bonus" in award:
            award["bonus"] = dice.choice(["100", "30"])
        for tier in award.get("tiers", []):
            if "amount" in tier and dice.random() < 0.5:
                tier["amount"] = str(float(tier["amount"]) * 2)
        if award["kind"] == "tiers" and award["pays"] != "interpolated" and dice.random() < 0.3:
            award["tiers"] = award["tiers"][:1]
    for department in given["organisation"]["departments"]:
        for team in department["teams"]:
            team["employees"] = [one for one in team["employees"] if dice.random() < 0.9]
            for employee in team["employees"]:
                employee["role"] = dice.choice(["rep", "agent"])
    return Plan.model_validate(given)


def control(plan: Plan) -> MemoryRecord:
    return MemoryRecord(0, encode_control(PlanApplied(id=f"p{plan.version}", plan=plan)), kind_header(KIND))


def has_part(plan: Plan, rule, employee: str, period: str) -> bool:
    places = next((found for one, found in employees_of(plan) if one.id == employee), None)
    return places is not None and (not rule.roles or standing(plan, places, rule.period, period).role in rule.roles)


@examples(3)
@given(st.integers(0, 2**32))
def test_everyone_has_what_the_last_plan_with_a_part_for_him_gives(seed):
    dice = Random(seed)
    first = rearmed(forgetful(random_plan(dice, rolling=False)))
    plans = [first, *(another(dice, first, version) for version in (2, 3, 4))]
    credits = [one for one in credits_of(first, random_events(dice, first.currency)) if kind_of(one.headers) != KIND]
    ends = [*sorted(dice.randint(0, len(credits)) for _ in plans[1:]), len(credits)]
    log, start, expected = [], 0, {}
    for plan, end in zip(plans, ends, strict=True):
        log += [control(plan), *credits[start:end]]
        start = end
        alone = folded(numbered([control(plan), *credits[:end]])).paid()
        rules = {rule.id: rule for rule in plan.awards}
        for key in alone.keys() | expected.keys():
            rule, employee, period = key
            if rule in rules and has_part(plan, rules[rule], employee, period):
                expected[key] = alone.get(key, 0)
    log = numbered(log)
    once = folded(log)
    assert once.paid() == {key: amount for key, amount in expected.items() if amount}
    places = range(1, len(log))
    again = folded(log, cuts=set(places), restarts=set(dice.sample(places, min(4, len(places)))))
    assert again.lines == once.lines and again.awards == once.awards


def sale(number: int, amount: int) -> dict:
    data = {"sale_id": f"s{number}", "employee": "E1", "amount": amount, "currency": "EUR"}
    envelope = {"specversion": "1.0", "source": "s", "type": "sale", "time": "2026-03-02T10:00:00Z"}
    return envelope | {"id": f"e{number}", "data": data}


def test_fewer_tiers_than_were_reached_and_stick():
    """The last one that is left pays."""
    tiers = [{"value": 50, "amount": 5}, {"value": 100, "amount": 10}]
    table = {"kind": "tiers", "id": "a", "name": "a", "kpi": "revenue", "period": "month", "pays": "flat"}
    people = [{"id": "E1", "name": "A", "role": "rep"}]
    given = {
        "plan": "p", "timezone": "Europe/Berlin", "currency": "EUR",
        "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t", "employees": people}]}]},
        "kpis": [{"id": "revenue", "name": "r", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
    }  # fmt: skip
    many, few = (
        Plan.model_validate(given | {"version": version, "awards": [table | {"settle": "sticky", "tiers": some}]})
        for version, some in ((1, tiers), (2, tiers[:1]))
    )
    credits = [one for one in credits_of(many, [sale(1, 100), sale(2, 1)]) if kind_of(one.headers) != KIND]
    log = numbered([control(many), credits[0], control(few), *credits[1:]])
    assert json.dumps(sorted(folded(log).paid().items())) == '[[["a", "E1", "2026-03"], 50000]]'
