"""The explanation of a period: every rule of a person or of a unit, recomputed as it stands and compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from schemas.plan import Plan
from schemas.plan_units import decided_by, judges_units, of_units
from streams.explain.credits import Credit, in_period, in_unit
from streams.explain.customers import counting
from streams.explain.history import ROLLING, Evidence, payer_of
from streams.explain.measured import Scope
from streams.explain.people import explain_people_rule, unit_of
from streams.explain.rules import RuleExplained, explain_rule
from streams.explain.stretches import Stretch, scopes_of, stretches_of, unit_stretches
from streams.explain.units import explain_unit_rule

#: Gives the evidence of a unit, by kind and id.
UnitSource = Callable[[str, str], Evidence]


def explain_period(evidence: Evidence, period: str, units: UnitSource | None = None) -> list[RuleExplained]:
    """Every rule that the employee, or unit, takes part in and that has a credit or a line in a period of this key.

    ``units`` gives the evidence of units whose awards the employee has a part in, or in which he is compared.
    """
    found: list[RuleExplained] = []
    if evidence.unit is not None:
        stretches, left_out = unit_stretches(evidence), counting(evidence)[1]
        for rule in _rules_of(evidence.plan, period):
            found += _of_unit(stretches, rule, period, left_out)
        return found
    stretches = stretches_of(evidence)
    evidence = stretches[-1].evidence
    left_out = counting(evidence)[1]
    for rule in _rules_of(evidence.plan, period):
        if not of_units(rule):
            found += _of_person(stretches, rule, period, left_out)
        elif units is not None:
            found += (_parts if judges_units(rule) else _among_others)(stretches, rule, period, units)
    for rule in _rules_left(stretches, period):
        found += _of_person(stretches, rule, period, left_out)
    return found


def _rules_of(plan: Plan, period: str) -> Iterator:
    """The rules of a plan that could have paid in a period of this key."""
    for rule in plan.awards:
        told = hasattr(rule, "kpi_ids") and hasattr(rule, "period")
        if told and rule.period.startswith("rolling_") == (period == ROLLING):
            yield rule


def _rules_left(stretches: list[Stretch], period: str) -> Iterator:
    """Rules for people that only earlier plans had, the last of each id."""
    known = {rule.id for rule in stretches[-1].evidence.plan.awards}
    for one in reversed(stretches[:-1]):
        for rule in _rules_of(one.evidence.plan, period):
            if rule.id not in known and not of_units(rule):
                known.add(rule.id)
                yield rule


def _of_person(
    stretches: list[Stretch], rule, period: str, left_out: list[Credit]
) -> Iterator[RuleExplained]:
    evidence, credits = stretches[-1].evidence, stretches[-1].credits
    lines = evidence.lines_of(rule, period)
    if lines or (evidence.takes_part(rule, period) and in_period(evidence.plan, credits, rule.period, period)):
        scopes = scopes_of(stretches, rule, period, lines)
        yield from _worth_telling(scopes[-1], explain_rule(scopes), left_out)


def _of_unit(stretches: list[Stretch], rule, period: str, left_out: list[Credit]) -> Iterator[RuleExplained]:
    evidence = stretches[-1].evidence
    if not of_units(rule) or decided_by(rule) != evidence.unit[0]:
        return
    lines = evidence.lines_of(rule, period)
    scopes = scopes_of(stretches, rule, period, lines)
    if not judges_units(rule):
        if lines or scopes[-1].inside:
            yield explain_people_rule(scopes)
    elif lines or in_unit(evidence.plan, evidence.unit, scopes[-1].inside):
        yield from _worth_telling(scopes[-1], explain_unit_rule(scopes), left_out)


def _worth_telling(scope: Scope, explained: RuleExplained, left_out: list[Credit]) -> Iterator[RuleExplained]:
    """With the credits that it leaves out; nothing where nothing was paid and no KPI has any credit."""
    others = in_period(scope.evidence.plan, left_out, scope.rule.period, scope.period)
    events = {name for one in explained.measured for name in one.kpi.events}
    if scope.lines or explained.lines or any(one.steps for one in explained.measured):
        yield replace(explained, left_out=tuple(one for one in others if one.type in events))


def _parts(stretches: list[Stretch], rule, period: str, units: UnitSource) -> Iterator[RuleExplained]:
    """For each unit that paid the employee by a rule: the whole unit's money, and his part of it."""
    kind = decided_by(rule)
    for name in sorted({payer_of(kind, line) for line in stretches[-1].evidence.lines_of(rule, period)}):
        whole = units(kind, name)
        yield explain_unit_rule(scopes_of(unit_stretches(whole), rule, period, whole.lines_of(rule, period)))


def _among_others(stretches: list[Stretch], rule, period: str, units: UnitSource) -> Iterator[RuleExplained]:
    """Where the employee was paid, or takes part and has a credit: all with whom he is compared."""
    evidence = stretches[-1].evidence
    inside = in_period(evidence.plan, stretches[-1].credits, rule.period, period)
    if evidence.lines_of(rule, period) or (inside and evidence.takes_part(rule, period)):
        name = unit_of([one.evidence.plan for one in stretches], rule.id, evidence.employee, period)
        whole = units(rule.unit, name)
        scopes = scopes_of(unit_stretches(whole), rule, period, whole.lines_of(rule, period))
        yield explain_people_rule(scopes, evidence.employee)
