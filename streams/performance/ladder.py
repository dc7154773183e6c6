"""Levels and payouts of a tier table: exact on integers, for whole columns at once.

A level is the number of tiers reached. Within a level every tier table pays ``rate × value + constant``: marginal
tables have the constant that makes the line meet the slices below, slab tables none, flat tables no rate,
interpolated tables the line through this tier's amount and the next one's.
All arithmetic is on integers: int64 while it provably fits, Python's integers otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np

from schemas.money import SCALE, to_fixed
from schemas.plan import Kpi
from schemas.plan_awards import Condition, Tier, TierAward
from streams.performance.contributions import ADDITIVE
from streams.performance.quotients import SAFE

NO_TARGET = -1


@dataclass(frozen=True, slots=True)
class ValueScale:
    """A KPI's value is ``numerator × factor / denominator`` in ten-thousandths, with denominator 1 if additive."""

    divides: bool
    factor: int
    empty_is_zero: bool  # a KPI without any event counts as 0 (sums and counts), not as undefined


_SUM, _EXTREME = ValueScale(False, 1, True), ValueScale(False, 1, False)
_MEAN, _PERCENTAGE = ValueScale(True, SCALE, False), ValueScale(True, SCALE * 100, False)


def value_scale(kpi: Kpi) -> ValueScale:
    """How to read ``kpi``'s numerators and denominators."""
    if kpi.aggregate in ADDITIVE:
        return _SUM
    if kpi.aggregate in ("min", "max"):
        return _EXTREME
    return _PERCENTAGE if kpi.unit == "percent" and kpi.aggregate == "ratio" else _MEAN


def value_of(scale: ValueScale, num: int, den: int) -> Fraction | None:
    """The exact value in ten-thousandths; None where undefined. What is below 0 divides nothing: sales that were given
    away on another day than they were counted can leave less than none.
    """
    found = quotient_of(scale, num, den)
    return None if found is None else Fraction(*found)


def quotient_of(scale: ValueScale, num: int, den: int) -> tuple[int, int] | None:
    """``value_of`` as (over, under), for where there are many: Fractions take several times as long."""
    if scale.divides:
        return (num * scale.factor, den) if den > 0 else None
    return (num, 1) if den or scale.empty_is_zero else None


def attainment_of(kpi: Kpi, value: Fraction | None, target: int) -> Fraction | None:
    """value ÷ target, or target ÷ value where lower is better; None where undefined or without a target."""
    if value is None or target <= 0:
        return None
    if kpi.direction == "up":
        return value / target
    return target / value if value > 0 else Fraction(kpi.attainment_at_zero)


def widened(kpi: Kpi, bound: Decimal, by: str, part: Decimal) -> Fraction:
    """``bound`` moved by ``part`` of its size to where it is easier to reach."""
    slack = abs(Fraction(bound)) * Fraction(part)
    return Fraction(bound) + (slack if by == "value" and kpi.direction == "down" else -slack)


class Ladder:
    """Bounds in ascending order of merit, on a KPI's value or attainment; none is reached below ``min_sample``."""

    def __init__(self, kpi: Kpi, bounds: list[Decimal | Fraction], by: str, min_sample: int = 0) -> None:
        self.scale = value_scale(kpi)
        self.by = by
        self.up = kpi.direction == "up"
        self.min_sample = min_sample * SCALE
        fractions = [Fraction(bound) * (SCALE if by == "value" else 1) for bound in bounds]
        self._denominator = lcm(*(fraction.denominator for fraction in fractions))
        self._bounds = [int(fraction * self._denominator) for fraction in fractions]
        self._at_zero = sum(Fraction(kpi.attainment_at_zero) >= Fraction(bound) for bound in bounds)

    @classmethod
    def of_tiers(cls, kpi: Kpi, rule: TierAward, part: Decimal | None = None) -> Ladder:
        """The ladder of a tier table; with ``part`` bounds are easier to reach by that much of each."""
        by = "attainment" if rule.tiers[0].attainment is not None else "value"
        bounds = [getattr(tier, by) for tier in rule.tiers]
        if part is not None:
            return cls.widened(kpi, bounds, by, part, rule.min_sample)
        return cls(kpi, bounds, by, rule.min_sample)

    @classmethod
    def widened(cls, kpi: Kpi, bounds: list[Decimal], by: str, part: Decimal, min_sample: int = 0) -> Ladder:
        """The ladder whose bounds are easier to reach by ``part`` of each."""
        return cls(kpi, [widened(kpi, bound, by, part) for bound in bounds], by, min_sample)

    @classmethod
    def of_condition(cls, kpi: Kpi, condition: Condition) -> Ladder:
        """A ladder of one bound."""
        by = "attainment" if condition.attainment is not None else "value"
        return cls(kpi, [getattr(condition, by)], by, condition.min_sample)

    def levels(self, num: np.ndarray, den: np.ndarray, target: np.ndarray) -> np.ndarray:
        """int64: how many bounds each row has reached. ``target`` fixed, NO_TARGET where there is none."""
        if not len(num):
            return np.zeros(0, np.int64)
        defined = den > 0 if not self.scale.empty_is_zero else np.ones(len(den), bool)
        if self.min_sample:
            defined &= den >= self.min_sample
        if self.by == "attainment":
            defined &= target > 0
        value, against = self._sides(num, den, target)
        reached = sum((self._reached(value, against, bound) for bound in self._bounds), np.zeros(len(num), np.int64))
        if self.by == "attainment" and not self.up:
            reached = np.where(num <= 0, self._at_zero, reached)
        return np.where(defined, reached, 0).astype(np.int64)

    def level(self, num: int, den: int, target: int) -> int:
        """``levels`` of one row, in Python's integers."""
        sampled = (den > 0 or self.scale.empty_is_zero) and (not self.min_sample or den >= self.min_sample)
        if not sampled or (self.by == "attainment" and target <= 0):
            return 0
        if self.by == "attainment" and not self.up and num <= 0:
            return self._at_zero
        value, against = num * self.scale.factor, den if self.scale.divides else 1
        if self.by == "attainment":
            against *= target
        if self.by == "attainment" and not self.up:
            against *= self._denominator
        else:
            value *= self._denominator
        return sum(bool(self._reached(value, against, bound)) for bound in self._bounds)

    def _reached(self, value: np.ndarray, against: np.ndarray, bound: int) -> np.ndarray:
        if self.up:
            return value >= bound * against
        if self.by == "value":
            return value <= bound * against
        return against >= bound * value

    def _sides(self, num: np.ndarray, den: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both sides of ``value ≥ bound × against`` over a common denominator."""
        factor, den_max, most = self.scale.factor, 1, max(1, *map(abs, self._bounds))
        if self.scale.divides:
            den_max = int(den.max(initial=1))
        target_max = int(target.max(initial=1)) if self.by == "attainment" else 1
        value_max, against_max = int(np.abs(num).max(initial=1)) * factor, den_max * max(target_max, 1)
        down_attainment = self.by == "attainment" and not self.up
        by_bound, by_denominator = (value_max, against_max) if down_attainment else (against_max, value_max)
        if max(by_bound * most, by_denominator * self._denominator) >= SAFE:
            num, den, target = num.astype(object), den.astype(object), target.astype(object)
        value = num * factor
        against = den if self.scale.divides else np.ones_like(num)
        if self.by == "attainment":
            against = against * target
        if down_attainment:
            return value, against * self._denominator
        return value * self._denominator, against


class Payout:
    """Money of a tier table at a level, rounded half-up to the currency's minor unit."""

    def __init__(self, kpi: Kpi, pays: str, tiers: tuple[Tier, ...], step: int) -> None:
        self.scale = value_scale(kpi)
        self.by_attainment = tiers[0].attainment is not None
        self.step = step
        rates, constants = _lines(pays, tiers, self.by_attainment)
        self._denominator = lcm(*(part.denominator for part in rates + constants))
        self._rates = np.array([int(rate * self._denominator) for rate in rates], object)
        self._constants = np.array([int(constant * self._denominator) for constant in constants], object)
        #: A constant that scales with the target (attainment tables that pay by rate) needs a target.
        self._scaled = self.by_attainment and pays in ("marginal", "slab", "interpolated")
        #: Interpolated between attainments: a rate is on the attainment, so everything is over the target.
        self._over_target = self.by_attainment and pays == "interpolated"

    def earned(self, level: np.ndarray, num: np.ndarray, den: np.ndarray, target: np.ndarray) -> np.ndarray:
        """int64 ten-thousandths earned at ``level`` by rows' values, rounded."""
        if not len(level):
            return np.zeros(0, np.int64)
        top, below = num, np.ones_like(num)
        if self.scale.divides:
            # a sticky level can outlive its value (a window that slid on): nothing is then worth a rate
            top = np.where(den > 0, num, 0).astype(object) * self.scale.factor
            below = np.maximum(den, 1).astype(object)
        weight = np.maximum(target, 0) if self._scaled else np.ones_like(num)
        if self._over_target:
            weight = np.maximum(target, 1)  # nothing is reached without a target: rate and constant are then 0
        if not self._fits(top, below, weight):
            top, below, weight = top.astype(object), below.astype(object), weight.astype(object)
            rates, constants = self._rates[level], self._constants[level]
        else:
            rates, constants = self._rates.astype(np.int64)[level], self._constants.astype(np.int64)[level]
        total = rates * top + constants * weight * below
        unit = self._denominator * self.step * below
        if self._over_target:
            unit = unit * weight
        nearest = (2 * np.abs(total) + unit) // (2 * unit)
        return (np.where(total >= 0, nearest, -nearest) * self.step).astype(np.int64)

    def _fits(self, top: np.ndarray, below: np.ndarray, weight: np.ndarray) -> bool:
        if top.dtype == object:
            return False
        rate = max(map(abs, self._rates)) * int(np.abs(top).max(initial=0))
        constant = max(map(abs, self._constants)) * int(weight.max(initial=0))
        unit = self._denominator * self.step * (int(weight.max(initial=1)) if self._over_target else 1)
        return 2 * (rate + constant + unit) < SAFE


def _lines(pays: str, tiers: tuple[Tier, ...], by_attainment: bool) -> tuple[list[Fraction], list[Fraction]]:
    """Per level (0: below every tier) the rate and the constant of ``rate × value + constant``.

    Constants are in ten-thousandths, or in multiples of the target where bounds are attainments.
    """
    if pays == "interpolated":
        return _between(tiers, by_attainment)
    if pays == "flat":
        return [Fraction(0)] * (len(tiers) + 1), [Fraction(0)] + [Fraction(to_fixed(tier.amount)) for tier in tiers]
    rates = [Fraction(0)] + [Fraction(tier.rate) for tier in tiers]
    if pays == "slab":
        return rates, [Fraction(0)] * len(rates)
    bounds = [Fraction(tier.attainment) if by_attainment else Fraction(to_fixed(tier.value)) for tier in tiers]
    constants, paid_below = [Fraction(0)], Fraction(0)
    for at, (bound, rate) in enumerate(zip(bounds, rates[1:], strict=True)):
        if at:
            paid_below += rates[at] * (bound - bounds[at - 1])
        constants.append(paid_below - rate * bound)
    return rates, constants


def _between(tiers: tuple[Tier, ...], by_attainment: bool) -> tuple[list[Fraction], list[Fraction]]:
    """Straight lines from each tier's amount to the next one's; the last amount stays as it is."""
    bounds = [Fraction(tier.attainment) if by_attainment else Fraction(to_fixed(tier.value)) for tier in tiers]
    amounts = [Fraction(to_fixed(tier.amount)) for tier in tiers]
    slopes = [
        (amounts[at + 1] - amounts[at]) / (bounds[at + 1] - bounds[at]) for at in range(len(tiers) - 1)
    ] + [Fraction(0)]
    constants = [amount - slope * bound for amount, slope, bound in zip(amounts, slopes, bounds, strict=True)]
    return [Fraction(0), *slopes], [Fraction(0), *constants]
