"""The stretches of a person's history: in each one plan held, and no values were adjusted. Pure.

What stands, and what was paid, was decided again at the beginning of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from streams.explain.credits import Credit
from streams.explain.customers import counting
from streams.explain.history import Evidence
from streams.explain.measured import Scope


@dataclass(frozen=True)
class Stretch:
    """``evidence`` under the plan that held, with the ``credits`` that counted by its end, as they counted then.

    Up to the record ``since`` they were there when it began: with a plan, or as values were ``adjusted``, by a rebuild
    the person's own (``rebuilt``).
    """

    evidence: Evidence
    credits: list[Credit]
    since: int = -1
    adjusted: bool = False
    rebuilt: bool = False


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


def scopes_of(
    stretches: list[Stretch], rule, period: str, lines: list[dict], stated: dict | None = None
) -> list[Scope]:
    """A rule's period in each stretch whose plan has the rule; ``stated`` are targets of the last stretch."""
    found = []
    for one in stretches:
        mine = next((each for each in one.evidence.plan.awards if each.id == rule.id), None)
        if mine is not None:
            said = stated if one is stretches[-1] else None
            began = {"since": one.since, "adjusted": one.adjusted, "rebuilt": one.rebuilt}
            found.append(Scope(one.evidence, mine, period, one.credits, lines, said, **began))
    return found
