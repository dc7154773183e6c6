"""Overlays by example: who gets them, how much, and that units do not."""

from __future__ import annotations

import json

import pytest

from schemas.control import PlanApplied
from schemas.plan import Plan
from schemas.plan_file import check_plan
from streams.backtest import Backtest
from streams.crediting import Crediting
from tests.unit.streams.crediting_reference import DAY, START, Block, Event, Result, as_records, fold, make_plan

TEAMS = {"a": ["E1", "E2"], "b": ["E3"], "x": ["E4"]}


def credited(overlay: dict, *events: Event, moves: dict | None = None) -> list[tuple]:
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, moves=moves, overlays=[overlay]))
    result = Result()
    fold(Crediting(0, 4), as_records([plan, Block(0, list(enumerate(events)))]), result)
    return [(row["employee"], row["team"], row.get("data.amount"), row["unit_first"]) for row in result.rows]


def sale(amount: int, employee: str = "E1", splits: list | None = None, **data) -> Event:
    return Event("s", employee=employee, splits=splits, data={"amount": amount, "currency": "CNY", **data})


@pytest.mark.parametrize(
    ("overlay", "others"),
    [
        ({"employee": "E4", "share": "50%"}, [("E4", "", 5_000, 8)]),
        ({"role": "role-a"}, [("E2", "", 10_000, 8)]),
        ({"role": "role-b"}, []),
        ({"role": "role-b", "within": "department"}, [("E3", "", 10_000, 8)]),
        ({"role": "role-x", "within": "department"}, []),
        ({"role": "role-x", "within": "company", "share": "0.5%"}, [("E4", "", 100, 8)]),
        ({"employee": "E1"}, []),
        ({"employee": "E4", "where": {"product": "cloud"}}, [("E4", "", 10_000, 8)]),
        ({"employee": "E4", "where": {"product": ["disk", "tape"]}}, []),
        ({"employee": "E4", "where": {"amount": {"gt": 1}}}, []),
        ({"employee": "E4", "where": {"channel": "web"}}, []),
    ],
)
def test_who_is_credited_beside_the_seller(overlay, others):
    found = credited({"events": ["sale"]} | overlay, sale(10_000, product="cloud"))
    assert found == [("E1", "a", 10_000, 7), *others]


def test_a_shared_sale_reaches_the_units_of_all_and_nobody_twice():
    splits = [["E1", 500_000], ["E3", 500_000]]
    found = credited({"events": ["sale"], "role": "role-a"}, sale(10_100, "", splits))
    assert found == [("E1", "a", 5_100, 7), ("E3", "b", 5_000, 1), ("E2", "", 10_100, 8)]


def test_the_place_of_the_day_decides():
    moves = {"E3": [{"date": "2026-01-02", "role": "expert"}]}
    later = Event("t", "sale", START + DAY, "E1", data={"amount": 100, "currency": "CNY"})
    overlay = {"events": ["sale"], "role": "expert", "within": "company"}
    assert [one[0] for one in credited(overlay, sale(100), later, moves=moves)] == ["E1", "E1", "E3"]


def test_refunds_take_back_an_overlay_to_the_last_cent():
    parts = [Event(f"r{n}", "refund", data={"sale_id": "s", "amount": 100, "currency": "CNY"}) for n in range(3)]
    found = credited({"events": ["sale"], "employee": "E4", "share": "33.33%"}, sale(300), *parts)
    assert [amount for employee, _, amount, _ in found if employee == "E4"] == [100, 0, -100, 0]


def test_kpis_of_the_person_count_it_and_units_do_not():
    kpis = [
        {"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale"], "field": "amount"},
        {"id": "deals", "name": "D", "aggregate": "count", "events": ["sale"]},
        {"id": "least", "name": "L", "aggregate": "min", "events": ["sale"], "field": "amount"},
    ]
    overlay = {"events": ["sale"], "employee": "E3", "share": "10%"}
    award = {"kind": "tiers", "id": "a", "name": "A", "kpi": "revenue", "period": "month", "pays": "slab",
             "tiers": [{"value": 0, "rate": "10%"}]}  # fmt: skip
    plan = make_plan(TEAMS, overlays=[overlay]).model_dump(mode="json")
    plan |= {"kpis": [one | {"periods": ["month"]} for one in kpis], "awards": [award]}
    test = Backtest()
    test.apply(Plan.model_validate(plan), "p")
    data = {"employee": "E1", "amount": 80, "currency": "CNY"}
    event = {"specversion": "1.0", "source": "s", "id": "1", "type": "sale", "time": "2026-01-05T00:00:00Z"}
    test.feed([json.dumps(event | {"data": data}).encode()])
    result = test.finish()
    values = {(kpi, who): row["value"] for (kpi, who, *_), row in result.periods.items()}
    assert [values[kpi, "E3"] for kpi in ("revenue", "deals", "least")] == [80_000, 10_000, 80_000]
    units = {(kpi, unit): row["value"] for (kpi, _, unit, *_), row in result.units.items()}
    assert {unit for _, unit in units} == {"a", "d1", "c"}
    assert [units[kpi, "c"] for kpi in ("revenue", "deals", "least")] == [800_000, 10_000, 800_000]
    assert {line["employee"]: line["amount"] for line in result.earnings} == {"E1": 80_000, "E3": 8_000}
    totals = [sum(row[f"{unit}_numerator"] for row in result.days.values() if row["kpi"] == "revenue")
              for unit in ("team", "department", "company")]  # fmt: skip
    assert totals == [800_000] * 3


PLAN = """plan: p
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - {id: sales, teams: [{id: north, employees: [{id: E1, role: rep}]}]}
kpis:
  - {id: revenue, name: R, aggregate: sum, events: [sale], field: amount, unit: money}
crediting:
  overlays:
    - {%s}
"""


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("events: [sale]", "expected either employee or role"),
        ("events: [sale], employee: E1, role: rep", "expected either employee or role"),
        ("events: [sale], employee: E2", "no such employee: E2"),
        ("events: [sale], role: reb", "did you mean rep?"),
        ("events: [sale], employee: E1, within: company", "only people of a role are looked for within a unit"),
        ("events: [sal], employee: E1", "no such event type: sal; did you mean sale?"),
        ("events: [refund], employee: E1", "a refund is credited as its sale was; name the sale"),
        ("events: [sale], employee: E1, share: 0%", "expected more than 0% and at most 100%"),
        ("events: [sale], employee: E1, share: 101%", "expected more than 0% and at most 100%"),
        ("events: [sale], employee: E1, where: {colour: red}", "no such field in sale: colour"),
        ("events: [sale], employee: E1, where: {product: 7}", "7 is no string"),
    ],
)
def test_messages(overlay, message):
    errors = check_plan(PLAN % overlay)[1]
    assert [error for error in errors if message in str(error)], list(map(str, errors))


def test_a_right_one():
    assert not check_plan(PLAN % "events: [sale], role: rep, within: department, where: {product: p}, share: 5%")[1]
