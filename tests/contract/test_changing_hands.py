"""Sales that corrections give to others: counts, averages by count, SPIFFs and what sales were paid follow. Against
the naive reference, under any batching, across restarts, explained, for people and units.
"""

from __future__ import annotations

import json
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.plan import Plan
from tests.contract import test_rollups
from tests.contract.test_engine import SEEDS, check_against_reference, check_restart, comparable, run
from tests.contract.test_explain import agrees
from tests.depth import examples
from tests.generated import random_plan, with_closes
from tests.generated_awards import random_spiff
from tests.generated_sales import changing_events, counting_sales
from tests.generated_units import random_unit_plan


def _counting(plan: Plan, dice: Random) -> Plan:
    """``plan`` about sales, with SPIFFs."""
    given_ = counting_sales(plan)
    kinds = ["month", "week", "season", "day"]
    given_["awards"] += [random_spiff(dice, f"x{number}", kinds, []) for number in range(2)]
    given_["awards"].append(_as_paid(dice, dice.choice(kinds)))
    return Plan.model_validate(given_)


def _as_paid(dice: Random, period: str) -> dict:
    """A tier table by which every sale keeps the line that it was paid by, whoever has it."""
    tiers = [{"value": 0, "rate": "2%"}, {"value": 30, "rate": "5%"}, {"value": 60, "rate": "7.77%"}]
    return {
        "id": "own", "kind": "tiers", "name": "own", "kpi": "revenue", "period": period,
        "pays": dice.choice(["marginal", "slab"]), "settle": dice.choice(["live", "sticky"]), "clawback": "as_paid",
        "tiers": tiers[dice.randint(0, 1) :],
    }  # fmt: skip


def _plan(dice: Random, version: int = 1) -> Plan:
    return _counting(random_plan(dice, version=version), dice)


def _history(seed: int) -> tuple:
    dice = Random(seed)
    plan = _plan(dice)
    events = with_closes(dice, changing_events(dice, plan.currency))
    return plan, events, [json.dumps(event).encode() for event in events]


@examples(4)
@example(169, 1)  # a ratio whose denominator falls below 0 has no value
@example(4_294_967_295, 1)  # nor an attainment in a score
@example(140, 1)  # an overlay of a sale shares it from then on
@example(799, 1)  # slices of a sticky table are paid only while a window has its smallest sample
@example(172, 3)  # and a batch in which somebody gets a sale and loses it
@given(SEEDS, st.sampled_from([1, 3, 1000]))
def test_engine_equals_the_reference(seed, batch):
    check_against_reference(*_history(seed), batch)


@examples(2)
@example(2701)  # all that a unit's scorecard counts in a week is a sale that changed hands within the unit
@example(320925)  # a department keeps a sale by other people, whose parts the filter sees otherwise
@example(247)  # a sticky table of a unit that has no score any more
@example(3)  # a window whose last day has nothing left
@given(SEEDS)
def test_units_equal_the_reference(seed):
    dice = Random(seed)
    plan = Plan.model_validate(counting_sales(random_unit_plan(dice)))
    # a sale of nothing leaves no trace in the cells of a ratio, which a rolling window of the reference would see
    events = with_closes(dice, changing_events(dice, plan.currency, least="5"))
    test_rollups.check_against_reference(plan, events, [json.dumps(event).encode() for event in events])


@examples(2)
@given(SEEDS, st.sampled_from([2, 7, 1000]))
@example(4005311, 7)  # less than nothing for a while, to divide by, gave a score without a value
def test_batching_does_not_matter(seed, batch):
    plan, _, values = _history(seed)
    assert comparable(run(plan, values, batch)) == comparable(run(plan, values, 1))


@examples(2)
@given(SEEDS, st.data())
def test_a_restart_changes_nothing(seed, data):
    dice = Random(seed)
    check_restart(dice, _plan(dice), _plan(dice, version=2), data, changing_events)


@examples(2)
@given(SEEDS, st.sampled_from([1, 4, 1000]))
def test_explanations_agree(seed, batch):
    plan, events, _ = _history(seed)
    agrees(plan, events[:15], batch)
