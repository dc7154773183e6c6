"""The periods before a personal best, each with its value, and which of them was the best. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.plan import Plan
from schemas.plan_best import PersonalBest
from streams.explain.credits import Credit, in_period
from streams.explain.measured import Measured, measure
from streams.performance.calendar import NO_PERIOD, Calendar


@dataclass(frozen=True, slots=True)
class Earlier:
    """A period that counts, or does not for want of a value or of events."""

    period: str
    measured: Measured
    counts: bool
    is_best: bool = False


def earlier_periods(plan: Plan, rule: PersonalBest, period: str, credits: list[Credit]) -> tuple[Earlier, ...]:
    """Every earlier period in which something was credited for the KPI, in order; the first of equals is the best."""
    kpi = next(kpi for kpi in plan.kpis if kpi.id == rule.kpi)
    calendar = Calendar(plan)
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
