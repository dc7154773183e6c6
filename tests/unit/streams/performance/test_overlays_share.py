"""Sales that a correction gives to their overlay, or to somebody whom they had paid nothing: what they pay."""

from __future__ import annotations

import json

from infra.explain.from_backtest import BacktestEvidence
from schemas.plan import Plan
from streams.explain.period import explain_period

PLAN = {
    "plan": "p", "timezone": "UTC", "currency": "CNY",
    "organisation": {"company": "c", "departments": [{"id": "d", "teams": [{"id": "t", "employees": [
        {"id": "E1", "role": "rep"}, {"id": "E2", "role": "lead"}, {"id": "E3", "role": "rep"},
    ]}]}]},
    "crediting": {"overlays": [{"events": ["sale"], "role": "lead", "within": "team", "share": "20%"}]},
    "kpis": [{"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale", "refund", "correction"],
              "field": "amount"}],
}  # fmt: skip
SPIFF = {"kind": "spiff", "id": "s", "name": "S", "period": "month", "events": ["sale"], "amount": 10}
TABLE = {"kind": "tiers", "id": "a", "name": "A", "kpi": "revenue", "period": "month", "pays": "slab",
         "clawback": "as_paid", "tiers": [{"value": 0, "rate": "10%"}, {"value": 500, "rate": "20%"}]}  # fmt: skip


def lines(award: dict, *events: tuple[str, str, dict]) -> list[tuple[str, str, float]]:
    """Event, employee and money of every line; each is explained."""
    plan = Plan.model_validate(PLAN | {"awards": [award]})
    values = [
        json.dumps({
            "specversion": "1.0", "source": "s", "id": id_, "type": type_, "time": f"2026-03-{day:02d}T10:00:00Z",
            "data": {"currency": "CNY"} | data,
        }).encode()
        for day, (id_, type_, data) in enumerate(events, 1)
    ]  # fmt: skip
    source = BacktestEvidence(plan, lambda run: run.feed(values))
    for employee in ("E1", "E2", "E3"):
        assert {one.difference for one in explain_period(source.of(employee), "2026-03")} <= {0}
    return [(line["id"], line["employee"], line["amount"] / 10_000) for line in source.result.earnings]


SOLD = ("1", "sale", {"employee": "E1", "amount": 100})


def test_an_overlay_who_becomes_the_payee_is_paid_the_difference():
    given = ("2", "correction", {"sale_id": "1", "employee": "E2", "amount": 100})
    back = ("3", "refund", {"sale_id": "1", "amount": 50})
    assert lines(SPIFF, SOLD, given, back) == [
        ("1", "E1", 10), ("1", "E2", 2), ("2", "E2", 8), ("2", "E1", -10), ("3", "E2", -5),
    ]  # fmt: skip


def test_under_as_paid_what_the_overlay_was_paid_gives_way_to_the_line_of_the_sale():
    given = ("2", "correction", {"sale_id": "1", "employee": "E2", "amount": 600})
    back = ("3", "refund", {"sale_id": "1", "amount": 300})
    assert lines(TABLE, SOLD, given, back) == [
        ("1", "E1", 10), ("1", "E2", 2), ("2", "E2", 122), ("2", "E1", -10), ("2", "E2", -2), ("3", "E2", -61),
    ]  # fmt: skip


def test_a_share_that_was_too_small_for_a_cent_is_remembered():
    split = [{"employee": "E1", "percent": "99.96"}, {"employee": "E3", "percent": "0.04"}]
    more = [{"employee": "E1", "percent": 50}, {"employee": "E3", "percent": 50}]
    sold = ("1", "sale", {"splits": split, "amount": 100})
    shared = ("2", "correction", {"sale_id": "1", "splits": more, "amount": 100})
    paid = lines(SPIFF, sold, shared)
    assert ("1", "E3", 0) not in paid
    assert sum(money for _, employee, money in paid if employee == "E3") == 5
    assert sum(money for _, employee, money in paid if employee == "E1") == 5
