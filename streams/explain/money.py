"""What a tier table pays for a value, slice by slice, rounded once at the end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schemas.money import SCALE, minor_step, round_half_up
from schemas.plan import Kpi
from schemas.plan_awards import Tier, TierAward
from streams.explain.values import attainment


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the value and what it pays: at ``rate``, or the tier's amount (rate None)."""

    low: Fraction
    high: Fraction
    rate: Fraction | None
    money: Fraction


def tier_level(kpi: Kpi, tiers: tuple[Tier, ...], value: Fraction | None, target: Fraction | None) -> int:
    """How many tiers the value has reached; bounds are inclusive."""
    reached = attainment(kpi, value, target)
    return sum(_reached(kpi, tier, value, reached) for tier in tiers)


def _reached(kpi: Kpi, bound: Tier, value: Fraction | None, reached: Fraction | None) -> bool:
    if value is None:
        return False
    if bound.value is None:
        return reached is not None and reached >= Fraction(bound.attainment)
    return value >= Fraction(bound.value) if kpi.direction == "up" else value <= Fraction(bound.value)


def slices_of(rule: TierAward, level: int, value: Fraction, target: Fraction | None) -> list[Slice]:
    """What each tier up to ``level`` pays."""
    if rule.pays in ("nothing", "interpolated") or level == 0:
        return []
    last = rule.tiers[level - 1]
    if rule.pays == "flat":
        return [Slice(Fraction(0), value, None, Fraction(last.amount))]
    if rule.pays == "slab":
        return [Slice(Fraction(0), value, Fraction(last.rate), Fraction(last.rate) * value)]
    bounds = [bound_value(tier, target) for tier in rule.tiers[:level]]
    found = []
    for tier, low, high in zip(rule.tiers[:level], bounds, [*bounds[1:], value], strict=True):
        found.append(Slice(low, high, Fraction(tier.rate), Fraction(tier.rate) * (high - low)))
    return found


def bound_value(tier: Tier, target: Fraction | None) -> Fraction:
    """A tier's lower bound as a value of the KPI."""
    return Fraction(tier.value) if tier.value is not None else Fraction(tier.attainment) * (target or 0)


def rounded(slices: list[Slice], currency: str) -> int:
    """Their sum in ten-thousandths, rounded half-up once to the currency's minor unit."""
    return round_half_up(sum((one.money for one in slices), Fraction(0)) * SCALE, minor_step(currency))
