"""A rule in a period, explained: its KPIs step by step, the money recomputed, and what was paid. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.plan import Plan
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_fields import Model
from schemas.plan_nudge import Nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from streams.explain.as_paid import Reversal, as_paid
from streams.explain.best import Earlier, best_money, earlier_periods
from streams.explain.bonuses import bonus
from streams.explain.credits import Credit
from streams.explain.field import Field
from streams.explain.measured import Measured, Scope
from streams.explain.money import Limited, Slice
from streams.explain.scores import measured_by
from streams.explain.spiffs import SpiffLine, spiff_lines
from streams.explain.streaks import Judged, explain_streak
from streams.explain.thresholds import Checked, checked, nudge_checks
from streams.explain.tiers import keeps_peak, level_of, money_at

#: Settings that the recomputation knows; a rule that sets any other is shown, its money not judged.
_KNOWN = {
    TierAward: {
        "kind", "id", "name", "kpi", "period", "pays", "tiers", "roles", "settle", "rearm", "cap", "floor", "hurdle",
        "margin", "cool_down_days", "clawback", "unit", "share", "min_sample",
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
#: A rebuild by a plan that sees credits otherwise than those before.
REBUILD = "rebuild"
#: Why there is a line, where credits and plans say how much it is: an adjustment makes right what had gone wrong.
_FROM_CREDITS = {"credit", "award", "revocation", "spiff", "adjustment", "plan_change"}


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
    #: Of a personal best: the periods before.
    earlier: tuple[Earlier, ...] = ()
    #: Of ``clawback: as_paid``: what goes by what its sale was paid.
    reversals: tuple[Reversal, ...] = ()
    #: Of an award that compares people: the period, and all who are compared.
    period: str = ""
    field: Field | None = None
    #: Of the plan that it is told by; 0: the one asked.
    version: int = 0

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


def explain_rule(scopes: list[Scope]) -> RuleExplained:
    """A rule for one employee; ``scopes``: under each plan that had it, or rebuild, in turn, with all that it paid him.

    Told under the last one that gives him a part in it; what he had by then is kept since.
    """
    taking = [scope for scope in scopes if scope.takes_part]
    scope = (taking or scopes)[-1]
    rule, plan = scope.rule, scope.evidence.plan
    measured = measured_by(scope)
    paid = sum(line["amount"] for line in scope.lines)
    beyond = _beyond_of(scopes)
    explained = RuleExplained(
        rule, list(measured.values()), [], 0, [], None, paid, beyond, window=scope.window, version=plan.version
    )
    found = _recomputed(explained, scope, scopes, taking, measured) if taking else replace(explained, due=0)
    return replace(found, due=None) if beyond else found


def _recomputed(
    explained: RuleExplained, scope: Scope, scopes: list[Scope], taking: list[Scope], measured: dict[str, Measured]
) -> RuleExplained:
    rule = scope.rule
    if isinstance(rule, TierAward):
        (one,) = measured.values()
        found = money_at(rule, scope.evidence.plan, one.kpi, level_of(taking, one), *one.figures)
        if not one.steps and not keeps_peak(rule):
            return replace(explained, level=found.level, due=0)
        due, reversals = as_paid(scopes) if rule.clawback == "as_paid" else (found.due, ())
        shown = {"level": found.level, "slices": found.slices, "limits": found.limits, "reversals": reversals}
        return replace(explained, **shown, due=due)
    if isinstance(rule, Nudge):
        return replace(explained, checks=nudge_checks(rule, *measured.values()), due=0)
    if isinstance(rule, Training):
        return replace(explained, due=0)
    if isinstance(rule, ThresholdAward):
        return replace(explained, checks=checked(rule, measured), due=bonus(taking))
    if isinstance(rule, Streak):
        due, periods = explain_streak(taking)
        return replace(explained, checks=checked(rule, measured), due=due, periods=periods)
    if isinstance(rule, PersonalBest):
        return replace(explained, due=best_money(taking), earlier=earlier_periods(scope))
    lines = tuple(spiff_lines(scopes))
    return replace(explained, lines=lines, due=sum(line.amount for line in lines))


def _beyond_of(scopes: list[Scope]) -> tuple[str, ...]:
    """Why the recomputation does not cover the rule's money under all plans that had it; empty where it does."""
    found = [name for one in scopes for name in beyond_of(one)]
    if _by_plan(scopes[-1]) and not all(one.since >= 0 for one in scopes):
        found.append("versions")
    return tuple(dict.fromkeys([*found, *_rebuilt(scopes, any(one.rebuilt for one in scopes))]))


def beyond_of_units(scopes: list[Scope]) -> tuple[str, ...]:
    """As ``_beyond_of``, of a rule for units or for people who are compared in them."""
    scope = scopes[-1]
    found = [name for one in scopes for name in beyond_of(one)]
    if (scope.rule.kind == "first" or _by_plan(scope)) and not was_seen(scope):
        missing = scope.since < 0 and any(one.is_plan for one in scope.evidence.timeline.moments)
        found.append("versions" if missing else "updates")
    return tuple(dict.fromkeys([*found, *_rebuilt(scopes, scope.evidence.plans.rebuilds)]))


def was_seen(scope: Scope) -> bool:
    """Whether what stood on the way, from the first credit of the period on, follows from the log of updates."""
    return scope.since >= 0 and scope.evidence.timeline.knows(scope.inside, scope.last)


def _by_plan(scope: Scope) -> bool:
    """Whether a change of plan, or another version, paid something."""
    version = scope.evidence.plan.version
    return any(line["plan_version"] != version or line["reason"] == "plan_change" for line in scope.lines)


def _rebuilt(scopes: list[Scope], rebuilt: bool) -> list[str]:
    """It is not told which credits a rebuild counted that had not, or on another day."""
    alike = len({_counts_by(one.evidence.plan) for one in scopes}) == 1
    return [REBUILD] if rebuilt and not alike else []


def _counts_by(plan: Plan) -> tuple:
    """What of a plan says whether, and on which day, a credit counts."""
    return plan.timezone, plan.late, tuple(one for one in plan.crediting.guards if one.same_customer is not None)


def beyond_of(scope: Scope) -> tuple[str, ...]:
    """Of the rule's settings those that the recomputation does not know, and reasons of lines that it does not."""
    rule = scope.rule
    known = _KNOWN.get(type(rule))
    if known is None:
        return (rule.kind,)
    given = [
        name
        for name, info in type(rule).model_fields.items()
        if name not in known and getattr(rule, name) != info.get_default(call_default_factory=True)
    ]
    reasons = {line["reason"] for line in scope.lines} - _FROM_CREDITS
    return (*given, *["shape"] * scope.tangled, *sorted(reasons))
