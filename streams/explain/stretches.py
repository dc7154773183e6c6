"""The stretches of a history, of a person or of a unit: in each one plan held, and credits counted in one way. Pure.

What stands, and what was paid, was decided again at the beginning of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schemas.plan import Plan
from streams.explain.credits import Credit
from streams.explain.customers import counting, counting_of_people
from streams.explain.history import ROLLING, Evidence, once_per_evidence
from streams.explain.measured import Scope
from streams.explain.of_plan import calendar_of
from streams.explain.shapes import is_tangled, money_of


@dataclass(frozen=True)
class Stretch:
    """``evidence`` under the plan that held, with the ``credits`` that counted by its end, as they counted then.

    Up to the record ``since`` they were there when it began: with a plan, or as values were ``adjusted``, by a rebuild
    the person's own (``rebuilt``). Of a unit ``since`` and ``last`` are moments (Timeline), the first and the last one
    of the stretch; -1 where it is not known which plans there were.
    """

    evidence: Evidence
    credits: list[Credit]
    since: int = -1
    adjusted: bool = False
    rebuilt: bool = False
    last: int = -1


@once_per_evidence
def stretches_of(evidence: Evidence) -> list[Stretch]:
    """All of them, in order: one where it is not known which plans there were."""
    # who has no credit may have money of his unit by plans before
    partitions = {credit.partition for credit in evidence.credits} or evidence.plans.partitions[:1]
    turns = []
    if len(partitions) == 1:
        (partition,) = partitions
        turns = evidence.plans.turns(partition, evidence.employee, evidence.until)
    if not turns:
        return [Stretch(evidence, counting(evidence)[0])]
    newest = evidence.plans.newest(partition)
    found = []
    for number, turn in enumerate(turns):
        # targets were published as the newest plan has them; a dict of its own, since it keeps what is looked up
        targets = dict(evidence.targets) if turn.plan is newest else {}
        now = replace(evidence, plan=turn.plan, until={partition: turn.record}, targets=targets)
        credits = counting(now)[0]
        if number + 1 < len(turns):
            credits = [credit for credit in credits if credit.record < turns[number + 1].record]
        found.append(Stretch(now, credits, turn.record, turn.adjusted, turn.rebuilt))
    return found


@once_per_evidence
def unit_stretches(evidence: Evidence, number: int | None = None) -> list[Stretch]:
    """As ``stretches_of``, up to the moment ``number``, of a unit; the credits are those of its people, wherever.

    They stand in the order in which they were counted.
    """
    timeline = evidence.timeline
    end = len(timeline.moments) - 1 if number is None else number
    plans = {at: evidence.plan_by(one.cause) for at, one in enumerate(timeline.moments[: end + 1]) if one.is_plan}
    if not plans or None in plans.values():
        return [Stretch(evidence, sorted(counting_of_people(evidence)[0], key=timeline.of))]
    turns = {*plans, *(timeline.reaching(*place) for place in evidence.plans.changes)}
    begins = sorted(at for at in turns if min(plans) <= at <= end)
    found, plan = [], evidence.plan
    for begin, following in zip(begins, [*begins[1:], end + 1], strict=True):
        plan = plans.get(begin, plan)
        targets = dict(evidence.targets) if plan.version == evidence.plan.version else {}
        credits, until = timeline.up_to(following - 1, evidence.credits), timeline.records(following - 1)
        now = replace(evidence, plan=plan, credits=credits, until=until, targets=targets)
        credits = sorted(counting_of_people(now)[0], key=timeline.of)
        found.append(Stretch(now, credits, begin, last=following - 1))
    return found


def scopes_of(stretches: list[Stretch], rule, period: str, stated: dict | None = None) -> list[Scope]:
    """A rule's period in each stretch whose plan has it, with all that it paid; ``stated`` are targets of the last one.

    Versions of the rule whose money stands apart (``money_of``) are left out, and of units plans without the period.
    """
    last, found = stretches[-1], []
    lines, tangled = lines_of(stretches, rule, period), _is_tangled(stretches, rule)
    for one in stretches:
        mine = _version(one.evidence.plan, rule)
        if mine is not None and money_of(mine) == money_of(rule) and _decides(one, mine, period):
            said = stated if one is last else None
            began = {"since": one.since, "last": one.last, "adjusted": one.adjusted, "rebuilt": one.rebuilt}
            found.append(Scope(one.evidence, mine, period, one.credits, lines, said, tangled=tangled, **began))
    return found


def _is_tangled(stretches: list[Stretch], rule) -> bool:
    """Of people only versions ahead of the last one with the money matter: with the next one it stays as it is."""
    versions = [version for one in stretches if (version := _version(one.evidence.plan, rule))]
    while stretches[-1].evidence.unit is None and versions and money_of(versions[-1]) != money_of(rule):
        versions.pop()
    return is_tangled(rule, versions)


def _decides(one: Stretch, rule, period: str) -> bool:
    plan, of_unit = one.evidence.plan, one.evidence.unit is not None
    return not of_unit or period == ROLLING or calendar_of(plan).find(rule.period, period) is not None


def lines_of(stretches: list[Stretch], rule, period: str) -> list[dict]:
    """What versions of a rule with the same money paid in the period."""
    version = {one.evidence.plan.version: _version(one.evidence.plan, rule) for one in stretches}
    lines = stretches[-1].evidence.lines_of(rule, period)
    paid_by = ((line, version.get(line["plan_version"]) or rule) for line in lines)
    return [line for line, mine in paid_by if money_of(mine) == money_of(rule)]


def rules_of(stretches: list[Stretch], period: str) -> Iterator:
    """The rules that could have paid in a period of this key, of all plans the last with its money each."""
    known = set()
    for one in reversed(stretches):
        for rule in one.evidence.plan.awards:
            told = hasattr(rule, "kpi_ids") and hasattr(rule, "period")
            if told and rule.period.startswith("rolling_") == (period == ROLLING):
                name = rule.id, money_of(rule)
                if name not in known:
                    known.add(name)
                    yield rule


def _version(plan: Plan, rule):
    return next((each for each in plan.awards if each.id == rule.id), None)
