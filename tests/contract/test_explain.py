"""Explanations against the engine: every award and every period of the worked examples and of random plans agrees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.explain.command import evidence_for
from infra.explain.from_backtest import BacktestEvidence, RecordedEvidence
from infra.explain.telling import Teller
from schemas.plan import Plan
from schemas.plan_best import PersonalBest
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from streams.explain.draws import PaidOut, explain_draws
from streams.explain.evidence import explain_award
from streams.explain.history import Evidence, payer_of
from streams.explain.period import UnitSource, explain_period
from tests.depth import examples
from tests.generated import random_events, random_plan, with_closes
from tests.generated_awards import random_special_plan, swinging_events
from tests.generated_draws import CLOSABLE, with_draws
from tests.generated_sales import changing_events, counting_sales
from tests.generated_units import random_people_plan, random_unit_plan
from tests.recorded_log import recorded_log
from tests.worked_examples import CASES, events_path, plan_of

#: Seeds whose random histories have every kind; where generators change, the search goes on behind them.
HAVE_THEM = (47, 19, 46)


def check(source: RecordedEvidence) -> int:
    """Everything that can be explained agrees; how many explanations that were."""
    lines, awards, units = source.result.earnings, source.result.awards, cache(source.unit)
    employees = {one.employee for one in awards} | {one["employee"] for one in lines}
    count = 0
    for employee in sorted(employees - {""}):
        rows = [row for row in source.result.periods.values() if row["employee"] == employee]
        count += check_evidence(source, source.of(employee), units, {row["period"] for row in rows})
    rows = list(source.result.units.values())
    for kind, unit in sorted({(row["unit_kind"], row["unit"]) for row in rows}):
        periods = {row["period"] for row in rows if (row["unit_kind"], row["unit"]) == (kind, unit)}
        count += check_evidence(source, units(kind, unit), units, periods)
    return count


def told(plan: Plan, what: str, *about) -> str:
    """What the explanation says, which it can in both languages."""
    texts = ["\n".join(getattr(Teller(plan, language), what)(*about)) for language in ("zh", "en")]
    assert not any("None" in text or "{" in text for text in texts), texts
    return texts[-1]


def check_evidence(source: RecordedEvidence, evidence: Evidence, units: UnitSource, periods: set[str]) -> int:
    count = 0
    for award in evidence.awards:
        explained = explain_award(evidence_for(source, award), award)
        text = told(source.plan, "award", explained)
        assert explained.agrees, text
        count += 1
    for period in sorted(periods | {line["period"] for line in evidence.lines} | {"rolling"}):
        for one in explain_period(evidence, period, units):
            text = told(source.plan, "rule", one, period)
            assert one.agrees, text
            count += one.due is not None
    return count


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_worked_examples_agree(case):
    values = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(plan_of(case), lambda run: run.feed(values))
    assert check(source) or not source.result.earnings


def agrees(plan: Plan, events: list[dict], batch: int) -> BacktestEvidence:
    values = [json.dumps(event).encode() for event in events]
    source = BacktestEvidence(plan, lambda run: run.feed(values, batch))
    check(source)
    return source


@examples(2)
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_random_plans_agree(seed, batch):
    dice = Random(seed)
    plan = random_plan(dice)
    agrees(plan, with_closes(dice, random_events(dice, plan.currency)), batch)


@examples(2)
@example(10277)  # a forecast where the target is 0: nothing is expected by then
@example(16319)  # a day that begins with another's credit for the same event, an overlay of his own behind it
@given(st.integers(0, 2**32))
def test_random_plans_with_rarer_awards_agree(seed):
    dice = Random(seed)
    plan = random_special_plan(dice)
    agrees(plan, with_closes(dice, swinging_events(dice, plan.currency)), 4)


@examples(2)
@example(1_595_965_774, 1)  # an amount above a line that is empty counts as something, without a value
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_random_awards_of_units_agree(seed, batch):
    dice = Random(seed)
    plan = random_unit_plan(dice)
    agrees(plan, with_closes(dice, random_events(dice, plan.currency)), batch)


@examples(2)
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_random_awards_that_compare_people_agree(seed, batch):
    dice = Random(seed)
    plan = random_people_plan(dice)
    agrees(plan, with_closes(dice, swinging_events(dice, plan.currency)), batch)


@examples(2)
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_awards_of_units_agree_where_several_partitions_are_credited(seed, batch):
    dice = Random(seed)
    plan = random_unit_plan(dice)
    source = recorded_log(plan, with_closes(dice, random_events(dice, plan.currency)), batch)
    check(source)
    for award in source.result.awards:
        if award.unit_kind:
            assert explain_award(source.unit(award.unit_kind, award.unit), award).stated


@examples(2)
@example(155, 1)  # a race of units, one of whom somebody joined with what he had been credited before
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_a_plan_that_takes_effect_in_between_makes_no_difference(seed, batch):
    """Other prizes and places, and somebody in another team: what is judged agrees, under the plan of its time."""
    dice = Random(seed)
    plan = random_people_plan(dice)
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": 2}
    for award in given["awards"]:
        award |= {name: dice.choice([1, award[name]]) for name in ("prize", "top", "places") if name in award}
    teams = [team for department in given["organisation"]["departments"] for team in department["teams"]]
    fewer, more = dice.sample([team for team in teams if team["employees"]], 2)
    more["employees"] += [fewer["employees"].pop()] * dice.choice([0, 1, 1])
    given["organisation"]["backdated"] = dice.choice(["keep", "move"])
    history = with_closes(dice, swinging_events(dice, plan.currency))
    history.insert(dice.randint(0, len(history)), {"control": "plan"})
    check(recorded_log(plan, history, batch, Plan.model_validate(given)))


@examples(2)
@example(2, True)  # a sale that a correction gave to a colleague, who stands elsewhere now
@given(st.integers(0, 2**32), st.booleans())
def test_units_are_judged_where_a_plan_moves_past_days(seed, changing):
    """What was credited in one team stands in another from the plan on: awards before it and money after it agree."""
    dice = Random(seed)
    plan = random_unit_plan(dice)
    plan = Plan.model_validate(counting_sales(plan)) if changing else plan
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": 2}
    teams = [team for department in given["organisation"]["departments"] for team in department["teams"]]
    fewer, more = dice.sample([team for team in teams if team["employees"]], 2)
    more["employees"].append(fewer["employees"].pop())
    given["organisation"]["backdated"] = "move"
    history = (changing_events if changing else random_events)(dice, plan.currency)
    history.insert(dice.randint(0, len(history)), {"control": "plan"})
    source = recorded_log(plan, history, 4, Plan.model_validate(given))
    for kind, unit in sorted({(row["unit_kind"], row["unit"]) for row in source.result.units.values()}):
        evidence = source.unit(kind, unit)
        check_evidence(source, evidence, source.unit, {row["period"] for row in source.result.units.values()})


@examples(4)
@given(st.integers(0, 2**32))
def test_random_draws_agree_and_a_cent_more_is_seen(seed):
    dice = Random(seed)
    plan = with_draws(dice, random_plan(dice, rolling=False))
    closes = [{"control": "close", "period": key} for key in dice.sample(CLOSABLE, dice.randint(1, len(CLOSABLE)))]
    values = [json.dumps(one).encode() for one in random_events(dice, plan.currency, 25) + closes]
    source = BacktestEvidence(plan, lambda run: run.feed(values))
    for evidence in map(source.of, ("E1", "E2", "E3")):
        for kind, period in source.result.closes:
            chain = explain_draws(evidence, kind, period)
            drawn = any(one.draw for one in evidence.payouts if (one.kind, one.period) == (kind, period))
            assert all(one.agrees for one in chain) and (chain or not drawn)
            if not chain or chain[-1].said is None:
                continue
            for name in ("earned", "guarantee", "advance", "recovery", "outstanding"):
                wrong = [changed(one, name) if one is chain[-1].said else one for one in evidence.payouts]
                assert not explain_draws(replace(evidence, payouts=wrong), kind, period)[-1].agrees
            if chain[-1].parts:
                rule, of = next(iter(chain[-1].parts))
                line = {"rule": rule, "period": of, "posted_in": period, "period_kind": kind, "amount": 100}
                more = [*evidence.lines, line | {"currency": plan.currency}]
                assert not explain_draws(replace(evidence, lines=more), kind, period)[-1].agrees


def changed(one: PaidOut, name: str) -> PaidOut:
    return replace(one, said=replace(one.said, **{name: getattr(one.said, name) + 100}))


def kinds_of(plan: Plan, rule) -> set[str]:
    """What makes a rule hard to recompute."""
    cards = {card.id for card in plan.scorecards}
    found = {
        "spiff": isinstance(rule, Spiff),
        "score": bool(cards & set(rule.kpi_ids())),
        "unit": getattr(rule, "unit", None) is not None,
        "manager": getattr(rule, "unit", None) == "manager",
        "shares": getattr(rule, "share", "unit") != "unit",
        "rolling": rule.period.startswith("rolling_"),
        "process_date": plan.late == "process_date",
        "as_paid": getattr(rule, "clawback", "") == "as_paid",
        "streak": isinstance(rule, Streak),
        "best": isinstance(rule, PersonalBest),
        "honour": isinstance(rule, Honour),
        "first": isinstance(rule, First),
        "pool": isinstance(rule, Pool),
    }
    return {name for name, is_so in found.items() if is_so}


def histories(seen: set[str]) -> Iterator[BacktestEvidence]:
    """Worked examples of rare awards, then random ones, without plans that have only kinds ``seen`` by then."""
    for case in CASES:
        if case["plan"] in ("awards/streak", "awards/personal_best", "awards/spiff", "plan-p-as-paid"):
            values = events_path(case).read_bytes().splitlines()
            yield BacktestEvidence(plan_of(case), lambda run, values=values: run.feed(values))
    makers = random_plan, random_special_plan, random_unit_plan, random_people_plan
    for seed in (*HAVE_THEM, *range(400)):
        dice, make = Random(seed), makers[seed % 4]
        plan = make(dice)
        if set().union(*(kinds_of(plan, rule) for rule in plan.awards)) <= seen:
            continue
        events = (random_events if make in (random_plan, random_unit_plan) else swinging_events)(dice, plan.currency)
        values = [json.dumps(event).encode() for event in with_closes(dice, events)]
        yield BacktestEvidence(plan, lambda run, values=values: run.feed(values, 4))


def test_a_line_of_any_kind_that_is_wrong_by_a_cent_is_seen():
    """Every line that is recomputed, of whatever kind of rule, is made wrong once: no explanation agrees."""
    every = {"spiff", "score", "unit", "manager", "shares", "rolling", "process_date", "as_paid", "streak", "best"}
    every |= {"honour", "first", "pool"}
    seen: set[str] = set()
    for source in histories(seen):
        if seen == every:
            break
        plan = source.plan
        rules = {rule.id: rule for rule in plan.awards}
        for line in source.result.earnings:
            rule = rules[line["rule"]]
            if kinds_of(plan, rule) <= seen:
                continue
            kind = getattr(rule, "unit", None)
            evidence = source.unit(kind, payer_of(kind, line)) if kind else source.of(line["employee"])
            explained = [one for one in explain_period(evidence, line["period"]) if one.rule.id == rule.id]
            if not explained or explained[0].due is None:
                continue
            line["amount"] += 100
            wrong = [one for one in explain_period(evidence, line["period"]) if one.rule.id == rule.id]
            line["amount"] -= 100
            assert explained[0].agrees and not wrong[0].agrees, rule
            seen |= kinds_of(plan, rule)
    assert seen == every


def test_a_place_or_somebody_among_others_that_is_wrong_is_seen():
    """An award that is not there, a place that is another, a candidate without what he was credited with."""
    seen: set[tuple[str, str]] = set()
    for seed in range(40):
        dice = Random(seed)
        plan = random_people_plan(dice)
        kinds = {rule.id: rule.kind for rule in plan.awards}
        if len(seen) == 5:
            break
        values = [json.dumps(event).encode() for event in with_closes(dice, swinging_events(dice, plan.currency))]
        source = BacktestEvidence(plan, lambda run, values=values: run.feed(values, 4))
        for award in source.result.awards:
            kind = kinds[award.rule]
            if award.state == "revoked" or award.unit_kind or (kind, "place") in seen:
                continue
            evidence = evidence_for(source, award)
            assert explain_award(evidence, award).agrees
            other = re.sub(r"#(\d+)", lambda found: f"#{int(found[1]) + 1}", award.threshold)
            assert not explain_award(evidence, msgspec.structs.replace(award, threshold=other)).agrees
            lost = msgspec.structs.replace(award, state="revoked")
            assert not explain_award(evidence, lost).agrees
            without = [one for one in evidence.credits if one.employee != award.employee]
            assert not explain_award(replace(evidence, credits=without), award).agrees
            seen.add((kind, "place"))
            # as it stands in the end: the awards of everybody
            (whole,) = [one for one in explain_period(evidence, award.period) if one.rule.id == award.rule]
            if any(one.stands for one in whole.field.candidates):
                bare = replace(evidence, awards=[])
                (whole,) = [one for one in explain_period(bare, award.period) if one.rule.id == award.rule]
                assert not whole.agrees
                seen.add((kind, "award"))
        for line in source.result.earnings:
            if kinds[line["rule"]] == "pool" and ("pool", "candidate") not in seen:
                evidence = source.unit(rule_of(plan, line).unit, payer_of(rule_of(plan, line).unit, line))
                without = [one for one in evidence.credits if one.employee != line["employee"]]
                found = explain_period(replace(evidence, credits=without), line["period"])
                if without and not all(one.agrees for one in found if one.rule.id == line["rule"]):
                    seen.add(("pool", "candidate"))
    wanted = {(kind, what) for kind in ("honour", "first") for what in ("place", "award")}
    assert seen == wanted | {("pool", "candidate")}


def test_a_race_of_units_is_judged_and_what_is_wrong_is_seen():
    """Its queue is told again: no place, no line and no other contender's credits may be otherwise."""
    seen: set[str] = set()
    for seed in range(60):
        if seen == {"place", "award", "line", "contender", "shared"}:
            break
        dice = Random(seed)
        plan = random_people_plan(dice)
        races = {rule.id: rule for rule in plan.awards if isinstance(rule, First) and rule.contenders != "person"}
        if not races:
            continue
        source = recorded_log(plan, swinging_events(dice, plan.currency), 4)
        for award in [one for one in source.result.awards if one.rule in races and one.state != "revoked"]:
            evidence = evidence_for(source, award)
            explained = explain_award(evidence, award)
            assert explained.agrees and not explained.rule.beyond and explained.rule.due is not None
            other = re.sub(r"#(\d+)", lambda found: f"#{int(found[1]) + 1}", award.threshold)
            assert not explain_award(evidence, msgspec.structs.replace(award, threshold=other)).agrees
            seen.add("place")
            (whole,) = [one for one in explain_period(evidence, award.period) if one.rule.id == award.rule]
            if whole.field.of(award.unit).stands:
                (bare,) = [
                    one
                    for one in explain_period(replace(evidence, awards=[]), award.period)
                    if one.rule.id == award.rule
                ]
                assert not bare.agrees
                seen.add("award")
            lines = evidence.lines_of(races[award.rule], award.period)
            if lines:
                lines[0]["amount"] += 100
                (wrong,) = [one for one in explain_period(evidence, award.period) if one.rule.id == award.rule]
                lines[0]["amount"] -= 100
                assert not wrong.agrees
                seen |= {"line"} | ({"shared"} if races[award.rule].share == "equal" else set())
            later = explained.placed.found > 1 and explained.rule.field.candidates
            if later:
                first = next(one.employee for one in later if one.place == 1)
                without = [one for one in evidence.credits if getattr(one, award.unit_kind) != first]
                assert not explain_award(replace(evidence, credits=without), award).agrees
                seen.add("contender")
    assert seen == {"place", "award", "line", "contender", "shared"}


def rule_of(plan: Plan, line: dict):
    return next(rule for rule in plan.awards if rule.id == line["rule"])


def test_the_values_of_a_units_award_are_checked():
    """A score or a rolling window that an award states, or a unit's value, is compared as any other."""
    checked = 0
    for seed in range(20):
        if checked == 4:
            break
        dice = Random(seed)
        plan = random_unit_plan(dice)
        values = [json.dumps(event).encode() for event in random_events(dice, plan.currency)]
        source = BacktestEvidence(plan, lambda run, values=values: run.feed(values, 4))
        for award in source.result.awards[: 4 - checked]:
            evidence = source.unit(award.unit_kind, award.unit)
            assert explain_award(evidence, award).agrees
            first, *others = award.evidence
            seen = msgspec.structs.replace(first, value="123456.789")
            assert not explain_award(evidence, msgspec.structs.replace(award, evidence=(seen, *others))).agrees
            checked += 1
    assert checked == 4


def test_money_and_evidence_that_are_wrong_are_seen():
    """The explanation is worth something only if it can disagree."""
    case = next(case for case in CASES if case["case"] == "5, three sales, marginal")
    values = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(plan_of(case), lambda run: run.feed(values))
    evidence = source.of("E1")
    evidence.lines[1]["amount"] += 100
    (rule,) = explain_period(evidence, "2026-03")
    assert rule.difference == 100 and rule.due == 44_000_000
    (last, *_) = reversed(evidence.awards)
    seen = msgspec.structs.replace(last.evidence[0], value="130001")
    explained = explain_award(source.of("E1"), msgspec.structs.replace(last, evidence=(seen,)))
    assert not explained.agrees
    assert "DIFFERS" in "\n".join(Teller(source.plan, "en").award(explained))
