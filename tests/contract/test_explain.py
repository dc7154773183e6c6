"""Explanations against the engine: every award and every period of the worked examples and of random plans agrees."""

from __future__ import annotations

import json
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.explain.from_backtest import BacktestEvidence
from infra.explain.telling import Teller
from schemas.plan import Plan
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_file import load_plan
from schemas.plan_nudge import Nudge
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from streams.explain.evidence import explain_award, explain_period
from tests.depth import examples
from tests.generated import random_events, random_plan
from tests.generated_awards import random_special_plan, swinging_events
from tests.worked_examples import CASES, events_path, plan_path


def recomputed(plan: Plan) -> set[str]:
    """Rules that are told with a recomputation; SPIFFs, for one, are told without."""
    kinds = (TierAward, ThresholdAward, Nudge, Streak, Training, PersonalBest)
    return {rule.id for rule in plan.awards if type(rule) in kinds}


def check(source: BacktestEvidence) -> int:
    """Everything that can be explained agrees; how many explanations that were."""
    count = 0
    kinds = recomputed(source.plan)
    lines, awards = source.result.earnings, source.result.awards
    for employee in sorted({one.employee for one in awards} | {one["employee"] for one in lines}):
        evidence = source.of(employee)
        for award in evidence.awards:
            if award.rule in kinds:
                explained = explain_award(evidence, award)
                assert explained.agrees, "\n".join(Teller(source.plan, "en").award(explained))
                count += 1
        for period in {row["period"] for row in source.result.periods.values() if row["employee"] == employee}:
            for one in explain_period(evidence, period):
                assert not one.difference, "\n".join(Teller(source.plan, "en").rule(one))
                count += one.due is not None
    return count


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_worked_examples_agree(case):
    values = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(load_plan(plan_path(case)), lambda run: run.feed(values))
    assert check(source) or not {line["rule"] for line in source.result.earnings} & recomputed(source.plan)


@examples(8)
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_random_plans_agree(seed, batch):
    dice = Random(seed)
    plan = random_plan(dice)
    values = [json.dumps(event).encode() for event in random_events(dice, plan.currency)]
    check(BacktestEvidence(plan, lambda run: run.feed(values, batch)))


@examples(5)
@given(st.integers(0, 2**32))
def test_random_plans_with_rarer_awards_agree(seed):
    dice = Random(seed)
    plan = random_special_plan(dice)
    values = [json.dumps(event).encode() for event in swinging_events(dice, plan.currency)]
    check(BacktestEvidence(plan, lambda run: run.feed(values, 4)))


def test_money_and_evidence_that_are_wrong_are_seen():
    """The explanation is worth something only if it can disagree."""
    case = next(case for case in CASES if case["case"] == "5, three sales, marginal")
    values = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(load_plan(plan_path(case)), lambda run: run.feed(values))
    evidence = source.of("E1")
    evidence.lines[1]["amount"] += 100
    (rule,) = explain_period(evidence, "2026-03")
    assert rule.difference == 100 and rule.due == 44_000_000
    (last, *_) = reversed(evidence.awards)
    seen = msgspec.structs.replace(last.evidence[0], value="130001")
    explained = explain_award(source.of("E1"), msgspec.structs.replace(last, evidence=(seen,)))
    assert not explained.agrees
    assert "DIFFERS" in "\n".join(Teller(source.plan, "en").award(explained))
