"""A rule in a period, explained: its KPIs step by step, the money recomputed, and what was paid. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.money import to_fixed
from schemas.plan import Kpi, Plan
from schemas.plan_awards import Condition, ThresholdAward, Tier, TierAward
from schemas.plan_fields import Model
from schemas.plan_nudge import Nudge
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from streams.explain.credits import Credit
from streams.explain.money import Limited, Slice, limits_of, rounded, slices_of, tier_level
from streams.explain.values import Step, attainment, standing, steps_of
from streams.performance.calendar import Calendar

#: Settings that the recomputation knows; a rule that sets any other is shown, its money not judged.
_KNOWN = {
    TierAward: {
        "kind", "id", "name", "kpi", "period", "pays", "tiers", "roles", "settle", "rearm", "cap", "floor", "hurdle",
        "margin", "cool_down_days",
    },
    Nudge: set(Nudge.model_fields),
    Training: set(Training.model_fields),
    ThresholdAward: {
        "kind", "id", "name", "period", "all", "any", "bonus", "promotion", "roles", "settle", "rearm",
        "margin", "cool_down_days",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """A KPI in the period: the credits behind it, and how it stands against its target."""

    kpi: Kpi
    steps: list[Step]
    value: Fraction | None
    sample: int
    target: Fraction | None
    attainment: Fraction | None


@dataclass(frozen=True)
class Checked:
    """A condition and whether it holds."""

    condition: Condition
    holds: bool


@dataclass(frozen=True)
class RuleExplained:
    """Everything about one rule; ``due`` None where the recomputation does not cover it (``beyond`` says why)."""

    rule: Model
    measured: list[Measured]
    checks: list[Checked]
    level: int
    slices: list[Slice]
    due: int | None
    paid: int
    beyond: tuple[str, ...]
    limits: tuple[Limited, ...] = ()
    #: Credits that do not count, being too many of one customer.
    left_out: tuple[Credit, ...] = ()
    #: The earning lines, where they follow from no value: those of a SPIFF.
    lines: tuple[dict, ...] = ()

    @property
    def difference(self) -> int:
        """Paid less due, in ten-thousandths."""
        return 0 if self.due is None else self.paid - self.due


def measure(kpi: Kpi, credits: list[Credit], target: Fraction | None) -> Measured:
    """A KPI over the credits of a period."""
    steps = steps_of(kpi, credits)
    value, sample = standing(kpi, steps)
    return Measured(kpi, steps, value, sample, target, attainment(kpi, value, target))


def explain_rule(
    plan: Plan, rule: Model, credits: list[Credit], targets: dict[str, Fraction | None], lines: list[dict]
) -> RuleExplained:
    """``credits`` are the employee's in the period in log order, ``lines`` what the rule paid him there."""
    kpis = {kpi.id: kpi for kpi in plan.kpis}
    names = list(dict.fromkeys(rule.kpi_ids()))
    measured = [measure(kpis[name], credits, targets.get(name)) for name in names if name in kpis]
    paid = sum(line["amount"] for line in lines)
    scores = tuple(name for name in names if name not in kpis)
    beyond = (*_beyond(plan, rule, lines), *scores)
    if isinstance(rule, TierAward):
        if not measured:  # bounds on a score
            return RuleExplained(rule, [], [], 0, [], None, paid, beyond)
        (one,) = measured
        level = _level(rule, one)
        slices = slices_of(rule, level, one.value or Fraction(0), one.target)
        if beyond or rule.pays == "nothing" or not one.steps:
            return RuleExplained(rule, measured, [], level, slices, None if beyond else 0, paid, beyond)
        due = rounded(slices, plan.currency)
        limits = tuple(limits_of(rule, one.kpi, due, one.value, one.target))
        due = limits[-1].after if limits else due
        return RuleExplained(rule, measured, [], level, slices, due, paid, beyond, limits)
    checks: list[Checked] = []
    due = None
    if isinstance(rule, Nudge):
        checks = nudge_checks(rule, measured[0])
    if isinstance(rule, Nudge | Training):
        due = 0
    if isinstance(rule, ThresholdAward | Streak):
        by_kpi = {one.kpi.id: one for one in measured}
        checks = [
            Checked(condition, _holds(condition, by_kpi[condition.kpi].kpi, *_figures(by_kpi[condition.kpi])))
            for condition in rule.all or rule.any
            if condition.kpi in by_kpi
        ]
        due = None if beyond else _bonus(rule, by_kpi, credits, plan)
    shown = sorted(lines, key=lambda line: (line["offset"], line["index"])) if isinstance(rule, Spiff) else ()
    return RuleExplained(rule, measured, checks, 0, [], due, paid, beyond, lines=tuple(shown))


def nudge_checks(rule: Nudge, one: Measured) -> list[Checked]:
    """For the next tier above the value: whether it is as close as the nudge wants it."""
    tiers = rule.about.tiers
    level = tier_level(one.kpi, tiers, one.value, one.target)
    if level == len(tiers):
        return []
    condition = eased(tiers[level], one.kpi, rule.within)
    return [Checked(condition, _holds(condition, one.kpi, *_figures(one)))]


def _beyond(plan: Plan, rule: Model, lines: list[dict]) -> tuple[str, ...]:
    known = _KNOWN.get(type(rule))
    if known is None:
        return (rule.kind,)
    given = [
        name
        for name, info in type(rule).model_fields.items()
        if name not in known and getattr(rule, name) != info.get_default(call_default_factory=True)
    ]
    if not judged(plan, rule.period):
        given.append(rule.period if rule.period.startswith("rolling_") else f"late: {plan.late}")
    # what a plan change settled depends on the plan before it
    reasons = {line["reason"] for line in lines} - {"credit", "award", "revocation"}
    return (*given, *sorted(reasons))


def judged(plan: Plan, period_kind: str) -> bool:
    """Whether the credits alone say what counts in a period.

    A rolling window ends with each KPI's own latest day; with ``late: process_date`` what came after a close counts
    in a later period.
    """
    return not period_kind.startswith("rolling_") and plan.late == "event_date"


def _level(rule: TierAward, one: Measured) -> int:
    """The tiers reached; with ``settle: sticky`` the most ever reached on the way."""
    if rule.settle != "sticky":
        return tier_level(one.kpi, rule.tiers, one.value, one.target) if one.steps else 0
    return max((tier_level(one.kpi, rule.tiers, step.value, one.target) for step in one.steps), default=0)


def _figures(one: Measured) -> tuple[Fraction | None, int, Fraction | None]:
    return one.value, one.sample, one.target


def _holds(condition: Condition, kpi: Kpi, value: Fraction | None, sample: int, target: Fraction | None) -> bool:
    if value is None or sample < condition.min_sample:
        return False
    if condition.value is not None:
        bound = Fraction(condition.value)
        return value >= bound if kpi.direction == "up" else value <= bound
    reached = attainment(kpi, value, target)
    return reached is not None and reached >= Fraction(condition.attainment)


def _bonus(rule: ThresholdAward, by_kpi: dict[str, Measured], credits: list[Credit], plan: Plan) -> int:
    """The bonus that stands after the last credit: granted and revoked on the way as the rule settles."""
    places = {
        name: {id(step.credit): step for step in one.steps} for name, one in by_kpi.items()
    }
    now = {name: (*standing(one.kpi, []), one.target) for name, one in by_kpi.items()}
    days = Calendar(plan).days([credit.time for credit in credits]).tolist() if rule.cool_down_days else []
    stands, granted_before, cool_until = False, False, None
    for number, credit in enumerate(credits):
        touched = False
        for name, steps in places.items():
            if step := steps.get(id(credit)):
                now[name] = (step.value, step.sample, by_kpi[name].target)
                touched = True
        if not touched:
            continue
        met = _met(rule, by_kpi, now, stands)
        cools = cool_until is not None and days[number] < cool_until
        if met and not stands and not cools and (rule.rearm or not granted_before):
            stands = granted_before = True
        elif not met and stands and rule.settle != "sticky":
            stands = False
            cool_until = days[number] + rule.cool_down_days if days else None
    return to_fixed(rule.bonus or 0) if stands else 0


def _met(rule: ThresholdAward, by_kpi: dict[str, Measured], now: dict[str, tuple], stands: bool) -> bool:
    """Whether the conditions hold; while the award stands, the margin beyond each bound is still good enough."""
    margin = rule.margin if stands and rule.margin is not None else 0
    held = []
    for condition in rule.all or rule.any:
        kpi = by_kpi[condition.kpi].kpi
        held.append(_holds(eased(condition, kpi, margin) if margin else condition, kpi, *now[condition.kpi]))
    return all(held) if rule.all else any(held)


def eased(bound: Tier | Condition, kpi: Kpi, part: Decimal) -> Condition:
    """A condition that asks for less, by ``part`` of its bound."""
    by = "attainment" if bound.attainment is not None else "value"
    asked = getattr(bound, by)
    slack = abs(asked) * part * (-1 if by == "value" and kpi.direction == "down" else 1)
    given = {"kpi": kpi.id, "min_sample": getattr(bound, "min_sample", 0), by: asked - slack}
    return Condition.model_construct(**given)
