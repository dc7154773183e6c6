"""The stretches of a history, of a person or of a unit: in each one plan held, and credits counted in one way. Pure.

What stands, and what was paid, was decided again at the beginning of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from streams.explain.credits import Credit
from streams.explain.customers import counting, counting_of_people
from streams.explain.history import Evidence
from streams.explain.measured import Scope


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


def stretches_of(evidence: Evidence) -> list[Stretch]:
    """All of them, in order: one where it is not known which plans there were."""
    partitions = {credit.partition for credit in evidence.credits}
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
        now = replace(evidence, plan=plan, until=timeline.records(following - 1), targets=targets)
        credits = sorted(timeline.up_to(following - 1, counting_of_people(now)[0]), key=timeline.of)
        found.append(Stretch(now, credits, begin, last=following - 1))
    return found


def scopes_of(
    stretches: list[Stretch], rule, period: str, lines: list[dict], stated: dict | None = None
) -> list[Scope]:
    """A rule's period in each stretch whose plan has the rule; ``stated`` are targets of the last stretch."""
    found = []
    for one in stretches:
        mine = next((each for each in one.evidence.plan.awards if each.id == rule.id), None)
        if mine is not None:
            said = stated if one is stretches[-1] else None
            began = {"since": one.since, "last": one.last, "adjusted": one.adjusted, "rebuilt": one.rebuilt}
            found.append(Scope(one.evidence, mine, period, one.credits, lines, said, **began))
    return found
