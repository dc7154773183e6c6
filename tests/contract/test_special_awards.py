"""The contract of test_engine.py over plans that are full of the rarer kinds of awards."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Plan
from tests.contract.test_engine import SEEDS, check_against_reference, check_restart, comparable, run
from tests.depth import examples
from tests.generated import random_events, random_plan, with_closes
from tests.generated_awards import random_special_plan, swinging_events


def _history(seed: int) -> tuple:
    dice = Random(seed)
    plan = random_special_plan(dice)
    generate = dice.choice([random_events, swinging_events, swinging_events])
    events = with_closes(dice, generate(dice, plan.currency))
    return plan, events, [json.dumps(event).encode() for event in events]


@examples(2)
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_engine_equals_the_reference(seed, batch):
    check_against_reference(*_history(seed), batch)


@examples(2)
@given(SEEDS, st.sampled_from([2, 7, 1000]))
def test_batching_does_not_matter(seed, batch):
    plan, _, values = _history(seed)
    assert comparable(run(plan, values, batch)) == comparable(run(plan, values, 1))


@examples(2)
@given(SEEDS, st.data())
def test_a_restart_changes_nothing(seed, data):
    dice = Random(seed)
    check_restart(dice, random_special_plan(dice), random_special_plan(dice, version=2), data, swinging_events)


def test_forecasts_are_told_as_the_reference_has_it():
    """A month's table that swinging_events leads close to: in most of these histories something is told."""
    told = 0
    for seed in range(12):
        dice = Random(seed)
        given = random_plan(dice).model_dump(mode="json", exclude_none=True)
        table = {"kind": "tiers", "id": "t", "name": "t", "kpi": "revenue", "period": "month", "pays": "nothing",
                 "tiers": [{"value": bound} for bound in (100, 400, 900)]}  # fmt: skip
        nudge = {"kind": "nudge", "id": "n", "name": "n", "of": "t", "by": "forecast", "within": "70%", "rearm": True,
                 "after": dice.choice([1, 2]), "cool_down_days": dice.choice([0, 2])}  # fmt: skip
        plan = Plan.model_validate(given | {"awards": [table, nudge], "scorecards": []})
        events = swinging_events(dice, plan.currency)
        values = [json.dumps(event).encode() for event in events]
        got = check_against_reference(plan, events, values, dice.choice([1, 4, 1000]))
        told += sum(award.rule == "n" for award in got.awards)
    assert told > 10
