"""What a tier table pays for a value, slice by slice, rounded once at the end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from schemas.plan import Kpi
from schemas.plan_awards import Hurdle, Tier, TierAward
from schemas.plan_people import PoolFloor
from streams.explain.values import attainment


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the value and what it pays: at ``rate``, or the tier's amount (rate None)."""

    low: Fraction
    high: Fraction
    rate: Fraction | None
    money: Fraction


def tier_level(
    rule: TierAward, kpi: Kpi, value: Fraction | None, sample: int, target: Fraction | None
) -> int:
    """How many tiers the value has reached; bounds are inclusive, and so is the smallest sample."""
    if sample < rule.min_sample:
        return 0
    reached = attainment(kpi, value, target)
    return sum(bound_reached(kpi, tier, value, reached) for tier in rule.tiers)


def bound_reached(
    kpi: Kpi, bound: Tier | Hurdle | PoolFloor, value: Fraction | None, reached: Fraction | None
) -> bool:
    """Whether a bound, inclusive, is reached by a value, or by its attainment ``reached``."""
    if value is None:
        return False
    if bound.value is None:
        return reached is not None and reached >= Fraction(bound.attainment)
    return value >= Fraction(bound.value) if kpi.direction == "up" else value <= Fraction(bound.value)


def slices_of(rule: TierAward, level: int, value: Fraction, target: Fraction | None) -> list[Slice]:
    """What each tier up to ``level`` pays."""
    if rule.pays == "nothing" or level == 0:
        return []
    last = rule.tiers[level - 1]
    if rule.pays == "interpolated":
        return [_between(rule.tiers, level, value, target)]
    if rule.pays == "flat":
        return [Slice(Fraction(0), value, None, Fraction(last.amount))]
    if rule.pays == "slab":
        return [Slice(Fraction(0), value, Fraction(last.rate), Fraction(last.rate) * value)]
    bounds = [bound_value(tier, target) for tier in rule.tiers[:level]]
    found = []
    for tier, low, high in zip(rule.tiers[:level], bounds, [*bounds[1:], value], strict=True):
        found.append(Slice(low, high, Fraction(tier.rate), Fraction(tier.rate) * (high - low)))
    return found


def _between(tiers: tuple[Tier, ...], level: int, value: Fraction, target: Fraction | None) -> Slice:
    """On the straight line from the tier's amount to the next one's; the last amount stays as it is."""
    last, low = tiers[level - 1], bound_value(tiers[level - 1], target)
    if level == len(tiers):
        return Slice(low, value, None, Fraction(last.amount))
    following, high = tiers[level], bound_value(tiers[level], target)
    slope = (Fraction(following.amount) - Fraction(last.amount)) / (high - low)
    return Slice(low, value, None, Fraction(last.amount) + slope * (value - low))


@dataclass(frozen=True, slots=True)
class Limited:
    """What a hurdle, a floor or a cap makes of the money, in ten-thousandths."""

    limit: str
    before: int
    after: int


def limits_of(
    rule: TierAward, kpi: Kpi, money: int, value: Fraction | None, sample: int, target: Fraction | None
) -> list[Limited]:
    """The limits that change the money: the hurdle first, then the floor, then the cap."""
    over = rule.hurdle is None or (
        sample >= rule.min_sample and bound_reached(kpi, rule.hurdle, value, attainment(kpi, value, target))
    )
    found = []

    def limit(name: str, after: int) -> int:
        if after != money:
            found.append(Limited(name, money, after))
        return after

    money = limit("hurdle", money if over else 0)
    if rule.floor is not None and over and (money > 0 or rule.hurdle is not None):
        money = limit("floor", max(money, to_fixed(rule.floor)))
    if rule.cap is not None:
        money = limit("cap", min(money, to_fixed(rule.cap)))
    return found


def bound_value(tier: Tier, target: Fraction | None) -> Fraction:
    """A tier's lower bound as a value of the KPI."""
    return Fraction(tier.value) if tier.value is not None else Fraction(tier.attainment) * (target or 0)


def rounded(slices: list[Slice], currency: str) -> int:
    """Their sum in ten-thousandths, rounded half-up once to the currency's minor unit."""
    return round_half_up(sum((one.money for one in slices), Fraction(0)) * SCALE, minor_step(currency))
