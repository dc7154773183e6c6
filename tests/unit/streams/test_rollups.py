"""Values of teams, departments and the company: by example, and by brute force over the credits."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Plan
from schemas.plan_file import load_plan
from streams.backtest import Backtest
from streams.performance.calendar import day_of
from streams.rollups import rolled_up, unit_values
from tests import reference
from tests.depth import examples

PLANS = Path(__file__).parents[3] / "plans"
DAY = day_of(date(2026, 3, 31))


def plan_of(*kpis: dict, **more: object) -> Plan:
    people = {"north": ("E1", "E2"), "south": ("E3",)}
    teams = [
        {"id": team, "employees": [{"id": one, "role": "rep"} for one in members]}
        for team, members in people.items()
    ]
    own = {"name": "K", "events": ["sale"], "periods": ["quarter"]}
    return Plan.model_validate(
        {
            "plan": "p",
            "timezone": "UTC",
            "currency": "CNY",
            "organisation": {"company": "acme", "departments": [{"id": "sales", "teams": teams}]},
            "kpis": [own | kpi for kpi in kpis],
        }
        | more
    )


def cell(
    kpi: str = "k", team: str = "north", day: int = DAY, num: int = 0, den: int = 10_000, **more: object
) -> dict:
    own = {
        "kpi": kpi,
        "employee": "E1",
        "team": team,
        "department": "sales",
        "day": day,
        "low": None,
        "high": None,
        "members": None,
        "numerator": num,
        "denominator": den,
    }
    for unit_kind in ("team", "department", "company"):
        own |= {f"{unit_kind}_numerator": num, f"{unit_kind}_denominator": den}
    return own | more


def values(cells: list[dict], plan: Plan) -> dict[tuple, int | None]:
    return {
        (one.unit_kind, one.unit, one.period_kind, one.period): one.value for one in unit_values(cells, plan)
    }


def test_sums_add_up_over_units_and_periods():
    plan = plan_of({"id": "k", "aggregate": "sum", "field": "amount"})
    cells = [cell(num=10), cell(num=5, day=DAY + 1), cell(num=100, team="south")]
    assert values(cells, plan) == {
        ("team", "north", "month", "2026-03"): 10,
        ("team", "north", "month", "2026-04"): 5,
        ("team", "north", "quarter", "2026-Q1"): 10,
        ("team", "north", "quarter", "2026-Q2"): 5,
        ("team", "south", "month", "2026-03"): 100,
        ("team", "south", "quarter", "2026-Q1"): 100,
        ("department", "sales", "month", "2026-03"): 110,
        ("department", "sales", "month", "2026-04"): 5,
        ("department", "sales", "quarter", "2026-Q1"): 110,
        ("department", "sales", "quarter", "2026-Q2"): 5,
        ("company", "acme", "month", "2026-03"): 110,
        ("company", "acme", "month", "2026-04"): 5,
        ("company", "acme", "quarter", "2026-Q1"): 110,
        ("company", "acme", "quarter", "2026-Q2"): 5,
    }


@pytest.mark.parametrize(
    ("aggregate", "cells", "expected"),
    [
        ("mean", [cell(num=100, den=10_000), cell(num=0, den=30_000)], 25),
        ("mean", [cell(num=1, den=20_000), cell(num=0, den=0)], 1),  # half a ten-thousandth is rounded up
        ("mean", [cell(num=0, den=0)], None),
        ("min", [cell(low=70), cell(low=-30)], -30),
        ("max", [cell(high=70), cell(high=-30)], 70),
        ("distinct", [cell(members=[1, 2]), cell(members=[2, 3]), cell(members=None)], 30_000),
        ("count", [cell(num=10_000), cell(num=20_000)], 30_000),
    ],
)
def test_aggregates(aggregate, cells, expected):
    plan = plan_of({"id": "k", "aggregate": aggregate, "field": "amount"})
    assert rolled_up(plan.kpis[0], "team", cells) == expected


def test_a_rolling_window_ends_on_the_units_latest_day():
    plan = plan_of({"id": "k", "aggregate": "sum", "field": "amount", "periods": ["rolling_7d"]})
    cells = [
        cell(num=1, day=DAY - 7),
        cell(num=10, day=DAY - 6),
        cell(num=100, day=DAY),
        cell(num=1000, day=DAY - 7, team="south"),
    ]
    found = values(cells, plan)
    assert found["team", "north", "rolling_7d", "2026-03-31"] == 110
    assert found["team", "south", "rolling_7d", "2026-03-24"] == 1000
    assert found["company", "acme", "rolling_7d", "2026-03-31"] == 110


def test_days_outside_a_calendar_of_the_company_count_in_none_of_its_periods():
    season = [{"key": "spring", "start": "2026-03-01", "end": "2026-04-01"}]
    plan = plan_of(
        {"id": "k", "aggregate": "sum", "field": "amount", "periods": ["season"]},
        calendars={"season": season},
    )
    found = values([cell(num=1), cell(num=10, day=DAY + 1)], plan)
    assert found["company", "acme", "season", "spring"] == 1
    assert ("company", "acme", "month", "2026-04") in found
    assert sum(key[2] == "season" for key in found) == 3


def test_without_cells_there_are_no_values():
    assert unit_values([], plan_of({"id": "k", "aggregate": "count"})) == []


# Against the naive reference, which sums over the credits themselves.

KPIS = [
    {"id": "revenue", "aggregate": "sum", "field": "amount"},
    {"id": "sales", "aggregate": "count"},
    {"id": "mean", "aggregate": "mean", "field": "amount"},
    {"id": "pieces", "aggregate": "sum", "field": "quantity"},
    {"id": "customers", "aggregate": "distinct", "field": "customer"},
    {"id": "largest", "aggregate": "max", "field": "amount"},
    {"id": "smallest", "aggregate": "min", "field": "amount"},
    {"id": "online", "aggregate": "ratio", "numerator": {"where": {"channel": "web"}}, "denominator": {}},
]
_SPLITS = {"one team": ("E1", "E2"), "two teams": ("E1", "E3")}


def _payees(*splits: str) -> st.SearchStrategy[dict]:
    alone = st.sampled_from(["E1", "E2", "E3"]).map(lambda who: {"employee": who})
    shared = st.sampled_from([_SPLITS[split] for split in splits]).map(
        lambda who: {
            "splits": [{"employee": who[0], "percent": 33.3333}, {"employee": who[1], "percent": 66.6667}]
        }
    )
    return st.one_of(alone, shared)


def _event(
    number: int, payee: dict, cents: int, quantity: int, customer: str, channel: str, date: str
) -> dict:
    data = payee | {"amount": cents / 100, "currency": "CNY", "customer": customer, "channel": channel}
    data |= {"quantity": quantity} if quantity else {}
    return {
        "specversion": "1.0",
        "source": "s",
        "id": f"e{number}",
        "type": "sale",
        "time": f"{date}T12:00:00Z",
        "data": data,
    }


def _histories(*splits: str) -> st.SearchStrategy[list[dict]]:
    dates = st.builds("2026-{:02d}-{:02d}".format, st.integers(3, 4), st.integers(1, 28))
    sale = st.tuples(
        _payees(*splits),
        st.integers(0, 100_000),
        st.integers(0, 5),
        st.sampled_from("abc"),
        st.sampled_from(["web", "store"]),
        dates,
    )
    return st.lists(sale, min_size=1, max_size=12).map(
        lambda sales: [_event(number, *one) for number, one in enumerate(sales)]
    )


def _both(events: list[dict]) -> tuple[dict, dict]:
    """Defined unit values of all quarters: ours, and the naive reference's."""
    plan, lines = plan_of(*KPIS), [json.dumps(event).encode() for event in events]
    run = Backtest()
    run.apply(plan)
    run.feed(lines, 5)
    ours = {
        (one.kpi, one.unit_kind, one.unit, one.period): Decimal(one.value) / 10_000
        for one in unit_values(run.finish().days.values(), plan)
        if one.period_kind == "quarter" and one.value is not None
    }
    naive = reference.run(plan, [json.loads(line, parse_float=Decimal) for line in lines]).units
    return ours, {
        (row["kpi"], row["unit_kind"], row["unit"], row["period"]): Decimal(row["value"]) for row in naive
    }


@examples(25, derandomize=True)
@given(_histories("one team", "two teams"))
def test_agrees_with_the_naive_reference(events):
    ours, naive = _both(events)
    assert ours == naive


def test_a_sale_shared_by_two_teams_is_one_sale_of_their_department():
    shared = {"splits": [{"employee": "E1", "percent": 50}, {"employee": "E3", "percent": 50}]}
    ours, naive = _both([_event(1, shared, 100, 1, "a", "web", "2026-03-31")])
    assert naive["sales", "department", "sales", "2026-Q1"] == 1
    assert ours == naive


def test_every_kpi_of_the_example_plan_can_be_rolled_up():
    plan = load_plan(PLANS / "example.yaml")
    cells = [cell(kpi.id, num=10, den=10_000, low=10, high=10, members=[1]) for kpi in plan.kpis]
    assert {one.kpi for one in unit_values(cells, plan)} == {kpi.id for kpi in plan.kpis}
