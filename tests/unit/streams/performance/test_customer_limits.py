"""Limits on events of one customer by example, and the messages about them."""

from __future__ import annotations

import json

import pytest

from infra.explain.from_backtest import BacktestEvidence
from infra.explain.telling import Teller
from runtime.records import RecordBatch
from schemas.blocks import decode_block, kind_header, kind_of
from schemas.control import PlanApplied, encode_control
from schemas.plan import Plan
from schemas.plan_file import check_plan
from streams.backtest import MemoryRecord
from streams.explain.period import explain_period
from streams.performance.customer_counts import CustomerCounts
from streams.performance.stage import Performance

PLAN = {
    "plan": "p", "timezone": "UTC", "currency": "CNY",
    "organisation": {"company": "c", "departments": [
        {"id": "d", "teams": [{"id": "t", "employees": [{"id": "E1", "role": "r"}, {"id": "E2", "role": "r"}]}]},
    ]},
    "kpis": [
        {"id": "visits", "name": "V", "aggregate": "count", "events": ["visit"], "periods": ["month"]},
        {"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale", "refund"], "field": "amount"},
    ],
    "awards": [{"kind": "tiers", "id": "a", "name": "A", "kpi": "revenue", "period": "month", "pays": "slab",
                "tiers": [{"value": 0, "rate": "10%"}]}],
}  # fmt: skip


def plan(**guard) -> Plan:
    return Plan.model_validate(PLAN | {"crediting": {"guards": [guard]}})


def event(id_: str, type_: str, day: int, **data) -> bytes:
    about = {"specversion": "1.0", "source": "s", "id": id_, "type": type_, "time": f"2026-03-{day:02d}T10:00:00Z"}
    return json.dumps(about | {"data": data}).encode()


def visit(id_: str, day: int, customer: str | None = "a", employee: str = "E1") -> bytes:
    return event(id_, "visit", day, employee=employee, **({"customer": customer} if customer else {}))


def sale(id_: str, amount: int, day: int = 2) -> bytes:
    return event(id_, "sale", day, employee="E1", amount=amount, currency="CNY", customer="a")


def evidence(of: Plan, *values: bytes) -> BacktestEvidence:
    return BacktestEvidence(of, lambda run: run.feed(values))


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        ([visit("1", 2), visit("2", 2), visit("3", 2)], 2),
        ([visit("1", 2), visit("2", 2), visit("3", 3)], 3),
        ([visit("1", 2), visit("2", 2), visit("3", 2, "b")], 3),
        ([visit("1", 2, None), visit("2", 2, None), visit("3", 2, None)], 3),
        ([visit("1", 2), visit("2", 2, employee="E2"), visit("3", 2)], 2),
    ],
)
def test_what_counts(values, counted):
    result = evidence(plan(events=["visit"], same_customer=2), *values).result
    assert result.periods["visits", "E1", "month", "2026-03"]["value"] == counted * 10_000
    unit = result.units["visits", "team", "t", "month", "2026-03"]["value"]
    assert unit == sum(row["value"] for row in result.periods.values() if row["kpi"] == "visits")


def test_a_sale_that_does_not_count_pays_nothing_and_its_refund_takes_nothing():
    values = [sale("1", 100), sale("2", 50), event("r", "refund", 4, sale_id="2", amount=50, currency="CNY")]
    source = evidence(plan(events=["sale"], same_customer=1, per="month"), *values)
    assert [(line["id"], line["amount"]) for line in source.result.earnings] == [("1", 100_000)]
    (rule,) = explain_period(source.of("E1"), "2026-03")
    assert (rule.due, rule.difference) == (100_000, 0)
    told = "\n".join(Teller(source.plan, "en").rule(rule, "2026-03"))
    assert "sale 2: not counted, beyond 1 of the same customer (a) in one month" in told
    assert "refund r: not counted, as the sale that it is about (2)" in told


def test_counts_are_forgotten_with_the_horizon_and_their_rows_with_them():
    held = [("visit/day", "2026-03-02", 1)]
    counts = CustomerCounts()
    assert counts.take("E1", "a", held, (100, 60))
    assert not counts.take("E1", "a", held, (101, 61))
    (key,) = counts.dirty_rows()
    assert counts.take("E1", "a", held, (200, 160))
    assert counts.dirty_rows()[key]
    assert counts.take("E1", "a", [("visit/day", "2026-06-02", 1)], (300, 260))
    assert counts.dirty_rows()[key] == b""


def test_a_state_from_before_tells_from_its_own_place_on():
    """What was left out ahead of that nobody told of, so the beginning says so, once."""
    control = encode_control(PlanApplied(id="1", plan=plan(events=["visit"], same_customer=1)))
    first = Performance(0, 1)
    first.fold(RecordBatch("credits", 0, [MemoryRecord(7, control, kind_header("control"))]))
    rows = first.dirty_rows()
    assert [decode_block(out.value)[1]["since"] for out in first.updates() if kind_of(out.headers) == "left-out"] == [7]
    for left, since in (("left_out_since", [8]), ("none", [])):
        later = Performance(0, 1)
        later.restore({key: row for key, row in rows.items() if key != left})
        told = [decode_block(out.value)[1] for out in later.updates() if kind_of(out.headers) == "left-out"]
        assert [meta["since"] for meta in told] == since
        assert ("left_out_since" in later.dirty_rows()) == bool(since)


TEXT = """plan: p
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - {id: sales, teams: [{id: north, employees: [{id: E1, role: rep}]}]}
kpis:
  - {id: visits, name: V, aggregate: count, events: [visit], unit: count}
crediting:
  guards:
    - {%s}
"""


@pytest.mark.parametrize(
    ("guard", "message"),
    [
        ("events: [visit]", "expected a cap, hold_days, same_customer, or several of them"),
        ("cap: 1, per: day", "only same_customer counts by period"),
        ("same_customer: 1", "expected the events whose customers are counted"),
        ("events: [visit, defect], same_customer: 1", "defect has no text field customer"),
        ("events: [visit], same_customer: 1, per: fortnight", "no such period: fortnight"),
        ("events: [visit], same_customer: 1, per: rolling_7d", "expected a period with a beginning and an end"),
    ],
)
def test_messages(guard, message):
    errors = check_plan(TEXT % guard)[1]
    assert [error for error in errors if message in str(error)], list(map(str, errors))


def test_a_right_one():
    assert not check_plan(TEXT % "events: [visit], same_customer: 2, per: week")[1]
