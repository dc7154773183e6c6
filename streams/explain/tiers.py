"""The money of a tier table in a period, by the value that it ends on and what was reached on the way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schemas.plan import Kpi, Plan
from schemas.plan_awards import TierAward
from streams.explain.measured import Measured, Scope
from streams.explain.money import Limited, Slice, limits_of, rounded, slices_of, tier_level
from streams.explain.scores import measured_by


@dataclass(frozen=True)
class TierMoney:
    """The tiers reached, what each pays, and what hurdle, floor and cap make of it, in ten-thousandths."""

    level: int
    slices: list[Slice]
    limits: tuple[Limited, ...]
    due: int


def keeps_peak(rule: TierAward) -> bool:
    """Whether the money stays at the highest tier ever reached."""
    return rule.settle == "sticky" and rule.pays in ("slab", "flat")


def level_of(scopes: list[Scope], one: Measured) -> int:
    """The tiers that pay in the last of the scopes, where the KPI stands as ``one`` says; of a table that keeps its
    peak the most ever reached on the way.
    """
    rule = scopes[-1].rule
    if not keeps_peak(rule):
        return tier_level(rule, one.kpi, *one.figures) if one.steps else 0
    return min(max((_peak(scope) for scope in scopes), default=0), len(rule.tiers))


def _peak(scope: Scope) -> int:
    """The most tiers reached as the plan took effect, or with a credit after that."""
    rule, stood = scope.rule, None
    one = measured_by(scope)[rule.kpi]
    peak = 0
    for step in one.steps:
        stood = step if step.credit.record <= scope.since else stood
        if step.credit.record > scope.since:
            peak = max(peak, remembered(rule, tier_level(rule, one.kpi, step.value, step.sample, one.target)))
    if stood is not None and stood.below:
        peak = max(peak, remembered(rule, tier_level(rule, one.kpi, stood.value, stood.sample, one.target)))
    return peak


def remembered(rule: TierAward, level: int) -> int:
    """Up to which tier a level reached stays known: a base rate only where the table keeps its peak."""
    bounds = [tier.attainment if tier.value is None else tier.value for tier in rule.tiers[:level]]
    return max((at for at, bound in enumerate(bounds, 1) if bound or keeps_peak(rule)), default=0)


def money_at(
    rule: TierAward, plan: Plan, kpi: Kpi, level: int, value: Fraction | None, sample: int, target: Fraction | None
) -> TierMoney:
    """What a level pays at a value with such a sample."""
    slices = slices_of(rule, level, value or Fraction(0), target)
    due = rounded(slices, plan.currency)
    limits = tuple(limits_of(rule, kpi, due, value, sample, target)) if rule.pays != "nothing" else ()
    return TierMoney(level, slices, limits, limits[-1].after if limits else due)
