"""Conditions at their bounds: whether they hold, and hold on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.plan import Kpi
from schemas.plan_awards import Condition, ThresholdAward, Tier
from schemas.plan_nudge import Nudge
from streams.explain.measured import Measured
from streams.explain.money import tier_level
from streams.explain.values import attainment, standing

#: Value, sample and target.
Figures = tuple[Fraction | None, int, Fraction | None]


@dataclass(frozen=True)
class Checked:
    """A condition and whether it holds."""

    condition: Condition
    holds: bool


def checked(rule, measured: dict[str, Measured]) -> list[Checked]:
    """Each condition as its KPI or score stands."""
    return [
        Checked(condition, holds(condition, measured[condition.kpi].kpi, *measured[condition.kpi].figures))
        for condition in rule.all or getattr(rule, "any", ())
    ]


def nudge_checks(rule: Nudge, one: Measured) -> list[Checked]:
    """For the next tier above the value: whether it is as close as the nudge wants it; none where forecasts decide."""
    table = rule.about
    level = tier_level(table, one.kpi, *one.figures)
    if level == len(table.tiers) or rule.by == "forecast":
        return []
    condition = eased(table.tiers[level], one.kpi, rule.within, table.min_sample)
    return [Checked(condition, holds(condition, one.kpi, *one.figures))]


def nothing(one: Measured) -> tuple[Fraction | None, int]:
    """Before the first credit."""
    return (None, 0) if one.is_score else standing(one.kpi, [])


def met(rule: ThresholdAward, measured: dict[str, Measured], now: dict[str, Figures], stands: bool) -> bool:
    """Whether the conditions hold; while the award stands, the margin beyond each bound is still good enough."""
    margin = rule.margin if stands and rule.margin is not None else 0
    held = []
    for condition in rule.all or rule.any:
        kpi = measured[condition.kpi].kpi
        asked = eased(condition, kpi, margin, condition.min_sample) if margin else condition
        held.append(holds(asked, kpi, *now[condition.kpi]))
    return all(held) if rule.all else any(held)


def holds(condition: Condition, kpi: Kpi, value: Fraction | None, sample: int, target: Fraction | None) -> bool:
    """Whether a condition holds."""
    if value is None or sample < condition.min_sample:
        return False
    if condition.value is not None:
        bound = Fraction(condition.value)
        return value >= bound if kpi.direction == "up" else value <= bound
    reached = attainment(kpi, value, target)
    return reached is not None and reached >= Fraction(condition.attainment)


def eased(bound: Tier | Condition, kpi: Kpi, part: Decimal, min_sample: int) -> Condition:
    """A condition that asks for less, by ``part`` of its bound."""
    by = "attainment" if bound.attainment is not None else "value"
    asked = getattr(bound, by)
    slack = abs(asked) * part * (-1 if by == "value" and kpi.direction == "down" else 1)
    return Condition.model_construct(kpi=kpi.id, min_sample=min_sample, **{by: asked - slack})
