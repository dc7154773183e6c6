"""Scores across a change of plan."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from schemas.plan import Plan
from schemas.plan_file import load_plan
from streams.backtest import Backtest

ROOT = Path(__file__).parents[4]
PLAN = load_plan(ROOT / "plans" / "examples" / "scorecard.yaml")
EVENTS = (ROOT / "tests" / "examples" / "scorecard.jsonl").read_text().splitlines()


def value_after(changed) -> int | None:
    """The score published last, once ``changed`` replaced the plan."""
    test = Backtest()
    test.apply(PLAN, "one")
    test.feed([json.dumps(json.loads(line)).encode() for line in EVENTS], 2)
    test.apply(changed.model_copy(update={"version": 2}), "two")
    rows = [row for row in test.finish().periods.values() if row["kpi"] == "score"]
    assert len(rows) == 1
    return rows[0]["value"]


def test_a_new_plan_scores_what_was_there():
    assert value_after(PLAN) == 92_2500
    card = PLAN.scorecards[0]
    uncapped = card.model_copy(update={"kpis": tuple(kpi.model_copy(update={"cap": Decimal(2)}) for kpi in card.kpis)})
    assert value_after(PLAN.model_copy(update={"scorecards": (uncapped,)})) == 96_6500


def test_a_scorecard_that_leaves_the_plan_has_no_value_any_more():
    assert value_after(PLAN.model_copy(update={"scorecards": (), "awards": ()})) is None


def test_who_loses_the_scorecard_has_no_value_any_more():
    other = PLAN.scorecards[0].model_copy(update={"roles": ("manager",)})
    assert value_after(PLAN.model_copy(update={"scorecards": (other,), "awards": ()})) is None


TABLE = load_plan(ROOT / "plans" / "examples" / "scorecard-table.yaml")


def money_after(*plans: Plan, settle: str = "live") -> tuple[list[int], list[str]]:
    """Amounts and states that changes of plan led to, one plan after the other, from ``TABLE``."""
    return money_of(TABLE, *plans, settle=settle)


def money_of(first: Plan, *plans: Plan, settle: str = "live") -> tuple[list[int], list[str]]:
    """The same from any plan."""
    test = Backtest()
    test.apply(with_award(first, settle=settle), "one")
    test.feed([json.dumps(json.loads(line)).encode() for line in EVENTS], 2)
    lines, awards = len(test.finish().earnings), len(test.finish().awards)
    for number, plan in enumerate(plans):
        test.apply(with_award(plan, settle=settle).model_copy(update={"version": number + 2}), f"next{number}")
    result = test.finish()
    return [line["amount"] for line in result.earnings[lines:]], [award.state for award in result.awards[awards:]]


def with_award(plan: Plan, **changes: object) -> Plan:
    return plan.model_copy(update={"awards": tuple(one.model_copy(update=changes) for one in plan.awards)})


def test_who_loses_the_scorecard_loses_what_it_earned_and_has_it_again_once():
    other = TABLE.scorecards[0].model_copy(update={"roles": ("manager",)})
    without = TABLE.model_copy(update={"scorecards": (other,)})
    assert money_after(without) == ([-1112_5000], ["revoked"])
    assert money_after(without, TABLE) == ([-1112_5000, 1112_5000], ["revoked"])


def test_a_score_without_any_attainment_earns_nothing():
    without = TABLE.model_copy(update={"targets": ()})
    assert money_after(without, TABLE) == ([-1112_5000, 1112_5000], ["revoked"])


def test_a_sticky_amount_is_kept_and_paid_once_whatever_becomes_of_the_score():
    other = TABLE.scorecards[0].model_copy(update={"roles": ("manager",)})
    flat = with_award(TABLE, pays="flat")
    without = flat.model_copy(update={"scorecards": (other,)})
    assert money_after(flat, without, flat, settle="sticky")[0] == [387_5000]


def threshold() -> Plan:
    """``TABLE`` with a bonus on the score in place of the tiers."""
    rule = {"id": "on-score", "kind": "threshold", "name": {"en": "Good month"}, "period": TABLE.awards[0].period,
            "all": [{"kpi": TABLE.awards[0].kpi, "value": "50%"}], "bonus": 100, "rearm": True}  # fmt: skip
    return Plan.model_validate(TABLE.model_dump(mode="json", exclude_none=True) | {"awards": [rule]})


def test_a_bonus_goes_with_the_scorecard_or_the_last_attainment_and_comes_back():
    plan = threshold()
    nobodys = plan.model_copy(
        update={"scorecards": (plan.scorecards[0].model_copy(update={"roles": ("manager",)}),)}
    )
    for without in (nobodys, plan.model_copy(update={"targets": ()})):
        assert money_of(plan, without) == ([-100_0000], ["revoked"])
        assert money_of(plan, without, plan) == ([-100_0000, 100_0000], ["revoked", "final"])
        assert money_of(plan, without, plan, settle="sticky") == ([], [])


def test_a_calendar_that_numbers_its_periods_otherwise_pays_nothing_anew():
    """What a period had earned is found by its key."""
    spring = {"season": ({"key": "spring", "start": "2026-03-01", "end": "2026-06-01"},)}
    earlier = {"season": ({"key": "winter", "start": "2025-12-01"}, *spring["season"])}

    def over(calendars: dict) -> Plan:
        given = TABLE.model_dump(mode="json", exclude_none=True) | {"calendars": calendars, "scorecards": []}
        given["awards"][0] |= {"kpi": "revenue", "period": "season"}
        given["awards"][0]["tiers"] = [{"value": 50000, "amount": 100}, {"value": 200000, "amount": 700}]
        return Plan.model_validate(given)

    test = Backtest()
    test.apply(over(spring), "one")
    test.feed([json.dumps(json.loads(line)).encode() for line in EVENTS], 2)
    before = len(test.finish().earnings)
    test.apply(over(earlier).model_copy(update={"version": 2}), "two")
    assert before and len(test.finish().earnings) == before
