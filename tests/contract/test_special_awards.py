"""The contract of test_engine.py over plans that are full of the rarer kinds of awards."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.contract.test_engine import SEEDS, check_against_reference, check_restart, comparable, run
from tests.depth import examples
from tests.generated import random_events, with_closes
from tests.generated_awards import random_special_plan, swinging_events


def _history(seed: int) -> tuple:
    dice = Random(seed)
    plan = random_special_plan(dice)
    generate = dice.choice([random_events, swinging_events, swinging_events])
    events = with_closes(dice, generate(dice, plan.currency))
    return plan, events, [json.dumps(event).encode() for event in events]


@examples(6)
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_engine_equals_the_reference(seed, batch):
    check_against_reference(*_history(seed), batch)


@examples(5)
@given(SEEDS, st.sampled_from([2, 7, 1000]))
def test_batching_does_not_matter(seed, batch):
    plan, _, values = _history(seed)
    assert comparable(run(plan, values, batch)) == comparable(run(plan, values, 1))


@examples(5)
@given(SEEDS, st.data())
def test_a_restart_changes_nothing(seed, data):
    dice = Random(seed)
    check_restart(dice, random_special_plan(dice), random_special_plan(dice, version=2), data, swinging_events)
