"""Conditions at their bounds, and the bonus that stands: granted and revoked on the way, as the rule settles. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.money import to_fixed
from schemas.plan import Kpi
from schemas.plan_awards import Condition, ThresholdAward, Tier
from schemas.plan_nudge import Nudge
from streams.explain.measured import Measured, Scope
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
    tiers = rule.about.tiers
    level = tier_level(one.kpi, tiers, one.value, one.target)
    if level == len(tiers) or rule.by == "forecast":
        return []
    condition = eased(tiers[level], one.kpi, rule.within)
    return [Checked(condition, holds(condition, one.kpi, *one.figures))]


def bonus(scope: Scope, measured: dict[str, Measured]) -> int:
    """The bonus that stands after the last credit of the period."""
    rule = scope.rule
    places = {name: {id(step.credit): step for step in one.steps} for name, one in measured.items()}
    now = {name: (*nothing(one), one.target) for name, one in measured.items()}
    stands, granted_before, cool_until = False, False, None
    for credit in scope.inside:
        found = {name: step for name, steps in places.items() if (step := steps.get(id(credit)))}
        now |= {name: (step.value, step.sample, measured[name].target) for name, step in found.items()}
        if not found:
            continue
        met = _met(rule, measured, now, stands)
        cools = cool_until is not None and credit.day < cool_until
        if met and not stands and not cools and (rule.rearm or not granted_before):
            stands = granted_before = True
        elif not met and stands and rule.settle != "sticky":
            stands = False
            cool_until = credit.day + rule.cool_down_days if rule.cool_down_days else None
    return to_fixed(rule.bonus or 0) if stands else 0


def nothing(one: Measured) -> tuple[Fraction | None, int]:
    """Before the first credit."""
    return (None, 0) if one.is_score else standing(one.kpi, [])


def _met(rule: ThresholdAward, measured: dict[str, Measured], now: dict[str, Figures], stands: bool) -> bool:
    """Whether the conditions hold; while the award stands, the margin beyond each bound is still good enough."""
    margin = rule.margin if stands and rule.margin is not None else 0
    held = []
    for condition in rule.all or rule.any:
        kpi = measured[condition.kpi].kpi
        held.append(holds(eased(condition, kpi, margin) if margin else condition, kpi, *now[condition.kpi]))
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


def eased(bound: Tier | Condition, kpi: Kpi, part: Decimal) -> Condition:
    """A condition that asks for less, by ``part`` of its bound."""
    by = "attainment" if bound.attainment is not None else "value"
    asked = getattr(bound, by)
    slack = abs(asked) * part * (-1 if by == "value" and kpi.direction == "down" else 1)
    given = {"kpi": kpi.id, "min_sample": getattr(bound, "min_sample", 0), by: asked - slack}
    return Condition.model_construct(**given)
