"""First to reach among teams or departments, explained: the whole queue, and what the unit asked about has of it. Pure.

Every contender's values are computed again from its people's credits, and looked at after each update in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schemas.money import to_fixed
from schemas.plan import Plan
from streams.explain.credits import Credit, in_period, in_unit
from streams.explain.customers import counting_of_people
from streams.explain.field import Candidate, Field
from streams.explain.history import Evidence
from streams.explain.measured import Scope
from streams.explain.places import queued
from streams.explain.rules import RuleExplained
from streams.explain.scores import measured_by
from streams.explain.thresholds import checked


def explain_race(scope: Scope, explained: RuleExplained, number: int | None) -> RuleExplained:
    """``explained``: how the unit of ``scope`` stands. ``number``: of the moment (Timeline) that it is seen in; without
    one as it stands in the end, compared with the award.
    """
    rule, evidence = scope.rule, scope.evidence
    kind, name = evidence.unit
    within = rule.unit, _around(evidence.plan, rule.unit, kind, name) or ""
    everything = _credits(scope, number)
    field = Field(tuple(_contenders(scope, everything)), who=name, kind=kind, within=within)
    field = queued(rule, field, evidence.timeline)
    mine = field.of(name)
    hidden = _hidden(scope, everything, number)
    explained = replace(explained, field=field, period=scope.period, beyond=(*explained.beyond, *hidden))
    if mine is None:  # it has left the plan, and keeps what it has
        return replace(explained, beyond=(*explained.beyond, "plan_change"))
    if number is None:
        marked = replace(mine, stands=_stands(evidence, rule, scope.period))
        field = replace(field, candidates=tuple(marked if one is mine else one for one in field.candidates))
    return replace(
        explained, field=field, checks=list(mine.checks), due=to_fixed(rule.prize or 0) if mine.chosen else 0
    )


def _credits(scope: Scope, number: int | None) -> list[Credit]:
    """Of everybody, in the order in which they were counted."""
    timeline = scope.evidence.timeline
    credits = counting_of_people(scope.evidence)[0]
    return sorted(credits if number is None else timeline.up_to(number, credits), key=timeline.of)


def _hidden(scope: Scope, everything: list[Credit], number: int | None) -> tuple[str, ...]:
    """Why the queue cannot be told from its beginning."""
    inside = in_period(scope.evidence.plan, everything, scope.rule.period, scope.period)
    plans = scope.evidence.timeline.plans_since(inside, number)
    return ("updates",) if plans is None else ("plan_change",) if len(plans) > 1 else ()


def _contenders(scope: Scope, everything: list[Credit]) -> Iterator[Candidate]:
    """All units of the kind within the same one, in the plan's order."""
    evidence, rule = scope.evidence, scope.rule
    plan, (kind, mine) = evidence.plan, evidence.unit
    around = _around(plan, rule.unit, kind, mine)
    for name in _units(plan, kind):
        if _around(plan, rule.unit, kind, name) != around:
            continue
        own = in_unit(plan, (kind, name), everything)
        if name == mine:
            found = measured_by(replace(scope, credits=own))
        else:
            other = replace(evidence, unit=(kind, name), targets={})
            found = measured_by(replace(scope, evidence=other, credits=own, stated=None))
        yield Candidate(name, tuple(found.values()), tuple(checked(rule, found)))


def _units(plan: Plan, kind: str) -> list[str]:
    departments = plan.organisation.departments
    return [one.id for one in (departments if kind == "department" else [t for d in departments for t in d.teams])]


def _around(plan: Plan, within: str, kind: str, name: str) -> str | None:
    """The unit within which a contender races; None for one that is not in the plan."""
    for department in plan.organisation.departments:
        if name in ([department.id] if kind == "department" else [team.id for team in department.teams]):
            return department.id if within == "department" else plan.organisation.company
    return None


def _stands(evidence: Evidence, rule, period: str) -> bool:
    awards = evidence.awards_of(rule, period).get(0, [])
    return bool(awards) and awards[-1].state != "revoked"
