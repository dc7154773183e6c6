"""An explanation as lines of text: plain sentences and the trace behind them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from infra.backtest_report import amount_text, number_text
from infra.explain.phrases import say
from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi, Plan
from schemas.plan_awards import Condition, ThresholdAward, TierAward
from schemas.plan_best import PersonalBest
from schemas.plan_fields import Named
from schemas.plan_nudge import Nudge
from schemas.plan_spiff import Spiff
from schemas.plan_streak import Streak
from schemas.plan_training import Training
from streams.explain.evidence import AwardExplained
from streams.explain.measured import Measured
from streams.explain.money import bound_value, rounded
from streams.explain.pace import Paced
from streams.explain.rules import RuleExplained
from streams.explain.scores import ScorePart
from streams.explain.streaks import Judged
from streams.performance.calendar import date_of

#: Credits shown at either end of a long list unless all are asked for.
_ENDS = 5


class Teller:
    """Tells in one language; ``full`` lists every credit."""

    def __init__(self, plan: Plan, language: str, full: bool = False) -> None:
        self.plan, self.language, self.full = plan, language, full
        self._names = {
            one.id: one.name for unit in plan.organisation.departments for team in unit.teams for one in team.employees
        }

    def award(self, explained: AwardExplained) -> list[str]:
        """Everything about one award."""
        award, rule = explained.award, explained.rule
        name = award.name.get(self.language) or award.name.get("en", award.rule)
        place = award.position
        lines = [
            self._say(
                "award",
                who=self.who(award.employee) if award.employee else self.unit(award.unit_kind, award.unit),
                name=name,
                period_kind=award.period_kind,
                period=award.period,
                state=self._say(award.state),
                sequence=award.sequence,
                plan=award.plan,
                version=award.plan_version,
            ),
            self._say(
                "crossed",
                id=award.cause.id,
                type=award.cause.type,
                source=award.cause.source,
                time=self._time(award.cause.time),
                position=f"{place.partition}/{place.offset}/{place.index}",
                threshold=award.threshold,
            ),
        ]
        said = {one.said.kpi: one for one in explained.stated}
        return lines + self.rule(rule, said) + self._paced(explained.paced) + self._other_periods(explained)

    def rule(self, explained: RuleExplained, said: dict | None = None) -> list[str]:
        """A rule: its bounds, its KPIs with their credits, its money against what was paid."""
        rule = explained.rule
        lines = [
            self._say(
                "rule",
                rule=rule.id,
                name=self._named(rule.name),
                pays=self._pays(rule),
                settle=getattr(rule, "settle", ""),
                plan=self.plan.plan,
                version=self.plan.version,
            )
        ]
        if isinstance(rule, TierAward):
            lines += [self._say("bound", bound=_bound(tier), pays=_tier_pays(tier)) for tier in rule.tiers]
        if explained.unit is not None:
            lines.append(self._say("whole", unit=self.unit(*explained.unit)))
        for one in explained.measured:
            lines += self._measured(one, (said or {}).get(one.kpi.id), explained.window)
        lines += [
            self._say(
                "left out",
                time=self._time(one.time),
                id=one.id,
                type=one.type,
                customer=one.fields.get("customer") or one.fields.get("sale_id"),
            )
            for one in explained.left_out
        ]
        lines += [
            self._say("condition", text=_condition(one.condition), verdict=self._say("yes" if one.holds else "no"))
            for one in explained.checks
        ]
        lines += [self._judged(one) for one in explained.periods]
        currency = self.plan.currency
        lines += [
            self._say(
                "line" if line.amount == line.paid or explained.due is None else "line differs",
                id=line.credit.id,
                amount=amount_text(line.amount, currency),
                paid=amount_text(line.paid, currency),
                currency=currency,
            )
            for line in explained.lines
        ]
        return lines + self._money(explained) + self._next(explained)

    def who(self, employee: str) -> str:
        """Name and id."""
        name = self._names.get(employee)
        return f"{name} ({employee})" if name else employee

    def unit(self, kind: str, unit: str) -> str:
        """Kind and id."""
        return f"{self._say(kind)} {unit}"

    def _say(self, phrase: str, **words: object) -> str:
        return say(self.language, phrase, **words)

    def _named(self, name: Named) -> str:
        return (name.zh if self.language == "zh" else "") or name.en

    def _time(self, ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(self.plan.timezone)).isoformat(" ", "seconds")

    def _pays(self, rule) -> str:
        if isinstance(rule, TierAward):
            return self._say(f"pays {rule.pays}")
        if isinstance(rule, ThresholdAward):
            return self._say("pays bonus" if rule.all else "pays any", bonus=rule.bonus or 0)
        if isinstance(rule, Nudge):
            return self._say("pays nudge", of=rule.of, within=_ratio(rule.within))
        if isinstance(rule, Streak):
            words = {"bonus": rule.bonus or 0, "periods": rule.periods, "out_of": rule.window}
            return self._say("pays streak", **words)
        if isinstance(rule, Spiff):
            parts = [f"{rule.amount:f}"] if rule.amount is not None else []
            parts += [f"{_ratio(rule.rate)} × {rule.field}"] if rule.rate is not None else []
            cap = self._say("capped", cap=f"{rule.cap:f}") if rule.cap is not None else ""
            return self._say("pays spiff", money=" + ".join(parts)) + cap
        if isinstance(rule, PersonalBest):
            bonus = f"{rule.bonus:f}" if rule.bonus is not None else self._say("none")
            ahead = _ratio(rule.ahead) if rule.ahead is not None else "0 %"
            return self._say("pays personal best", periods=rule.min_periods, ahead=ahead, bonus=bonus)
        if isinstance(rule, Training):
            course = self._named(rule.course)
            if rule.below_pace is not None:
                return self._say("pays training", course=course, below=_ratio(rule.below_pace), after=rule.after)
            bound = f"{rule.below_value:f}" if rule.below_value is not None else _ratio(rule.below_attainment)
            return self._say("pays training of periods", course=course, bound=bound, periods=rule.periods)
        return self._say("pays other", kind=rule.kind)

    def _other_periods(self, explained: AwardExplained) -> list[str]:
        """What the award states about other periods; of a personal best all periods before it."""
        lines = [
            self._say(
                "elsewhere",
                name=self._named(one.found.kpi.name),
                period=one.said.period,
                value=self._number(one.found.value),
                sample=one.found.sample,
                stated=one.said.value or self._say("none"),
                verdict=self._say("same" if one.agrees else "other"),
            )
            for one in explained.elsewhere
        ]
        for one in explained.earlier:
            said = "best" if one.is_best else "earlier" if one.counts else "does not count"
            value, sample = self._number(one.measured.value), one.measured.sample
            lines.append(self._say(said, period=one.period, value=value, sample=sample))
        return lines

    def _paced(self, paced: Paced | None) -> list[str]:
        if paced is None:
            return []
        words = {"as_of": paced.as_of, "gone": paced.gone, "days": paced.days, "pace": self._percent(paced.pace)}
        verdict = self._say("same" if paced.agrees else "other")
        return [self._say("expected", expected=self._number(paced.expected), verdict=verdict, **words)]

    def _number(self, value: Fraction | None) -> str:
        return self._say("none") if value is None else number_text(round_half_up(value * SCALE, 1))

    def _percent(self, ratio: Fraction | None) -> str:
        return self._say("none") if ratio is None else f"{number_text(round_half_up(ratio * 100 * SCALE, 100))} %"

    def _measured(self, one: Measured, said, window: int | None) -> list[str]:
        lines = [
            self._say(
                "score" if one.is_score else "kpi",
                name=self._named(one.kpi.name),
                kpi=one.kpi.id,
                value=self._number(one.value),
                sample=one.sample,
                target=self._number(one.target),
                attainment=self._percent(one.attainment),
            )
        ]
        if said is not None:
            stated = Fraction(said.said.attainment) if said.said.attainment is not None else None
            lines.append(
                self._say(
                    "said",
                    value=said.said.value or self._say("none"),
                    attainment=self._percent(stated),
                    sample=said.said.sample,
                    verdict=self._say("same" if said.agrees else "other"),
                )
            )
        if one.is_score:
            return lines + [self._score_part(part) for part in one.parts]
        steps = one.steps
        if window is not None and steps:
            last = max(step.credit.day for step in steps)
            steps = [step for step in steps if step.credit.day > last - window]
            lines.append(self._say("window", days=window, last=date_of(last)))
        shown = steps if self.full or len(steps) <= 2 * _ENDS + 1 else steps[:_ENDS]
        lines += [self._step(one.kpi, step) for step in shown]
        if len(shown) < len(steps):
            lines.append(self._say("skipped", count=len(steps) - 2 * _ENDS))
            lines += [self._step(one.kpi, step) for step in steps[-_ENDS:]]
        return lines

    def _judged(self, one: Judged) -> str:
        """A period that a streak looks at."""
        figures = ((self._named(each.kpi.name), self._number(each.value)) for each in one.measured)
        values = ", ".join(f"{name} {value}" for name, value in figures) or self._say("none")
        return self._say("judged", period=one.period, values=values, verdict=self._say("yes" if one.holds else "no"))

    def _score_part(self, part: ScorePart) -> str:
        words = {"weight": self._percent(part.weight), "cap": self._percent(part.cap)}
        reached, points = self._percent(part.attainment), self._percent(part.points)
        return self._say("part", name=self._named(part.kpi.name), attainment=reached, points=points, **words)

    def _step(self, kpi: Kpi, step) -> str:
        part = number_text(step.numerator)
        if kpi.aggregate == "ratio":
            part += f" / {number_text(step.denominator)}"
        if step.credit.share != 1_000_000:
            part += f" ({number_text(step.credit.share)} %)"
        return self._say(
            "step",
            time=self._time(step.credit.time),
            id=step.credit.id,
            type=step.credit.type,
            part=part if part.startswith("-") else f"+{part}",
            value=self._number(step.value),
        )

    def _money(self, explained: RuleExplained) -> list[str]:
        currency = self.plan.currency
        lines = []
        if not explained.beyond:
            for one in explained.slices:
                money = self._number(one.money)
                if one.rate is None:
                    lines.append(self._say("flat", money=money))
                    continue
                ends = {"low": self._number(one.low), "high": self._number(one.high)}
                part, rate = self._number(one.high - one.low), self._percent(one.rate)
                lines.append(self._say("slice", **ends, part=part, rate=rate, money=money))
            lines += [
                self._say(
                    one.limit,
                    before=amount_text(one.before, currency),
                    after=amount_text(one.after, currency),
                    change=amount_text(abs(one.after - one.before), currency),
                )
                for one in explained.limits
            ]
        words = {"paid": amount_text(explained.paid, currency), "currency": currency}
        lines += self._reversed(explained)
        if explained.due is None:
            return [*lines, self._say("beyond", what=", ".join(explained.beyond), **words)]
        by_event = isinstance(explained.rule, Spiff) or getattr(explained.rule, "clawback", "") == "as_paid"
        due = amount_text(explained.due, currency)
        lines.append(self._say("due lines" if by_event else "due", due=due, currency=currency))
        if explained.difference:
            lines += self._shares(explained)
            return [*lines, self._say("differs", difference=amount_text(explained.difference, currency), **words)]
        return [*lines, *self._shares(explained), self._say("agrees" if explained.agrees else "shares differ", **words)]

    def _reversed(self, explained: RuleExplained) -> list[str]:
        """What refunds took back by their sales' own lines, where that is not what the value says."""
        rule, currency = explained.rule, self.plan.currency
        if getattr(rule, "clawback", "re_rate") != "as_paid" or explained.due is None:
            return []
        by_value = rounded(explained.slices, currency)
        change = amount_text(explained.due - by_value, currency)
        return [self._say("as paid", change=change)] if explained.due != by_value else []

    def _shares(self, explained: RuleExplained) -> list[str]:
        """Who has which part of a unit's money."""
        if explained.unit is None or explained.rule.share == "unit":
            return []
        currency = self.plan.currency
        return [
            self._say(
                "share" if one.due == one.paid else "share differs",
                who=self.who(one.payee),
                due=amount_text(one.due, currency),
                paid=amount_text(one.paid, currency),
            )
            for one in explained.shares
        ]

    def _next(self, explained: RuleExplained) -> list[str]:
        rule = explained.rule
        if not isinstance(rule, TierAward) or not explained.measured:
            return []
        (one,) = explained.measured
        if explained.level >= len(rule.tiers):
            return [self._say("top")]
        tier = rule.tiers[explained.level]
        if one.kpi.direction == "down" or (tier.value is None and not one.target):
            return []
        gap = bound_value(tier, one.target) - (one.value or 0)
        return [self._say("gap", bound=_bound(tier), gap=self._number(gap))]


def _bound(tier) -> str:
    return _ratio(tier.attainment) if tier.attainment is not None else f"{tier.value:f}"


def _tier_pays(tier) -> str:
    if tier.rate is not None:
        return _ratio(tier.rate)
    return f"{tier.amount:f}" if tier.amount is not None else "–"


def _condition(condition: Condition) -> str:
    bound = _ratio(condition.attainment) if condition.attainment is not None else f"{condition.value:f}"
    return f"{condition.kpi} {bound}" + (f" (n ≥ {condition.min_sample})" if condition.min_sample else "")


def _ratio(ratio: Decimal) -> str:
    return f"{(ratio * 100).normalize():f} %"
