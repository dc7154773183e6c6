"""Scores across a change of plan."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

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
