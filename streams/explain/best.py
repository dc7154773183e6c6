"""The periods before a personal best, each with its value, which of them was the best, and what it pays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schemas.money import to_fixed
from schemas.plan import Kpi
from schemas.plan_best import PersonalBest
from streams.explain.credits import in_period
from streams.explain.granted import Granted
from streams.explain.measured import Measured, Scope, measure
from streams.explain.of_plan import calendar_of
from streams.explain.values import Step
from streams.explain.walk import Walk
from streams.performance.calendar import NO_PERIOD


@dataclass(frozen=True, slots=True)
class Earlier:
    """A period that counts, or does not for want of a value or of events."""

    period: str
    measured: Measured
    counts: bool
    is_best: bool = False


def earlier_periods(scope: Scope) -> tuple[Earlier, ...]:
    """Every period before the scope's in which something was credited for the KPI, in order; the first of equals is the
    best.
    """
    plan, rule, period, credits = scope.evidence.plan, scope.rule, scope.period, scope.credits
    kpi = next(kpi for kpi in plan.kpis if kpi.id == rule.kpi)
    calendar = calendar_of(plan)
    ordinals = sorted({calendar.ordinal(rule.period, credit.day) for credit in credits} - {NO_PERIOD})
    found = []
    for ordinal in (one for one in ordinals if one < calendar.parse(rule.period, period)):
        key = calendar.key(rule.period, ordinal)
        one = measure(kpi, in_period(plan, credits, rule.period, key), None)
        if one.steps:
            found.append(Earlier(key, one, one.value is not None and one.sample >= rule.min_sample))
    values = [one.measured.value for one in found if one.counts]
    if not values:
        return tuple(found)
    best = (max if kpi.direction == "up" else min)(values)
    at = next(at for at, one in enumerate(found) if one.counts and one.measured.value == best)
    found[at] = Earlier(found[at].period, found[at].measured, True, True)
    return tuple(found)


def best_money(scopes: list[Scope]) -> int:
    """The bonus of the period that stands in the end, judged again after every credit; ``scopes``: in turn."""
    granted = Granted()
    for scope in scopes:
        rule, walk = scope.rule, Walk(scope)
        kpi = next(kpi for kpi in scope.evidence.plan.kpis if kpi.id == rule.kpi)
        mine = walk.calendar.parse(rule.period, scope.period)
        for changed in walk:
            if mine in walk.now if changed is None else changed <= mine and mine in walk.now:
                granted.turn(rule, _is_best(rule, kpi, walk, mine))
            elif changed is None and scope.adjusted:
                granted.turn(rule, False)  # what was there is no more
    return to_fixed(scopes[-1].rule.bonus or 0) if granted.stands else 0


def _is_best(rule: PersonalBest, kpi: Kpi, walk: Walk, ordinal: int) -> bool:
    """Whether a period counts, with enough of them before it, and is better."""

    def counts(step: Step) -> bool:
        return step.value is not None and step.sample >= rule.min_sample

    step = walk.now[ordinal][rule.kpi]
    steps = (found[rule.kpi] for one, found in walk.now.items() if one < ordinal)
    before = [each.value for each in steps if counts(each)]
    return counts(step) and len(before) >= rule.min_periods and _is_better(rule, kpi, step.value, before)


def _is_better(rule: PersonalBest, kpi: Kpi, value: Fraction, before: list[Fraction]) -> bool:
    """Than all of them, and by as much as the rule wants."""
    sign = 1 if kpi.direction == "up" else -1
    best = max(before, key=lambda one: one * sign)
    return value * sign > best * sign and value * sign >= needed(rule, kpi, best) * sign


def needed(rule: PersonalBest, kpi: Kpi, best: Fraction) -> Fraction:
    """The value that is as far ahead of the ``best`` before as the rule wants."""
    return best + abs(best) * Fraction(rule.ahead or 0) * (1 if kpi.direction == "up" else -1)
