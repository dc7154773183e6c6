"""Award records: who, what, how much, on what evidence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from schemas.identity import award_id
from schemas.money import DECIMALS, SCALE, format_fixed, round_half_up, to_fixed
from schemas.plan import Kpi, Plan
from schemas.plan_awards import ThresholdAward, Tier, TierAward
from schemas.plan_conditions import Condition
from schemas.plan_units import unit_names
from schemas.results import Award, Cause, KpiEvidence, Position
from schemas.samples import sample_text
from streams.performance.ladder import NO_TARGET, quotient_of, value_scale


def decimal_text(value: Fraction | int | None) -> str | None:
    """``value`` in ten-thousandths as decimal text, rounded half-up, without trailing zeros."""
    return None if value is None else format_fixed(round_half_up(value, 1), DECIMALS).rstrip("0").rstrip(".")


def number_text(value: Decimal) -> str:
    """A number of the plan without trailing zeros."""
    return f"{value.normalize():f}"


def percent_text(ratio: Decimal) -> str:
    """A ratio as the plan writes it: 0.8 is 80%."""
    return f"{number_text(ratio * 100)}%"


def bound_text(kpi: Kpi, bound: Decimal, by: str) -> str:
    """A bound on ``kpi``'s attainment or value; values of unit percent are in percent and get the sign."""
    if by == "attainment":
        return percent_text(bound)
    return number_text(bound) + ("%" if kpi.unit == "percent" else "")


def condition_text(kpi: Kpi, condition: Condition) -> str:
    """A condition as the plan writes it."""
    by = "attainment" if condition.attainment is not None else "value"
    return f"{kpi.id} {bound_text(kpi, getattr(condition, by), by)}{sample_text(condition.min_sample)}"


def pays_text(tier: Tier) -> str:
    """What a tier pays, as the plan writes it."""
    if tier.rate is not None:
        return percent_text(tier.rate)
    return number_text(tier.amount) if tier.amount is not None else ""


# Quotients are kept as (over, under) here: awards are many, and arithmetic on Fractions takes several times as long.


def _quotient_text(over: int, under: int) -> str:
    """As ``decimal_text``."""
    whole, rest = divmod((2 * abs(over) + under) // (2 * under), SCALE)
    text = f"{whole}.{rest:0{DECIMALS}d}".rstrip("0") if rest else str(whole)
    return f"-{text}" if over < 0 and (whole or rest) else text


_fixed = lru_cache(maxsize=1_000)(to_fixed)  # of bounds: of these a plan has few


def gap_to(kpi: Kpi, bound: Decimal, by: str, num: int, den: int, target: int) -> str | None:
    """What is missing to ``bound``, in the KPI's unit; 0 where it is reached too; None where the KPI has no value."""
    value = quotient_of(value_scale(kpi), num, den)
    if value is None:
        return None
    over, under = value
    if by == "value":
        wanted, parts = _fixed(bound), 1
    else:
        times, parts = bound.as_integer_ratio()
        if kpi.direction == "down":
            times, parts = parts, times
        wanted = times * target
    missing = wanted * under - over * parts
    return _quotient_text(max(missing if kpi.direction == "up" else -missing, 0), parts * under)


def evidence(kpi: Kpi, num: int, den: int, target: int) -> KpiEvidence:
    """How a KPI stood."""
    value, attainment = quotient_of(value_scale(kpi), num, den), None
    if value is not None and target > 0:
        over, under = value
        if kpi.direction == "up":
            attainment = _quotient_text(over * SCALE, under * target)
        elif over > 0:
            attainment = _quotient_text(target * under * SCALE, over)
        else:
            attainment = decimal_text(Fraction(kpi.attainment_at_zero) * SCALE)
    return KpiEvidence(
        kpi=kpi.id,
        value=None if value is None else _quotient_text(*value),
        target=None if target == NO_TARGET else decimal_text(target),
        attainment=attainment,
        sample=den // SCALE,
        name=kpi.name.by_language(),
        unit=kpi.unit,
    )


class AwardWriter:
    """Fills in what every award of a plan has in common. ``people`` knows employees by code."""

    def __init__(self, plan: Plan, people, period_text, closed) -> None:
        self.plan = plan
        self.closed = closed
        self.people = people
        self.period_text = period_text  # (kind, ordinal) → key
        self._names = unit_names(plan)

    def write(
        self,
        rule: TierAward | ThresholdAward,
        kind: str,
        employee: int,
        ordinal: int,
        tier: int,
        sequence: int,
        granted: bool,
        seen: tuple[KpiEvidence, ...],
        origin: tuple[Cause, Position],
        texts: dict,
    ) -> Award:
        """One award record; ``texts`` holds threshold, pays, amount, name, next_tier and gap."""
        person = self.people.standing(employee, rule.period, ordinal)
        period = self.period_text(rule.period, ordinal)
        closed = self.closed.holds(rule.period, ordinal)
        settled = "provisional" if rule.settle == "period_end" and not closed else "final"
        cause, position = origin
        return Award(
            award_id=award_id(self.plan.plan, rule.id, person.id, rule.period, period, tier, sequence),
            plan=self.plan.plan,
            plan_version=self.plan.version,
            rule=rule.id,
            kind=kind,
            employee=person.id,
            employee_name=person.name,
            team=person.team,
            department=person.department,
            period_kind=rule.period,
            period=period,
            tier=tier,
            sequence=sequence,
            state=settled if granted else "revoked",
            currency=self.plan.currency,
            evidence=seen,
            cause=cause,
            position=position,
            late=closed and cause.type != "close",
            team_name=self._names.get(("team", person.team), {}),
            **texts,
        )
