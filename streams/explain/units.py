"""Awards of units, explained: the unit's values from its people's credits, its money, and who has which part. Pure.

They are decided after updates, each of which may hold many credits: what came by on the way is told again update by
update, under the plan of each. Where the order of the updates was not kept, what an earlier award leaves is taken from
the awards.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from schemas.money import SCALE, minor_step, to_fixed
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_people import First
from schemas.results import Award
from streams.explain.credits import in_unit
from streams.explain.granted import Granted
from streams.explain.history import unit_ids
from streams.explain.measured import Measured, Scope
from streams.explain.money import rounded, slices_of, tier_level
from streams.explain.people import people_inside
from streams.explain.pools import parted
from streams.explain.races import explain_race
from streams.explain.rules import RuleExplained, Share, beyond_of_units, was_seen
from streams.explain.scores import measured_by
from streams.explain.thresholds import checked
from streams.explain.tiers import keeps_peak, remembered
from streams.explain.walk import conditions_hold, standings


def explain_unit_rule(scopes: list[Scope], award: Award | None = None) -> RuleExplained:
    """A rule for one unit; ``scopes``: under each plan that had it, with all credits of its people, in it or not, and
    what it paid for the unit's period, to whomever.

    ``award``: seen in the moment of which; without one as it stands in the end. What a plan that has
    the unit no more leaves behind is kept, and told by the last one that had it.
    """
    while len(scopes) > 1 and not _has_unit(scopes[-1]):
        scopes = scopes[:-1]
    own = [_within(scope) for scope in scopes if _has_unit(scope)] or [_within(scopes[-1])]
    scope = own[-1]
    rule, plan = scope.rule, scope.evidence.plan
    measured = measured_by(scope)
    beyond = beyond_of_units(own)
    paid = sum(line["amount"] for line in scope.lines)
    shown = list(measured.values())
    explained = RuleExplained(
        rule, shown, [], 0, [], None, paid, beyond, window=scope.window, unit=scope.evidence.unit, version=plan.version
    )
    if isinstance(rule, TierAward):
        explained = _tiers(own, shown[0], explained)
    elif isinstance(rule, ThresholdAward):
        checks = checked(rule, measured)
        due = _bonus(own, measured, [one.holds for one in checks])
        explained = replace(explained, checks=checks, due=due)
    elif isinstance(rule, First):
        explained = explain_race(scopes, explained, award)
    if explained.beyond:
        return replace(explained, due=None, shares=tuple(_shares(scope, {})))
    shares = tuple(_shares(scope, _due(scope, shown[0], explained.due)))
    # without members nobody is paid
    return replace(explained, shares=shares, due=sum(one.due for one in shares))


def explain_unit_award(scopes: list[Scope], award: Award) -> RuleExplained:
    """As ``explain_unit_rule``, with the values of the moment: a close announces what stands by these, also of a unit
    that the plan has no more.
    """
    explained, last = explain_unit_rule(scopes, award), scopes[-1]
    return explained if _has_unit(last) else replace(explained, measured=list(measured_by(_within(last)).values()))


def _has_unit(scope: Scope) -> bool:
    kind, name = scope.evidence.unit
    return name in unit_ids(scope.evidence.plan, kind)


def _within(scope: Scope) -> Scope:
    return replace(scope, credits=in_unit(scope.evidence.plan, scope.evidence.unit, scope.credits))


def _tiers(scopes: list[Scope], one: Measured, explained: RuleExplained) -> RuleExplained:
    scope = scopes[-1]
    rule = scope.rule
    level = tier_level(rule, one.kpi, *one.figures) if one.begun and _may_earn(scope) else 0
    if keeps_peak(rule) and was_seen(scope):
        level = min(max([level, *map(_peak, scopes)]), len(rule.tiers))
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


def _peak(scope: Scope) -> int:
    """The most tiers reached in any moment of a plan."""
    rule, peak = scope.rule, 0
    if not _may_earn(scope):
        return 0
    (one,) = measured_by(scope).values()
    for _, now in standings(scope):
        step = now.get(one.kpi.id)
        if step is not None and step.below:
            peak = max(peak, remembered(rule, tier_level(rule, one.kpi, step.value, step.sample, one.target)))
    return peak


def _bonus(scopes: list[Scope], measured: dict[str, Measured], held: list[bool]) -> int:
    """The bonus where the award is due: by its conditions, and by what was awarded and lost before."""
    scope = scopes[-1]
    rule, shown = scope.rule, measured.values()
    begun = any(one.steps[-1].something for one in shown if one.steps)
    due = begun and _may_earn(scope) and (all(held) if rule.all else any(held))
    if rule.settle == "sticky" or not rule.rearm:
        due = _stands(scopes) if was_seen(scope) else _awarded(scope, due)
    return to_fixed(rule.bonus or 0) if due else 0


def _stands(scopes: list[Scope]) -> bool:
    """Whether the award stands, having been granted and lost moment by moment."""
    granted = Granted()
    for scope in scopes:
        measured, may_earn = measured_by(scope), _may_earn(scope)
        for _, now in standings(scope):
            granted.turn(scope.rule, may_earn and conditions_hold(scope.rule, measured, now))
    return granted.stands


def _awarded(scope: Scope, met: bool) -> bool:
    """Whether the award stands by what the awards tell of it, and by whether its conditions are met."""
    rule, before = scope.rule, scope.evidence.awards_of(scope.rule, scope.period).get(0, [])
    if rule.settle == "sticky":
        return met or bool(before)
    stands = bool(before) and before[-1].state != "revoked"
    return met and (stands or rule.rearm or not before)


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
    rule, evidence = scope.rule, scope.evidence
    inside = people_inside(evidence.plan, rule, evidence.unit, scope.period)
    weights = {who: Fraction(1) for who, place in inside.items() if not rule.roles or place.role in rule.roles}
    if rule.share == "by_value":
        values = _own_values(scope, one)
        weights = {member: max(values.get(member, Fraction(0)), Fraction(0)) for member in weights}
    return parted(due, weights, minor_step(evidence.plan.currency))


def _own_values(scope: Scope, one: Measured) -> dict[str, Fraction]:
    """What each has brought to the KPI, a sum or a count, in the unit and period."""
    latest = max((step.credit.day for step in one.steps), default=0)
    found: dict[str, Fraction] = {}
    for step in one.steps:
        if scope.window is None or step.credit.day > latest - scope.window:
            found[step.credit.employee] = found.get(step.credit.employee, Fraction(0)) + Fraction(step.own[0], SCALE)
    return found
