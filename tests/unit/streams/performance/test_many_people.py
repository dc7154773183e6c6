"""Many people who reach their tiers in one batch: each gets their own award, as if they had come one by one."""

from __future__ import annotations

import json

import pytest

from schemas.plan import Plan
from streams.backtest import Backtest

MANY = 30


def plan() -> Plan:
    people = [{"id": f"E{number}", "role": "rep"} for number in range(MANY)]
    teams = [{"id": f"t{number}", "employees": people[number::3]} for number in range(3)]
    return Plan.model_validate({
        "plan": "p", "version": 1, "timezone": "UTC", "currency": "CNY",
        "organisation": {"company": "acme", "departments": [{"id": "d", "teams": teams}]},
        "kpis": [{"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
        "awards": [{
            "kind": "tiers", "id": "a", "name": "A", "kpi": "revenue", "period": "month", "pays": "flat",
            "tiers": [{"value": 100, "amount": 10}],
        }],
    })  # fmt: skip


def sale(number: int) -> bytes:
    return json.dumps({
        "specversion": "1.0", "source": "s", "id": str(number), "type": "sale", "time": "2026-03-02T10:00:00Z",
        "data": {"employee": f"E{number}", "amount": 100, "currency": "CNY"},
    }).encode()  # fmt: skip


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_each_gets_their_own(batch):
    order = [number * 7 % MANY for number in range(MANY)]
    backtest = Backtest()
    backtest.apply(plan())
    backtest.feed([sale(number) for number in order], batch)
    found = backtest.finish()
    wanted = [(f"E{number}", f"t{number % 3}", str(number)) for number in order]
    assert [(award.employee, award.team, award.cause.id) for award in found.awards] == wanted
    assert [(line["employee"], line["team"], line["id"]) for line in found.earnings] == wanted
