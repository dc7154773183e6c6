"""The plans that benchmarks make out of the examples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.backtest import backtest, grown, simulated
from benchmarks.cost import CASES, plan_with
from schemas.plan_file import load_plan
from schemas.plan_moves import employees_of

PLANS = Path(__file__).parents[3] / "plans"


@pytest.mark.parametrize(("kpis", "applying"), CASES)
def test_so_many_kpis_look_at_a_sale(kpis, applying):
    plan = plan_with(load_plan(PLANS / "benchmark-tiers.yaml"), kpis, applying)
    assert len(plan.kpis) == kpis
    assert sum("sale" in kpi.events for kpi in plan.kpis) == applying


def test_a_company_grows_in_every_role():
    plan = load_plan(PLANS / "company.yaml")
    before = Counter(one.role for one, _ in employees_of(plan))
    people = [one for one, _ in employees_of(grown(plan, 3 * before.total()))]
    assert Counter(one.role for one in people) == {role: 3 * count for role, count in before.items()}
    assert len({one.id for one in people}) == len(people)


def test_simulated_events_are_the_same_for_a_seed_and_are_all_taken():
    plan = grown(load_plan(PLANS / "company.yaml"), 30)
    events = simulated(plan, 400)
    assert events == simulated(plan, 400) != simulated(plan, 400, seed=2)
    result = backtest(plan, events).result
    assert not result.dead_letters
    assert result.periods
    assert result.earnings
