"""First to reach among teams or departments, explained: the whole queue, and what the unit asked about has of it. Pure.

Every contender's values are computed again from its people's credits, and looked at after each update in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.results import Award
from streams.explain.credits import in_unit
from streams.explain.field import Candidate, Field
from streams.explain.history import unit_ids
from streams.explain.measured import Scope
from streams.explain.people import is_within
from streams.explain.places import Held, queued
from streams.explain.rules import RuleExplained
from streams.explain.scores import measured_by
from streams.explain.thresholds import checked


def explain_race(scopes: list[Scope], explained: RuleExplained, award: Award | None) -> RuleExplained:
    """``explained``: how the unit stands; ``scopes``: under each plan that had the rule, with everybody's credits.

    ``award``: seen in the moment of which; without one as it stands in the end, beside the award that there is.
    """
    scope = scopes[-1]
    rule, evidence = scope.rule, scope.evidence
    kind, name = evidence.unit
    within = _around(evidence.plan, rule.unit, kind, name)
    if award is not None:  # it may have raced elsewhere before, and lost its place there
        arounds = unit_ids(evidence.plan, rule.unit)
        within = next((one for one in arounds if is_within(award, (rule.unit, one))), within)
    rows: dict[str | None, Held] = defaultdict(Held)
    for one in scopes:
        units = unit_ids(one.evidence.plan, kind)
        for around in unit_ids(one.evidence.plan, rule.unit) if len(scopes) > 1 else [within]:
            row = rows[around]
            field = Field(tuple(_contenders(one, around)), who=name, kind=kind, within=(rule.unit, around or ""))
            row.field = queued(one, field, row, lambda who, units=units: who not in units)
    field = rows[within].field
    mine = field.of(name)
    if mine is None and award is None and scope.since >= 0:  # no plan with the race has it
        return replace(explained, due=0)
    explained = replace(explained, field=field, period=scope.period)
    if mine is None and award is None:  # no plan that is known has it
        return replace(explained, beyond=(*explained.beyond, "versions"))
    if award is None:
        marked = replace(mine, stands=_stands(scope, within))
        field = replace(field, candidates=tuple(marked if one is mine else one for one in field.candidates))
    # a place within the department that it was in before is paid beside one where it races now
    due = to_fixed(rule.prize or 0) * sum(name in row.stands for row in rows.values())
    return replace(explained, field=field, checks=list(mine.checks) if mine else [], due=due)


def _contenders(scope: Scope, around: str | None) -> Iterator[Candidate]:
    """All units of the kind within one, in the plan's order."""
    evidence, rule = scope.evidence, scope.rule
    plan, (kind, mine) = evidence.plan, evidence.unit
    for name in unit_ids(plan, kind):
        if _around(plan, rule.unit, kind, name) != around:
            continue
        own = in_unit(plan, (kind, name), scope.credits)
        if name == mine:
            found = measured_by(replace(scope, credits=own))
        else:
            other = replace(evidence, unit=(kind, name), targets={})
            found = measured_by(replace(scope, evidence=other, credits=own, stated=None))
        yield Candidate(name, tuple(found.values()), tuple(checked(rule, found)))


def _around(plan: Plan, within: str, kind: str, name: str) -> str | None:
    """The unit within which a contender races; None for one that is not in the plan."""
    for department in plan.organisation.departments:
        if name in ([department.id] if kind == "department" else [team.id for team in department.teams]):
            return department.id if within == "department" else plan.organisation.company
    return None


def _stands(scope: Scope, around: str | None) -> bool:
    awards = scope.evidence.awards_of(scope.rule, scope.period).get(0, [])
    mine = [one for one in awards if is_within(one, (scope.rule.unit, around))]
    return bool(mine) and mine[-1].state != "revoked"
