"""Awards of every kind carry what the plan calls the teams and units that they are about."""

from __future__ import annotations

import json

import pytest

from schemas.plan import Plan
from streams.backtest import Backtest

EAST = {"en": "Sales East", "zh": "华东销售"}
CONDITION = {"all": [{"kpi": "sold", "value": 10}]}
TIERS = {"kind": "tiers", "kpi": "sold", "pays": "flat", "tiers": [{"value": 10, "amount": 5}]}
#: What an award says, without its kind: the names of the team and of the unit.
RULES = [
    (TIERS, EAST, {}),
    ({"kind": "threshold"} | CONDITION, EAST, {}),
    ({"kind": "honour", "kpi": "sold", "top": 1, "unit": "department", "settle": "live"}, EAST, {}),
    ({"kind": "first", "places": 1, "unit": "company"} | CONDITION, EAST, {}),
    ({"kind": "first", "places": 1, "unit": "company", "contenders": "team"} | CONDITION, EAST, EAST),
    (TIERS | {"unit": "team"}, EAST, EAST),
    (TIERS | {"unit": "department"}, {}, {}),  # it has none
    (TIERS | {"unit": "company"}, {}, {"en": "Acme"}),
    (TIERS | {"unit": "manager"}, EAST, {}),
]


@pytest.mark.parametrize(("rule", "team", "unit"), RULES)
def test_the_names_of_team_and_unit(rule, team, unit):
    people = [{"id": "E1", "name": "Ada", "role": "rep"}]
    departments = [{"id": "d", "teams": [{"id": "t", "name": EAST, "manager": "E1", "employees": people}]}]
    plan = Plan.model_validate({
        "plan": "p", "timezone": "UTC", "currency": "EUR",
        "organisation": {"company": "c", "name": "Acme", "departments": departments},
        "kpis": [{"id": "sold", "name": "S", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
        "awards": [{"id": "a", "name": "A", "period": "month"} | rule],
    })  # fmt: skip
    sale = {"specversion": "1.0", "source": "s", "type": "sale", "id": "e", "time": "2026-03-02T10:00:00Z"}
    sale |= {"data": {"employee": "E1", "amount": 20, "currency": "EUR"}}
    run = Backtest()
    run.apply(plan)
    run.feed([json.dumps(sale).encode()])
    (award,) = run.finish().awards
    assert (award.team_name, award.unit_name) == (team, unit)
