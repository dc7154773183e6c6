"""The money of a tier table in a period: by the value it ends on, or line by line where refunds reverse lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from schemas.event_fields import FOLLOWING
from schemas.money import SCALE, minor_step, round_half_up
from schemas.plan import Kpi, Plan
from schemas.plan_awards import TierAward
from streams.explain.credits import sale_of
from streams.explain.measured import Measured, Scope
from streams.explain.money import Limited, Slice, limits_of, rounded, slices_of, tier_level
from streams.explain.values import steps_of
from streams.performance.calendar import NO_PERIOD, Calendar


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


def level_of(rule: TierAward, one: Measured) -> int:
    """The tiers that pay; of a table that keeps its peak the most ever reached on the way."""
    if not keeps_peak(rule):
        return tier_level(one.kpi, rule.tiers, one.value, one.target) if one.steps else 0
    return max((tier_level(one.kpi, rule.tiers, step.value, one.target) for step in one.steps), default=0)


def money_at(
    rule: TierAward, plan: Plan, kpi: Kpi, level: int, value: Fraction | None, target: Fraction | None
) -> TierMoney:
    """What a level pays at a value."""
    slices = slices_of(rule, level, value or Fraction(0), target)
    due = rounded(slices, plan.currency)
    limits = tuple(limits_of(rule, kpi, due, value, target)) if rule.pays != "nothing" else ()
    return TierMoney(level, slices, limits, limits[-1].after if limits else due)


@dataclass(slots=True)
class _Sale:
    """What the person was paid for a sale that counted so much, what of it was refunded, what was taken back."""

    paid: int
    credited: int
    refunded: int = 0
    taken: int = 0


def as_paid(scope: Scope, kpi: Kpi) -> int:
    """The sum of the period's lines where a refund takes back its share of its own sale's line.

    Every credit is gone through, since a refund may count in another period than its sale.
    """
    rule, plan, calendar = scope.rule, scope.evidence.plan, Calendar(scope.evidence.plan)
    total, standing, peaks = 0, {}, {}
    sales: dict[tuple[str, str], _Sale] = {}
    came: dict[tuple[str, str], _Sale | None] = {}
    values: dict[str, Fraction] = {}
    for step in steps_of(kpi, scope.credits):
        credit = step.credit
        ordinal = calendar.ordinal(rule.period, credit.day)
        period = None if ordinal == NO_PERIOD else calendar.key(rule.period, ordinal)
        if period is None or not scope.evidence.takes_part(rule, period):
            continue
        values[period] = values.get(period, Fraction(0)) + Fraction(step.numerator, SCALE)
        target = scope.target(kpi.id, period)
        level = tier_level(kpi, rule.tiers, values[period], target)
        peaks[period] = max(level, peaks.get(period, 0))
        earned = money_at(rule, plan, kpi, peaks[period] if keeps_peak(rule) else level, values[period], target)
        change = earned.due - standing.get(period, 0)
        standing[period] = earned.due
        if credit.type not in FOLLOWING:
            sales[credit.source, credit.id] = _Sale(change, step.numerator)
        elif credit.moved == 1:  # it comes from others
            came[credit.source, credit.id] = sales.get(sale_of(credit))
            sales[sale_of(credit)] = _Sale(change, step.numerator)
        elif credit.moved == -1 and (credit.source, credit.id) in came:  # an overlay of the sale who shares it now
            had = came[credit.source, credit.id]
            change = change if had is None else had.taken - had.paid
        elif sale := sales.get(sale_of(credit)):
            change = _reversed(sale, -step.numerator, minor_step(plan.currency))
        total += change if period == scope.period else 0
    return total


def _reversed(sale: _Sale, refunded: int, step: int) -> int:
    """The (negative) money of a refund: so that all refunds of a sale take back all that it was paid."""
    sale.refunded += refunded
    due = Fraction(sale.paid * sale.refunded, sale.credited) if sale.credited else Fraction(0)
    before, sale.taken = sale.taken, round_half_up(due, step)
    return before - sale.taken
