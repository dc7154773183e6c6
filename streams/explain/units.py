"""Awards of units, explained: the unit's values from its people's credits, its money, and who has which part. Pure.

They are decided after updates, each of which may hold many credits: what came by on the way is told again update by
update. For rolling windows, and where plans changed meanwhile, what an earlier award leaves is taken from the awards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from schemas.money import SCALE, minor_step, to_fixed
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_moves import employees_of
from schemas.plan_people import First
from streams.explain.granted import Granted
from streams.explain.history import standing
from streams.explain.measured import Measured, Scope
from streams.explain.money import rounded, slices_of, tier_level
from streams.explain.pools import parted
from streams.explain.races import explain_race
from streams.explain.rules import RuleExplained, Share, beyond_of
from streams.explain.scores import measured_by
from streams.explain.thresholds import checked
from streams.explain.tiers import keeps_peak
from streams.explain.walk import by_moment, conditions_hold


def explain_unit_rule(scope: Scope, number: int | None = None) -> RuleExplained:
    """A rule for one unit; ``scope.lines`` are what it paid for the unit's period, to whomever.

    ``number``: of the moment (Timeline) up to which ``scope`` goes; without one it is the end.
    """
    rule, plan = scope.rule, scope.evidence.plan
    # of several partitions: in the order in which they were counted
    scope = replace(scope, credits=sorted(scope.credits, key=scope.evidence.timeline.of))
    measured = measured_by(scope)
    beyond = beyond_of(plan, rule, scope)
    paid = sum(line["amount"] for line in scope.lines)
    shown = list(measured.values())
    explained = RuleExplained(
        rule, shown, [], 0, [], None, paid, beyond, window=scope.window, unit=scope.evidence.unit
    )
    if isinstance(rule, TierAward):
        explained = _tiers(scope, shown[0], explained)
    elif isinstance(rule, ThresholdAward):
        checks = checked(rule, measured)
        due = _bonus(scope, measured, [one.holds for one in checks])
        explained = replace(explained, checks=checks, due=due)
    elif isinstance(rule, First):
        explained = explain_race(scope, explained, number)
    if explained.beyond:
        return replace(explained, due=None, shares=tuple(_shares(scope, {})))
    shares = tuple(_shares(scope, _due(scope, shown[0], explained.due)))
    # without members nobody is paid
    return replace(explained, shares=shares, due=sum(one.due for one in shares))


def _tiers(scope: Scope, one: Measured, explained: RuleExplained) -> RuleExplained:
    rule = scope.rule
    level = tier_level(one.kpi, rule.tiers, one.value, one.target) if one.begun and _may_earn(scope) else 0
    if keeps_peak(rule) and _can_be_replayed(scope):
        level = max([level, *_levels(scope, one)])
    elif keeps_peak(rule):
        if not level and (rule.tiers[0].value or rule.tiers[0].attainment or 0) == 0:
            # a base rate is no award: nothing says whether it was reached
            explained = replace(explained, beyond=(*explained.beyond, "settle"))
        awarded = (tier + 1 for tier in scope.evidence.awards_of(rule, scope.period))
        level = max([level, *(one for one in awarded if one <= len(rule.tiers))])  # a plan before may have had more
    if not (one.begun or keeps_peak(rule)):
        return replace(explained, level=0, due=0)
    slices = slices_of(rule, level, one.value or Fraction(0), one.target)
    return replace(explained, level=level, slices=slices, due=rounded(slices, scope.evidence.plan.currency))


def _levels(scope: Scope, one: Measured) -> Iterator[int]:
    """The level in each moment."""
    for _, now in by_moment(scope.evidence.timeline, [one]) if _may_earn(scope) else ():
        step = now[one.kpi.id]
        yield tier_level(one.kpi, scope.rule.tiers, step.value, one.target) if step.below else 0


def _bonus(scope: Scope, measured: dict[str, Measured], held: list[bool]) -> int:
    """The bonus where the award is due: by its conditions, and by what was awarded and lost before."""
    rule, shown = scope.rule, measured.values()
    if _can_be_replayed(scope):
        granted = Granted()
        for _, now in by_moment(scope.evidence.timeline, shown):
            granted.turn(rule, _may_earn(scope) and conditions_hold(rule, measured, now))
        return to_fixed(rule.bonus or 0) if granted.stands else 0
    before = scope.evidence.awards_of(rule, scope.period).get(0, [])
    begun = any(one.steps[-1].something for one in shown if one.steps)
    met = begun and _may_earn(scope) and (all(held) if rule.all else any(held))
    stands = bool(before) and before[-1].state != "revoked"
    due = met and (stands or rule.rearm or not before)
    if rule.settle == "sticky":
        due = met or bool(before)
    return to_fixed(rule.bonus or 0) if due else 0


def _can_be_replayed(scope: Scope) -> bool:
    """Whether what stood on the way follows from the updates; a window also moves with credits that have left it."""
    return scope.window is None and scope.evidence.timeline.steady(scope.inside)


def _due(scope: Scope, one: Measured, due: int) -> dict[str, int]:
    """Who is due what of the unit's money; '' is the unit itself, but a manager has it as his own."""
    kind, unit = scope.evidence.unit
    return {unit if kind == "manager" else "": due} if scope.rule.share == "unit" else _parts(scope, one, due)


def _may_earn(scope: Scope) -> bool:
    """Of managers those with one of the roles."""
    kind, unit = scope.evidence.unit
    return kind != "manager" or replace(scope.evidence, employee=unit).takes_part(scope.rule, scope.period)


def _shares(scope: Scope, due: dict[str, int]) -> list[Share]:
    """Beside what each was paid."""
    paid: dict[str, int] = {}
    for line in scope.lines:
        paid[line["employee"]] = paid.get(line["employee"], 0) + line["amount"]
    return [Share(payee, due.get(payee, 0), paid.get(payee, 0)) for payee in dict.fromkeys([*due, *paid])]


def _parts(scope: Scope, one: Measured, due: int) -> dict[str, int]:
    """Each member's part, to the minor unit: largest remainders first, ties in the plan's order."""
    weights = {member: Fraction(1) for member in _members(scope)}
    if scope.rule.share == "by_value":
        values = _own_values(scope, one)
        weights = {member: max(values.get(member, Fraction(0)), Fraction(0)) for member in weights}
    return parted(due, weights, minor_step(scope.evidence.plan.currency))


def _members(scope: Scope) -> list[str]:
    rule, plan = scope.rule, scope.evidence.plan
    kind, unit = scope.evidence.unit
    found = []
    for employee, places in employees_of(plan):
        place = standing(plan, places, rule.period, scope.period)
        inside = kind == "company" or getattr(place, kind) == unit
        if inside and (not rule.roles or place.role in rule.roles):
            found.append(employee.id)
    return found


def _own_values(scope: Scope, one: Measured) -> dict[str, Fraction]:
    """What each has brought to the KPI, a sum or a count, in the unit and period."""
    latest = max((step.credit.day for step in one.steps), default=0)
    found: dict[str, Fraction] = {}
    for step in one.steps:
        if scope.window is None or step.credit.day > latest - scope.window:
            found[step.credit.employee] = found.get(step.credit.employee, Fraction(0)) + Fraction(step.own[0], SCALE)
    return found
