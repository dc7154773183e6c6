"""The explanation of a period: every rule of a person or of a unit, recomputed as it stands and compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from schemas.plan_units import decided_by, judges_units, of_units
from streams.explain.credits import Credit, in_period, in_unit
from streams.explain.customers import counting
from streams.explain.history import Evidence, payer_of
from streams.explain.measured import Scope
from streams.explain.people import explain_people_rule, unit_of
from streams.explain.rules import RuleExplained, explain_rule
from streams.explain.stretches import Stretch, lines_of, rules_of, scopes_of, stretches_of, unit_stretches
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
        for rule in rules_of(stretches, period):
            found += _of_unit(stretches, rule, period, left_out)
        return found
    stretches, units = stretches_of(evidence), units and cache(units)  # several rules look at the same unit
    left_out = counting(stretches[-1].evidence)[1]
    for rule in rules_of(stretches, period):
        if not of_units(rule):
            found += _of_person(stretches, rule, period, left_out)
        elif units is not None:
            found += (_parts if judges_units(rule) else _among_others)(stretches, rule, period, units)
    return found


def _of_person(stretches: list[Stretch], rule, period: str, left_out: list[Credit]) -> Iterator[RuleExplained]:
    scopes = scopes_of(stretches, rule, period)
    if scopes[-1].lines or _has_credits(stretches, rule, period) or scopes[-1].awards:
        yield from _worth_telling(scopes[-1], explain_rule(scopes), left_out)


def _has_credits(stretches: list[Stretch], rule, period: str) -> bool:
    """Whether the employee takes part in a rule's period, with anything in it."""
    evidence, credits = stretches[-1].evidence, stretches[-1].credits
    return evidence.takes_part(rule, period) and bool(in_period(evidence.plan, credits, rule.period, period))


def _of_unit(stretches: list[Stretch], rule, period: str, left_out: list[Credit]) -> Iterator[RuleExplained]:
    evidence = stretches[-1].evidence
    if not of_units(rule) or decided_by(rule) != evidence.unit[0]:
        return
    scopes = scopes_of(stretches, rule, period)
    if not scopes:  # a period of another kind
        return
    lines = scopes[-1].lines
    if not judges_units(rule):
        if lines or scopes[-1].inside:
            yield explain_people_rule(scopes)
    elif lines or in_unit(evidence.plan, evidence.unit, scopes[-1].inside):
        yield from _worth_telling(scopes[-1], explain_unit_rule(scopes), left_out)


def _worth_telling(scope: Scope, explained: RuleExplained, left_out: list[Credit]) -> Iterator[RuleExplained]:
    """With the credits that it leaves out; nothing where nothing was awarded or paid and no KPI has any credit."""
    others = in_period(scope.evidence.plan, left_out, scope.rule.period, scope.period)
    events = {name for one in explained.measured for name in one.kpi.events}
    if scope.lines or scope.awards or explained.lines or any(one.steps for one in explained.measured):
        yield replace(explained, left_out=tuple(one for one in others if one.type in events))


def _parts(stretches: list[Stretch], rule, period: str, units: UnitSource) -> Iterator[RuleExplained]:
    """For each unit that paid the employee by a rule: the whole unit's money, and his part of it."""
    kind = decided_by(rule)
    for name in sorted({payer_of(kind, line) for line in lines_of(stretches, rule, period)}):
        if scopes := scopes_of(unit_stretches(units(kind, name)), rule, period):
            yield explain_unit_rule(scopes)


def _among_others(stretches: list[Stretch], rule, period: str, units: UnitSource) -> Iterator[RuleExplained]:
    """Where the employee was paid, or takes part and has a credit: all with whom he is compared."""
    evidence, plans = stretches[-1].evidence, [one.evidence.plan for one in stretches]
    if not (lines_of(stretches, rule, period) or _has_credits(stretches, rule, period)):
        return
    name = unit_of(plans, rule, evidence.employee, period)
    if name is not None and (scopes := scopes_of(unit_stretches(units(rule.unit, name)), rule, period)):
        yield explain_people_rule(scopes, evidence.employee)
