"""A rule whose id goes to an award of another kind: each is paid for by itself, none twice, none taken back unpaid."""

from __future__ import annotations

import pytest

from schemas.plan import Plan
from tests.recorded_log import recorded_log

TIERS = {"kind": "tiers", "kpi": "sold", "pays": "flat", "tiers": [{"value": 10, "amount": 5}]}


def bonus(value: int) -> dict:
    return {"kind": "threshold", "all": [{"kpi": "sold", "value": value}], "bonus": 50, "rearm": True}


def plan(version: int, rule: dict) -> Plan:
    people = [{"id": "E1", "role": "rep"}]
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "UTC", "currency": "EUR",
        "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t", "employees": people}]}]},
        "kpis": [{"id": "sold", "name": "S", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
        "awards": [{"id": "a", "name": "A", "period": "month"} | rule],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "paid"),
    [
        ([TIERS, bonus(15)], 5 + 50),
        ([TIERS, bonus(100)], 5),  # the tier that stands is no bonus to be taken back
        ([bonus(15), TIERS, bonus(15)], 5 + 50),  # not once more
        ([bonus(15), TIERS, bonus(100)], 5),
        ([TIERS, bonus(100), TIERS], 5),
    ],
)
def test_what_each_kind_has_paid_in_the_end(rules, paid):
    plans = [plan(version, rule) for version, rule in enumerate(rules, start=1)]
    sale = {"specversion": "1.0", "source": "s", "type": "sale", "id": "e", "time": "2026-03-02T10:00:00Z"}
    sale |= {"data": {"sale_id": "e", "employee": "E1", "amount": 20, "currency": "EUR"}}
    history = [sale, *({"control": "plan"} for _ in plans[1:])]
    source = recorded_log(plans[0], history, 1, *plans[1:])
    assert sum(line["amount"] for line in source.result.earnings) == paid * 10_000
