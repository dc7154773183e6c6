"""Which target is in force: the most specific, held against a search through all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Plan
from streams.performance.targets import Targets, target_index

ME = {"employee": "E1", "role": "rep", "team": "north", "department": "sales"}


def plan_with(*targets: dict) -> Plan:
    return Plan.model_validate(
        {
            "plan": "p",
            "timezone": "UTC",
            "currency": "EUR",
            "organisation": {"company": "c", "departments": []},
            "kpis": [{"id": "k", "name": "k", "aggregate": "count", "events": ["visit"]}],
            "targets": [{"kpi": "k", "period": "month"} | target for target in targets],
        }
    )


def in_force(*targets: dict, period: str = "2026-03") -> int | None:
    return Targets(plan_with(*targets)).resolve("k", **ME, period_kind="month", period_key=period)


#: Ascending: each wins over all before it.
LADDER = [
    {},
    {"at": "2026-03"},
    {"department": "sales"},
    {"department": "sales", "at": "2026-03"},
    {"team": "north"},
    {"team": "north", "at": "2026-03"},
    {"team": "north", "department": "sales"},
    {"role": "rep"},
    {"role": "rep", "at": "2026-03"},
    {"role": "rep", "department": "sales"},
    {"role": "rep", "team": "north"},
    {"role": "rep", "team": "north", "at": "2026-03"},
    {"role": "rep", "team": "north", "department": "sales"},
    {"employee": "E1"},
    {"employee": "E1", "at": "2026-03"},
    {"employee": "E1", "role": "rep"},
]


@pytest.mark.parametrize("count", range(1, len(LADDER) + 1))
def test_the_most_specific_wins_whatever_the_order(count):
    targets = [target | {"value": value} for value, target in enumerate(LADDER[:count])]
    assert in_force(*targets) == in_force(*reversed(targets)) == (count - 1) * 10_000


def test_every_selector_must_match():
    assert in_force({"role": "rep", "team": "south", "value": 5}) is None
    assert in_force({"role": "rep", "team": "south", "value": 5}, {"value": 1}) == 10_000


def test_a_named_period_is_for_that_period_only():
    targets = {"value": 1}, {"at": "2026-04", "value": 2}
    assert in_force(*targets, period="2026-03") == 10_000
    assert in_force(*targets, period="2026-04") == 20_000


def test_a_target_of_nothing_is_a_target():
    assert in_force({"value": 5}, {"employee": "E1", "value": 0}) == 0


def test_other_kpis_and_kinds_of_period_have_none():
    targets = Targets(plan_with({"value": 5}))
    assert targets.resolve("other", **ME, period_kind="month", period_key="2026-03") is None
    assert targets.resolve("k", **ME, period_kind="quarter", period_key="2026-Q1") is None
    assert targets.has("k", "month") and not targets.has("k", "quarter")


maybe = {name: st.sampled_from([None, own, "another"]) for name, own in ME.items()} | {
    "at": st.sampled_from([None, "2026-03", "2026-04"])
}


@given(st.lists(st.fixed_dictionaries(maybe), max_size=12, unique_by=lambda one: tuple(sorted(one.items(), key=str))))
def test_agrees_with_a_search_through_all_targets(targets):
    def rank(target: dict) -> tuple:
        ranks = [number for number, name in zip((4, 3, 2, 1), ME, strict=True) if target[name]]
        return max(ranks, default=0), len(ranks), ranks, target["at"] is not None

    numbered = [target | {"value": value} for value, target in enumerate(targets)]
    fitting = [
        target
        for target in numbered
        if target["at"] in (None, "2026-03") and all(target[name] in (None, own) for name, own in ME.items())
    ]
    expected = max(fitting, key=rank)["value"] * 10_000 if fitting else None
    assert in_force(*numbered) == expected


def test_all_partitions_share_the_index_of_a_plan():
    plan = plan_with({"value": 1})
    assert target_index(plan) is target_index(plan)
    assert target_index(plan_with({"value": 2})).resolve("k", **ME, period_kind="month", period_key="") == 20_000
