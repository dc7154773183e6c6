"""A plan that says afterwards who led what: in the end it is as if it had been known from the beginning."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.plan import Plan
from streams.backtest import Backtest, BacktestResult
from tests.contract import test_rollups
from tests.depth import examples
from tests.generated import random_events, with_closes
from tests.generated_units import give_managers, random_apart_plan, random_unit_plan

#: What makes money and awards depend on how one came there.
_FORGETFUL = {"settle": "live", "rearm": True}


def plans(dice: Random) -> tuple[Plan, Plan]:
    """A plan with awards of managers alone, and another that only says otherwise who led."""
    said = random_unit_plan(dice).model_dump(mode="json", exclude_none=True)
    said["awards"] = [award | _FORGETFUL for award in said["awards"] if award["unit"] == "manager"]
    other = json.loads(json.dumps(said)) | {"version": 2}
    give_managers(dice, other["organisation"])
    return Plan.model_validate(said), Plan.model_validate(other)


def said_by(result: BacktestResult) -> tuple:
    """Values of managers, with targets, as far as there is anything; money, and what stands, by rule, person, period.

    Of rolling windows values are left out: those of former latest days are history.
    """
    values = {
        key: (row["value"], row["target"], row["attainment"])
        for key, row in result.units.items()
        if row["unit_kind"] == "manager" and not row["period_kind"].startswith("rolling_")
        if row["numerator"] or row["denominator"]
    }
    money: Counter = Counter()
    for line in result.earnings:
        money[line["rule"], line["employee"], line["period"]] += line["amount"]
    states = {(one.rule, one.employee, one.period, one.tier): one.state for one in result.awards}
    standing = {key for key, state in states.items() if state != "revoked"}
    return values, {key: amount for key, amount in money.items() if amount}, standing


@examples(2)
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_in_the_end_as_if_known_from_the_beginning(seed, batch):
    dice = Random(seed)
    plan, after = plans(dice)
    values = [json.dumps(event).encode() for event in random_events(dice, plan.currency, 20)]
    cut = dice.randint(0, len(values))
    late, known = Backtest(), Backtest()
    late.apply(plan)
    late.feed(values[:cut], batch)
    late.apply(after)
    late.feed(values[cut:], batch)
    known.apply(after)
    known.feed(values, batch)
    assert said_by(late.finish()) == said_by(known.finish())


@examples(2)
@given(st.integers(0, 2**32))
def test_whoever_leads_units_apart_has_what_the_reference_says(seed):
    dice = Random(seed)
    plan = random_apart_plan(dice)
    events = with_closes(dice, random_events(dice, plan.currency, 20))
    test_rollups.check_against_reference(plan, events, [json.dumps(event).encode() for event in events])
