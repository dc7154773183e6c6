"""The benchmark's input is the same for a seed, and its expected results are plain additions."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from benchmarks.sales import Expected, Workload, columns, plan_of, records
from schemas.plan_file import load_plan

PLAN = Path(__file__).parents[3] / "plans" / "benchmark-tiers.yaml"
MIXES = [
    Workload.spread(3_000, 40),
    Workload.spread(3_000, 40, zipf=1.1, others=0.3),
    Workload.spread(500, 3, days=70, seed=2),
]


def values(workload: Workload) -> list[bytes]:
    return [value for _, piece in records(columns(workload)) for value in piece]


@pytest.mark.parametrize("workload", MIXES)
def test_the_same_seed_gives_the_same_bytes(workload):
    assert values(workload) == values(workload)
    assert values(workload) != values(Workload(workload.events, workload.employees, seed=99))


@pytest.mark.parametrize("workload", MIXES)
def test_expected_is_what_the_records_say(workload):
    made = columns(workload)
    expected = Expected.of(made, workload.tiers)
    sums, counts, reached = defaultdict(Decimal), defaultdict(int), {}
    for event in map(json.loads, values(workload)):
        if event["type"] != "sale":
            continue
        key = event["data"]["employee"], event["time"][:7]
        before, sums[key] = sums[key], sums[key] + Decimal(event["data"]["amount"])
        counts[key] += 1
        for tier, bound in enumerate(workload.tiers):
            if before * 100 < bound <= sums[key] * 100:
                reached[*key, tier] = event["id"]
    assert expected.cents == {key: total * 100 for key, total in sums.items()}
    assert expected.counts == counts
    assert {key: made.id_of(number) for key, number in expected.reached.items()} == reached
    assert len(reached) > len(sums), "tiers must be reached, or nothing is compared"


def test_events_are_of_the_size_that_is_stated():
    sizes = [len(value) for value in values(MIXES[0])]
    assert 250 <= np.mean(sizes) <= 265


def test_zipf_gives_few_employees_most_events():
    even, uneven = (np.bincount(columns(Workload(5_000, 50, zipf=s)).employee, minlength=50) for s in (0.0, 1.1))
    assert even.max() < 2 * even.mean()
    assert uneven[0] > 5 * uneven.mean()


def test_another_order_moves_awards_to_other_events():
    made = columns(Workload(200, 2))
    backwards = np.arange(200)[::-1]
    one, other = Expected.of(made, (5_000_000,)), Expected.of(made, (5_000_000,), backwards)
    assert one.cents == other.cents
    assert one.reached.keys() == other.reached.keys()
    assert one.reached != other.reached


def test_the_plan_has_the_tiers_of_the_workload():
    plan = plan_of(load_plan(PLAN), 120, tiers=MIXES[0].tiers)
    assert [int(tier.value * 100) for tier in plan.awards[0].tiers] == list(MIXES[0].tiers)
    assert plan.timezone == "UTC"
