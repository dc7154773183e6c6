"""The pipeline over a list of records: batches do not matter, nothing vanishes, plans may change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mapping import TopicMapping
from schemas.plan import Plan
from schemas.plan_file import load_plan
from streams.backtest import Backtest, BacktestResult
from tests.depth import examples

PLANS = Path(__file__).parents[3] / "plans" / "examples"
PLAN = load_plan(PLANS / "plan-p.yaml")


def event(kind: str, id: str, **data: object) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "source": "shop",
            "id": id,
            "type": kind,
            "time": "2026-03-10T10:00:00+08:00",
            "data": data,
        }
    ).encode()


def sale(id: str, amount: object, employee: str = "E1") -> bytes:
    return event("sale", id, employee=employee, amount=amount, currency="CNY")


def refund(id: str, sale_id: str, amount: object) -> bytes:
    return event("refund", id, sale_id=sale_id, amount=amount, currency="CNY")


def run(values: list[bytes | None], batch: int = 100, plan: Plan = PLAN) -> BacktestResult:
    one = Backtest()
    one.apply(plan)
    one.feed(values, batch)
    return one.finish()


def outcomes(result: BacktestResult) -> dict[str, int]:
    (counted,) = [json.loads(value) for value in result.outcomes.values()]
    return {name: counted[name] for name in ("applied", "duplicate", "dead_lettered", "parked", "gaps")}


def figures(result: BacktestResult) -> tuple:
    """All results that do not name positions in the log, which depend on the batches."""
    awards = [(award.award_id, award.state, award.cause, award.evidence) for award in result.awards]
    unnamed = ("line_id", "offset", "index", "payee")
    lines = [{name: value for name, value in line.items() if name not in unnamed} for line in result.earnings]
    letters = sorted((letter.offset, letter.reason, letter.raw) for letter in result.dead_letters)
    return awards, lines, letters, result.days, result.periods, outcomes(result)


_sales = st.builds(
    sale, st.sampled_from("abcdef"), st.integers(0, 60_000), st.sampled_from(["E1", "E2", "E9"])
)
_refunds = st.builds(refund, st.sampled_from("uvw"), st.sampled_from("abcdef"), st.integers(1, 60_000))
_bad = st.sampled_from([None, b"", b"{", b"[]", sale("g", "much"), sale("g", 1, "")])
_records = st.lists(st.one_of(_sales, _refunds, _bad), min_size=1, max_size=30)


@examples(20, derandomize=True)
@given(_records, st.integers(1, 7))
def test_batches_do_not_matter(values, batch):
    assert figures(run(values, batch)) == figures(run(values))


@examples(20, derandomize=True)
@given(_records)
def test_every_record_has_one_outcome(values):
    result = run(values)
    assert sum(outcomes(result).values()) == len(values)
    assert outcomes(result)["dead_lettered"] == len(result.dead_letters)


@examples(15, derandomize=True)
@given(st.lists(st.one_of(_sales, _bad), min_size=1, max_size=30))
def test_the_same_again_adds_duplicates_and_dead_letters_only(values):
    once, twice = run(values), run([*values, *values])
    assert (twice.days, twice.awards, twice.earnings) == (once.days, once.awards, once.earnings)
    assert outcomes(twice)["applied"] == outcomes(once)["applied"]


def test_a_refund_before_its_sale_waits_for_it():
    waiting = run([refund("r", "s", 30)])
    assert outcomes(waiting)["parked"] == 1 and not waiting.days
    met = run([refund("r", "s", 30), sale("s", 100)])
    (day,) = met.days.values()
    assert (day["numerator"], outcomes(met)["applied"], outcomes(met)["parked"]) == (700_000, 2, 0)


def test_without_a_plan_everything_is_a_dead_letter():
    one = Backtest()
    one.feed([sale("s", 1)])
    result = one.finish()
    assert [letter.reason for letter in result.dead_letters] == ["no_plan"]
    assert not result.days and not result.awards


def test_a_plan_takes_effect_between_two_feeds():
    """A lower quota reaches tiers at once; what was earned is made up for, with the plan as the cause."""
    one = Backtest()
    one.apply(PLAN)
    one.feed([sale("s", 50_000)])
    halved = PLAN.targets[0].model_copy(update={"value": PLAN.targets[0].value / 2})
    one.apply(PLAN.model_copy(update={"version": 2, "targets": (halved,)}))
    result = one.finish()
    assert [(award.tier, award.cause.type, award.plan_version) for award in result.awards] == [
        (1, "plan", 2),
        (2, "plan", 2),
    ]
    assert [line["amount"] for line in result.earnings] == [
        1000_0000,
        200_0000,
    ]  # 2 % of 50,000; then 1,200 in all
    assert result.earnings[1]["reason"] == "plan_change"


def test_a_plan_applied_twice_under_one_id_changes_nothing():
    one = Backtest()
    one.apply(PLAN, "x")
    one.feed([sale("s", 130_000)])
    one.apply(PLAN, "x")
    assert len(one.finish().earnings) == 1


def test_records_of_another_shape_are_mapped():
    mapping = TopicMapping.model_validate(
        {
            "source": {"constant": "erp"},
            "id": {"path": "no"},
            "type": {"constant": "sale"},
            "time": {"path": "at"},
            "data": {
                "employee": {"path": "by"},
                "amount": {"path": "total"},
                "currency": {"constant": "CNY"},
            },
        }
    )
    one = Backtest(mapping)
    one.apply(PLAN)
    one.feed([b'{"no": "7", "at": "2026-03-10T10:00:00Z", "by": "E1", "total": "12.50"}', b'{"no": "8"}'])
    result = one.finish()
    assert [day["numerator"] for day in result.days.values()] == [125_000]
    assert len(result.dead_letters) == 1


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_updates_hold_the_last_value_of_each_key(batch):
    result = run([sale("a", 1), sale("b", 2), sale("c", 3, "E2")], batch)
    assert {key[1]: row["value"] for key, row in result.periods.items()} == {"E1": 30_000, "E2": 30_000}
