"""What every part of an explanation is told with: a language, names, figures and times as texts. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from infra.backtest_report import amount_text, number_text
from infra.explain.phrases import say
from schemas.money import SCALE, round_half_up
from schemas.plan import Plan
from schemas.plan_conditions import Condition
from schemas.plan_fields import Named
from streams.explain.measured import Measured


class Speaker:
    """Speaks one language; ``full`` lists everything of long lists."""

    def __init__(self, plan: Plan, language: str, full: bool = False) -> None:
        self.plan, self.language, self.full = plan, language, full
        self._names = {
            one.id: one.name for unit in plan.organisation.departments for team in unit.teams for one in team.employees
        }

    def say(self, phrase: str, **words: object) -> str:
        """One sentence."""
        return say(self.language, phrase, **words)

    def verdict(self, agrees: bool) -> str:
        """Whether something is as it should be."""
        return self.say("same" if agrees else "other")

    def holds(self, holds: bool) -> str:
        """Whether a condition holds."""
        return self.say("yes" if holds else "no")

    def who(self, employee: str) -> str:
        """Name and id."""
        name = self._names.get(employee)
        return f"{name} ({employee})" if name else employee

    def unit(self, kind: str, unit: str) -> str:
        """Kind and id."""
        return f"{self.say(kind)} {unit}"

    def named(self, name: Named) -> str:
        """A name in the language, or in English."""
        return (name.zh if self.language == "zh" else "") or name.en

    def time(self, ms: int) -> str:
        """In the time zone of the plan."""
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self.plan.timezone)).isoformat(" ", "seconds")

    def number(self, value: Fraction | None) -> str:
        """Up to four decimals."""
        return self.say("none") if value is None else number_text(round_half_up(value * SCALE, 1))

    def percent(self, ratio: Fraction | None) -> str:
        """Up to two decimals of a percent."""
        return self.say("none") if ratio is None else f"{number_text(round_half_up(ratio * 100 * SCALE, 100))} %"

    def money(self, fixed: int) -> str:
        """An amount in the plan's currency."""
        return amount_text(fixed, self.plan.currency)

    def step(self, one: Measured, step) -> str:
        """A credit that counts for a KPI."""
        part = number_text(step.numerator)
        if one.kpi.aggregate == "ratio":
            part += f" / {number_text(step.denominator)}"
        if step.credit.share != 1_000_000:
            part += f" ({number_text(step.credit.share)} %)"
        return self.say(
            "step",
            time=self.time(step.credit.time),
            id=step.credit.id,
            type=step.credit.type,
            part=part if part.startswith("-") else f"+{part}",
            value=self.number(step.value),
        )


def bound_text(bound) -> str:
    """The bound of a tier or the like."""
    return ratio_text(bound.attainment) if bound.attainment is not None else f"{bound.value:f}"


def condition_text(condition: Condition) -> str:
    """A condition, with the sample that it asks for."""
    text = f"{condition.kpi} {bound_text(condition)}"
    return text + (f" (n ≥ {condition.min_sample})" if condition.min_sample else "")


def ratio_text(ratio: Decimal) -> str:
    """A setting of the plan as a percentage."""
    return f"{(ratio * 100).normalize():f} %"
