"""A plan that says afterwards who stood where: in the end everything is as if it had been known from the beginning."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.records import Out
from schemas.control import PlanApplied, encode_control
from schemas.plan import Plan
from schemas.plan_awards import ThresholdAward, TierAward
from streams.backtest import Backtest, BacktestResult
from streams.performance.stage import Performance
from tests.contract.test_engine import credit_records, folded, published, results
from tests.depth import examples
from tests.generated import random_events, random_plan
from tests.generated_sales import changing_events, counting_sales, name_customers, with_limits

SEEDS = st.integers(0, 2**32)
#: What makes money and awards depend on how one came there.
_FORGETFUL = {"settle": "live", "rearm": True, "roles": (), "clawback": "re_rate"}


def plans(dice: Random, counting: bool) -> tuple[Plan, Plan]:
    """A plan, and another that only says otherwise who stood where."""
    plan = random_plan(dice, rolling=False)
    awards = [award for award in plan.awards if type(award) in (TierAward, ThresholdAward) and award.unit is None]
    awards = [award.model_copy(update={name: value for name, value in _FORGETFUL.items() if hasattr(award, name)})
              for award in awards]  # fmt: skip
    crediting = {"refund_date": "sale", "correction_date": "sale", "guards": (), "overlays": ()}
    plan = plan.model_copy(
        update={
            "awards": tuple(awards),
            "crediting": plan.crediting.model_copy(update=crediting),
            "scorecards": tuple(card.model_copy(update={"roles": ()}) for card in plan.scorecards),
            "late": "event_date",
        }
    )
    if counting:
        # a correction that is counted by itself is an event of two people
        plan = Plan.model_validate(counting_sales(plan, without=("complaints",)))
    said = plan.model_dump(mode="json", exclude_none=True)
    other = random_plan(dice, rolling=False).model_dump(mode="json")["organisation"]
    moves = {
        employee["id"]: employee.get("moves", [])
        for department in other["departments"]
        for team in department["teams"]
        for employee in team["employees"]
    }
    said |= {"version": 2}
    said["organisation"] |= {"backdated": "move", "standing": plan.organisation.standing}
    for department in said["organisation"]["departments"]:
        for team in department["teams"]:
            for employee in team["employees"]:
                employee["moves"] = moves[employee["id"]]
    return plan, Plan.model_validate(said)


def history(dice: Random) -> tuple[Plan, Plan, list[bytes]]:
    """Events that nobody shares: of those only one cell says that they were there. Under limits on events of the same
    customer it is known of shared ones as well. Sales that corrections give to somebody else are among them.
    """
    counting = dice.random() < 0.6
    plan, after = plans(dice, counting)
    events = (changing_events if counting else random_events)(dice, plan.currency)
    if dice.random() < 0.4:
        plan = with_limits(dice, plan)
        after = after.model_copy(update={"crediting": plan.crediting})
        name_customers(dice, events)
    else:
        events = [event for event in events if not event["data"].get("splits")]
    return plan, after, [json.dumps(event).encode() for event in events]


def said_by(result: BacktestResult) -> tuple:
    """Values of people and units, and money by rule, person and period."""
    money: Counter = Counter()
    for line in result.earnings:
        money[line["rule"], line["employee"], line["period"]] += line["amount"]
    names = ("value", "target", "attainment")
    people, units = (
        {key: row for key, row in rows.items() if row["numerator"] or row["denominator"]}
        for rows in (result.periods, result.units)
    )
    people = {key: tuple(row[name] for name in names) for key, row in people.items()}
    units = {key: row["value"] for key, row in units.items()}
    return people, units, {key: amount for key, amount in money.items() if amount}


@examples(3)
@example(738833, 1)  # a score whose targets another team does not have: a bonus on it is lost
@example(216283448, 1)  # a bonus for no complaints, where all that came is a sale of 0
@example(3, 4)  # a sale that was given to somebody of the same team, who stands in another one now
@given(SEEDS, st.sampled_from([1, 4, 1000]))
def test_in_the_end_as_if_known_from_the_beginning(seed, batch):
    dice = Random(seed)
    plan, after, values = history(dice)
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
@example(159)  # names have other numbers after it
@given(SEEDS)
def test_a_restart_changes_nothing(seed):
    dice = Random(seed)
    plan, after, values = history(dice)
    credits = credit_records(plan, values)
    first, second = (
        Out("credits", encode_control(PlanApplied(id=str(at), plan=one)), headers=(("kind", b"control"),))
        for at, one in enumerate((plan, after))
    )
    middle = dice.randint(0, len(credits))
    log = [first, *credits[:middle], second, *credits[middle:]]
    cut = dice.randint(1, len(log))
    straight, before, resumed = Performance(0, 1), Performance(0, 1), Performance(0, 1)
    outs = folded(before, log, 0, cut)
    resumed.restore({key: value for key, value in before.dirty_rows().items() if value})
    outs += folded(resumed, log, cut, len(log))
    assert results(outs) == results(folded(straight, log, 0, len(log)))
    for stage in (straight, resumed):
        stage.updates()
        stage.engine.mark_all_dirty()
    assert published(resumed) == published(straight)
