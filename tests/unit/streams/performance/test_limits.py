"""Caps, floors, hurdles and interpolated amounts: lines of small histories, worked out by hand."""

from __future__ import annotations

import json

import pytest

from schemas.money import to_fixed
from schemas.plan import Plan
from streams.backtest import Backtest

TIERS = [{"attainment": "50%", "amount": 500}, {"attainment": "100%", "amount": 1000}]


def lines(sales: list, **award: object) -> list[tuple[int, int]]:
    """(amount, withheld) of each line in units of money; a month's target is 1,000."""
    test = Backtest()
    test.apply(plan(award))
    test.feed(
        json.dumps({
            "specversion": "1.0", "source": "s", "id": str(number), "type": "sale", "time": "2026-03-02T10:00:00Z",
            "data": {"employee": "E1", "amount": amount, "currency": "CNY"},
        }).encode()
        for number, amount in enumerate(sales)
    )  # fmt: skip
    return [(line["amount"] / 10_000, line["withheld"] / 10_000) for line in test.finish().earnings]


def plan(award: dict, version: int = 1) -> Plan:
    teams = [{"id": "t", "employees": [{"id": "E1", "role": "rep"}]}]
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": "UTC", "currency": "CNY",
        "organisation": {"company": "acme", "departments": [{"id": "d", "teams": teams}]},
        "kpis": [{"id": "revenue", "name": "R", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
        "targets": [{"kpi": "revenue", "period": "month", "value": 1000}],
        "awards": [
            {"kind": "tiers", "id": "a", "name": "A", "kpi": "revenue", "period": "month"}
            | {"pays": "slab", "tiers": [{"value": 0, "rate": "10%"}]}
            | award
        ],
    })  # fmt: skip


@pytest.mark.parametrize("sales, paid", [
    ([499], []), ([500], [500.0]), ([750], [750.0]), ([600, 300], [600.0, 300.0]),
    ([777.77], [777.77]), ([1000], [1000.0]), ([5000], [1000.0]),
])  # fmt: skip
def test_amounts_grow_in_a_straight_line_between_tiers(sales, paid):
    assert [amount for amount, _ in lines(sales, pays="interpolated", tiers=TIERS)] == paid


def test_an_interpolated_amount_is_rounded_once():
    tiers = [{"value": 0, "amount": 0}, {"value": 3, "amount": 1}]
    assert lines([1, 1], pays="interpolated", tiers=tiers) == [(0.33, 0), (0.34, 0)]  # 1/3 and 2/3 of a unit


@pytest.mark.parametrize("settings, expected", [
    ({"cap": 40}, [(30, 0), (10, 20), (0, 10)]),
    ({"floor": 50}, [(50, 0), (10, 0), (10, 0)]),
    ({"floor": 50, "cap": 55}, [(50, 0), (5, 5), (0, 10)]),
    ({"hurdle": {"value": 500}}, [(60, 0), (10, 0)]),
    ({"hurdle": {"attainment": "70%"}, "floor": 90}, [(90, 0)]),
    ({"hurdle": {"attainment": "70%"}, "cap": 50}, [(50, 20)]),
])  # fmt: skip
def test_limits_line_by_line(settings, expected):
    assert lines([300, 300, 100], **settings) == expected


def test_with_a_hurdle_the_floor_is_paid_even_where_the_table_pays_nothing():
    late = {"pays": "flat", "tiers": [{"value": 900, "amount": 80}]}
    assert lines([100], floor=30, **late) == []
    assert lines([100], floor=30, hurdle={"value": 100}, **late) == [(30, 0)]


def test_a_plan_that_brings_a_cap_posts_what_it_takes_back_and_withholds():
    test = Backtest()
    test.apply(plan({}))
    sale = {"employee": "E1", "amount": 500, "currency": "CNY"}
    event = {"specversion": "1.0", "source": "s", "id": "1", "type": "sale", "time": "2026-03-02T10:00:00Z"}
    test.feed([json.dumps(event | {"data": sale}).encode()])
    test.apply(plan({"cap": 20}, version=2))
    found = [(line["reason"], line["amount"], line["withheld"]) for line in test.finish().earnings]
    assert found == [("credit", to_fixed(50), 0), ("plan_change", to_fixed(-30), to_fixed(30))]
