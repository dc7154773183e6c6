"""A rule in a period, explained: its KPIs step by step, the money recomputed, and what was paid. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.plan import Plan
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_fields import Model
from schemas.plan_nudge import Nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from streams.explain.best import best_money
from streams.explain.credits import Credit
from streams.explain.field import Field
from streams.explain.measured import Measured, Scope
from streams.explain.money import Limited, Slice
from streams.explain.scores import measured_by
from streams.explain.spiffs import SpiffLine, spiff_lines
from streams.explain.streaks import Judged, explain_streak
from streams.explain.thresholds import Checked, bonus, checked, nudge_checks
from streams.explain.tiers import TierMoney, as_paid, level_of, money_at

#: Settings that the recomputation knows; a rule that sets any other is shown, its money not judged.
_KNOWN = {
    TierAward: {
        "kind", "id", "name", "kpi", "period", "pays", "tiers", "roles", "settle", "rearm", "cap", "floor", "hurdle",
        "margin", "cool_down_days", "clawback", "unit", "share",
    },
    Nudge: set(Nudge.model_fields),
    Spiff: set(Spiff.model_fields),
    Training: set(Training.model_fields),
    ThresholdAward: {
        "kind", "id", "name", "period", "all", "any", "bonus", "promotion", "roles", "settle", "rearm",
        "margin", "cool_down_days", "unit", "share",
    },
    Streak: set(Streak.model_fields),
    PersonalBest: set(PersonalBest.model_fields),
    Honour: set(Honour.model_fields),
    First: set(First.model_fields),
    Pool: set(Pool.model_fields),
}  # fmt: skip
#: Why there is a line, where the credits alone say how much it is: an adjustment makes right what had gone wrong.
_FROM_CREDITS = {"credit", "award", "revocation", "spiff", "adjustment"}


@dataclass(frozen=True)
class Share:
    """What a member of a unit is due of its award's money, and was paid; the unit itself has no name."""

    payee: str
    due: int
    paid: int


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
    #: What each event pays, where the money follows from no value.
    lines: tuple[SpiffLine, ...] = ()
    #: Of a unit's award: who has which part of its money.
    shares: tuple[Share, ...] = ()
    #: Of a unit's award: kind and id.
    unit: tuple[str, str] | None = None
    #: Days of a rolling window.
    window: int | None = None
    #: Of a streak: the periods that it looks at.
    periods: tuple[Judged, ...] = ()
    #: Of an award that compares people: the period, and all who are compared.
    period: str = ""
    field: Field | None = None

    @property
    def difference(self) -> int:
        """Paid less due, in ten-thousandths."""
        return 0 if self.due is None else self.paid - self.due

    def paid_to(self, employee: str) -> int:
        """What the employee was paid: of a unit's money his part."""
        if self.unit is None:
            return self.paid
        return sum(one.paid for one in self.shares if one.payee == employee)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, for anybody."""
        if self.due is None:
            return True
        apart = any(one.due != one.paid for one in self.shares) or any(one.amount != one.paid for one in self.lines)
        return not self.difference and not apart and (self.field is None or self.field.agrees)


def explain_rule(scope: Scope) -> RuleExplained:
    """A rule for one employee; ``scope.lines`` are what it paid him in the period."""
    rule, plan = scope.rule, scope.evidence.plan
    measured = measured_by(scope)
    paid = sum(line["amount"] for line in scope.lines)
    beyond = beyond_of(plan, rule, scope)
    if isinstance(rule, TierAward):
        (one,) = measured.values()
        found = money_at(rule, plan, one.kpi, level_of(rule, one), one.value, one.target)
        due = found.due if one.steps else 0
        if rule.clawback == "as_paid" and not beyond:
            due = as_paid(scope, one.kpi)
        return _tiers_explained(scope, one, found, None if beyond else due, paid, beyond)
    checks: list[Checked] = []
    due, lines = None, ()
    if isinstance(rule, Nudge):
        (one,) = measured.values()
        checks = nudge_checks(rule, one)
    if isinstance(rule, Nudge | Training):
        due = 0
    periods: tuple[Judged, ...] = ()
    if isinstance(rule, ThresholdAward | Streak):
        checks = checked(rule, measured)
    if isinstance(rule, ThresholdAward):
        due = bonus(scope, measured)
    if isinstance(rule, Streak):
        due, periods = explain_streak(scope)
    if isinstance(rule, PersonalBest):
        due = best_money(scope)
    if isinstance(rule, Spiff):
        lines = tuple(spiff_lines(scope))
        due = sum(line.amount for line in lines)
    shown, due = list(measured.values()), None if beyond else due
    return RuleExplained(
        rule, shown, checks, 0, [], due, paid, beyond, lines=lines, window=scope.window, periods=periods
    )


def _tiers_explained(
    scope: Scope, one: Measured, found: TierMoney, due: int | None, paid: int, beyond: tuple[str, ...]
) -> RuleExplained:
    limits = found.limits if one.steps else ()
    slices = found.slices if one.steps else []
    return RuleExplained(
        scope.rule, [one], [], found.level, slices, due, paid, beyond, limits, window=scope.window
    )


def beyond_of(plan: Plan, rule: Model, scope: Scope) -> tuple[str, ...]:
    """Why the recomputation does not cover the rule's money; empty where it does."""
    known = _KNOWN.get(type(rule))
    if known is None:
        return (rule.kind,)
    given = [
        name
        for name, info in type(rule).model_fields.items()
        if name not in known and getattr(rule, name) != info.get_default(call_default_factory=True)
    ]
    # what a plan change settled depends on the plan before it
    reasons = {line["reason"] for line in scope.lines} - _FROM_CREDITS
    return (*given, *sorted(reasons), *_other_versions(plan, rule, scope))


def _other_versions(plan: Plan, rule: Model, scope: Scope) -> tuple[str, ...]:
    """Versions of the plan that paid other lines, for rules whose lines rest on earlier ones."""
    if not isinstance(rule, Spiff) and getattr(rule, "clawback", "re_rate") != "as_paid":
        return ()
    lines = [line for line in scope.evidence.lines if line["rule"] == rule.id]
    versions = {line["plan_version"] for line in lines} - {plan.version}
    return tuple(f"plan version {version}" for version in sorted(versions))
