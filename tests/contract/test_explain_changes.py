"""Explanations over changes of plan and rebuilds: whatever they decided is judged, under the plans in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.plan import Plan
from schemas.plan_units import decided_by
from schemas.plan_units import of_units as is_of_units
from streams.explain.history import unit_ids
from streams.explain.period import explain_period
from streams.explain.rules import RuleExplained
from tests.contract.test_explain import check
from tests.depth import examples
from tests.generated import random_events, random_plan, with_closes
from tests.generated_awards import random_special_plan, swinging_events
from tests.generated_changes import changed_plan, changed_unit_plan
from tests.generated_units import random_people_plan, random_unit_plan
from tests.recorded_log import SeveralPlans, recorded_log

#: Seeds whose histories have every kind that is looked for; where generators change, the search goes on behind them.
HAVE_THEM = (36, 35, 47)
HAVE_UNITS = (22, 11, 19, 16, 12)


def source_of(seed: int, batch: int) -> SeveralPlans:
    """A history of people's awards under two to four plans, with rebuilds."""
    dice = Random(seed)
    special = dice.random() < 0.6
    plans: list[Plan] = [(random_special_plan if special else random_plan)(dice)]
    for version in range(2, dice.randint(3, 5)):
        plans.append(changed_plan(dice, dice.choice(plans), version))
    history = with_closes(dice, (swinging_events if special else random_events)(dice, plans[0].currency))
    for at in sorted((dice.randint(0, len(history)) for _ in plans[1:]), reverse=True):
        rebuild = [{"control": "rebuild"}] * (dice.random() < 0.6)
        history[at:at] = [{"control": "plan"}]
        late = dice.randint(at + 1, len(history))
        history[late:late] = rebuild
    return recorded_log(plans[0], history, batch, *plans[1:])


@examples(3)
@example(1092, 1)  # a rebuild counts by other limits
@example(5010, 1)  # a rebuild empties a rolling window
@example(68, 1)  # a bonus whose rule was a tier table, of which a tier stands
@example(194, 1)  # and is lost as the bonus comes
@example(387, 1)  # a personal best that a rebuild counted otherwise
@example(399, 1)  # a close announces what stands for somebody who has no part in the rule any more
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_everything_that_plans_and_rebuilds_decided_is_judged_and_agrees(seed, batch):
    source = source_of(seed, batch)
    check(source)
    guards = [plan.crediting.guards for plan in source.plans.values()]
    beyond = {("shape",)} | {("rebuild",) for one in guards if one != guards[0]}
    for employee in ("E1", "E2", "E3"):
        evidence = source.of(employee)
        told = 0
        for period in {line["period"] for line in evidence.lines}:
            for one in explain_period(evidence, period):
                assert one.due is not None or one.beyond in beyond, (one.rule, one.beyond)
                told += one.paid
        assert told == sum(line["amount"] for line in evidence.lines)


def of_units(seed: int, batch: int) -> SeveralPlans:
    """As ``source_of``, of awards of units and of those that compare people: people come, go and move meanwhile."""
    dice = Random(seed)
    compared = dice.random() < 0.6
    plans: list[Plan] = [(random_people_plan if compared else random_unit_plan)(dice)]
    for version in range(2, dice.randint(3, 5)):
        plans.append(changed_unit_plan(dice, dice.choice(plans), version))
    moves = any(plan.organisation.backdated == "move" for plan in plans)  # under which nothing is rebuilt
    history = with_closes(dice, (swinging_events if compared else random_events)(dice, plans[0].currency))
    for at in sorted((dice.randint(0, len(history)) for _ in plans[1:]), reverse=True):
        rebuild = [{"control": "rebuild"}] * (dice.random() < 0.3 and not moves)
        history[at:at] = [{"control": "plan"}]
        late = dice.randint(at + 1, len(history))
        history[late:late] = rebuild
    return recorded_log(plans[0], history, batch, *plans[1:])


def told_of_units(source: SeveralPlans, line: dict | None = None) -> Iterator[RuleExplained]:
    """Whatever units were paid for, or their people, under any plan; ``line``: by its rule in its period alone."""
    plans = list(source.plans.values())
    rules = [rule for plan in plans for rule in plan.awards if is_of_units(rule)]
    for kind in sorted({decided_by(rule) for rule in rules if not line or rule.id == line["rule"]}):
        for unit in sorted({name for plan in plans for name in unit_ids(plan, kind)}):
            evidence = source.unit(kind, unit)
            for period in [line["period"]] if line else sorted({one["period"] for one in evidence.lines}):
                found = explain_period(evidence, period)
                yield from (one for one in found if not line or one.rule.id == line["rule"])


@examples(2)
@example(1, 4)  # targets of a scorecard were others when the unit's award was decided
@example(4381859, 4)  # fewer tiers than a sticky one was awarded of
@example(16, 4)  # money of a unit, by a plan before, to somebody without a credit
@example(227, 4)  # a race from a plan on that has one of the teams no more
@example(306, 4)  # an honour that was a pool, in a department that everybody has left
@example(185, 4)  # a pool of so much for each team, closed before somebody came to one that had nobody
@example(4_294_967_296, 1)  # a pool of the company that becomes an honour within teams
@example(612, 1)  # a close announces what stands for somebody who leads nobody any more
@given(st.integers(0, 2**32), st.sampled_from([1, 4, 1000]))
def test_everything_that_plans_decided_among_units_is_judged_and_agrees(seed, batch):
    """Every award, and every line once: told to whoever got it, and in one unit."""
    source = of_units(seed, batch)
    check(source)
    lines, units = source.result.earnings, cache(source.unit)
    told: Counter[str] = Counter()
    for one in told_of_units(source):
        assert one.due is not None or one.beyond in (("rebuild",), ("shape",)), (one.rule, one.beyond)
        told.update({share.payee: share.paid for share in one.shares})
    for employee in ("E1", "E2", "E3"):
        mine = [line for line in lines if line["employee"] == employee]
        evidence = source.of(employee)
        paid = sum(line["amount"] for line in mine)
        own = 0
        for period in {line["period"] for line in mine}:
            own += sum(one.paid_to(employee) for one in explain_period(evidence, period, units))
        assert told[employee] == paid == own


def test_a_cent_more_in_any_line_of_a_unit_is_seen():
    """Lines of every kind of rule, also caused by a plan, or of a rule that is gone: made wrong once, none agrees."""
    kinds = ("tiers", "threshold", "honour", "first", "pool")
    wanted = {(kind, *what) for kind in kinds for what in (["plan"], ["other"], ["dropped", "other"])}
    seen: set[tuple[str, ...]] = set()
    for seed in (*HAVE_UNITS, *range(300)):
        if wanted <= seen:
            break
        source = of_units(seed, 4)
        for line in source.result.earnings:
            rule = paid_by(source, line)
            last = source.plan_of(None).awards
            what = {"plan" if line["source"].startswith("plan:") else "other"}
            what |= set() if any(one.id == rule.id for one in last) else {"dropped"}
            name = rule.kind, *sorted(what)
            if not is_of_units(rule) or name in seen:
                continue
            line["amount"] += 100
            judged = [one for one in told_of_units(source, line) if one.due is not None]
            line["amount"] -= 100
            home = any(share.payee == line["employee"] for one in judged for share in one.shares)
            if home and judged:
                assert not all(one.agrees for one in judged), (seed, line)
                seen.add(name)
    assert wanted <= seen, wanted - seen


def test_a_cent_more_in_a_line_of_whatever_reason_is_seen():
    """Lines that a plan or a rebuild decided, by kind of rule: each made wrong once, and no explanation agrees."""
    wanted = {("tiers", "plan_change"), ("threshold", "plan_change"), ("tiers", "adjustment"), ("streak", "award")}
    wanted |= {("threshold", "revocation"), ("spiff", "spiff")}
    seen: set[tuple[str, str]] = set()
    for seed in (*HAVE_THEM, *range(200)):
        if wanted <= seen:
            break
        source = source_of(seed, 4)
        for employee in ("E1", "E2", "E3"):
            evidence = source.of(employee)
            for line in evidence.lines:
                kind = paid_by(source, line).kind
                if (kind, line["reason"]) in seen or not by_control(line, kind):
                    continue
                line["amount"] += 100
                found = [one for one in explain_period(evidence, line["period"]) if one.rule.id == line["rule"]]
                line["amount"] -= 100
                (wrong,) = [one for one in found if (one.rule.kind, one.rule.period) == (kind, line["period_kind"])]
                if wrong.due is not None:
                    assert not wrong.agrees, (seed, line)
                    seen.add((kind, line["reason"]))
    assert wanted <= seen, wanted - seen


def paid_by(source: SeveralPlans, line: dict):
    """The version of its rule that paid a line."""
    return next(one for one in source.plans[line["plan_version"]].awards if one.id == line["rule"])


def by_control(line: dict, kind: str) -> bool:
    """Whether a plan or a rebuild caused a line; of what pays by event any does."""
    return kind in ("spiff", "streak") or not line["source"].startswith("s")


def test_a_team_that_goes_to_another_department_keeps_its_place_in_the_race_of_the_first():
    """Its prize is paid once, whichever department is decided next, and beside it only for a place in the second."""

    def plan(version: int, *departments: list[int]) -> Plan:
        people = {number: [{"id": f"E{number}", "role": "rep"}] for number in (1, 2, 3)}
        teams = {number: {"id": f"t{number}", "employees": inside} for number, inside in people.items()}
        race = {"kind": "first", "id": "race", "name": "R", "period": "month", "all": [{"kpi": "sold", "value": 10}]}
        race |= {"places": 1, "contenders": "team", "unit": "department", "prize": 30}
        given = {
            "plan": "p", "version": version, "timezone": "UTC", "currency": "EUR", "awards": [race],
            "kpis": [{"id": "sold", "name": "S", "aggregate": "sum", "events": ["sale"], "field": "amount"}],
            "organisation": {"company": "c", "departments": [
                {"id": f"d{number}", "teams": [teams[team] for team in inside]}
                for number, inside in enumerate(departments)
            ]},
        }  # fmt: skip
        return Plan.model_validate(given)

    def sale(number: int, employee: str) -> dict:
        data = {"sale_id": f"s{number}", "employee": employee, "amount": 20, "currency": "EUR"}
        envelope = {"specversion": "1.0", "source": "s", "type": "sale", "time": "2026-03-02T10:00:00Z"}
        return envelope | {"id": f"e{number}", "data": data}

    history = [sale(1, "E1"), sale(2, "E3"), {"control": "plan"}, *(sale(3 + at, f"E{1 + at % 3}") for at in range(6))]
    source = recorded_log(plan(1, [1, 2], [3]), history, 1, plan(2, [2], [1, 3]))
    assert [(line["team"], line["amount"]) for line in source.result.earnings] == [("t1", 300_000), ("t3", 300_000)]
    assert check(source)
    for line in source.result.earnings:
        line["amount"] += 100
        assert not all(one.agrees for one in told_of_units(source, line))
        line["amount"] -= 100
