"""An explanation as lines of text: plain sentences and the trace behind them. Pure."""

from __future__ import annotations

from fractions import Fraction

from infra.explain.paying import pays_text
from infra.explain.speaking import Speaker, bound_text, condition_text
from infra.explain.telling_money import money_lines, tier_pays
from infra.explain.telling_people import field_lines
from schemas.plan_awards import TierAward
from streams.explain.credits import Credit
from streams.explain.evidence import AwardExplained, Placed
from streams.explain.measured import Measured
from streams.explain.pace import Paced
from streams.explain.rules import RuleExplained
from streams.explain.scores import ScorePart
from streams.explain.streaks import Judged
from streams.performance.calendar import date_of

#: Credits shown at either end of a long list unless all are asked for.
_ENDS = 5


class Teller(Speaker):
    """Tells what was recomputed, and whether it is what was said and paid."""

    def award(self, explained: AwardExplained) -> list[str]:
        """Everything about one award."""
        award, rule = explained.award, explained.rule
        name = award.name.get(self.language) or award.name.get("en", award.rule)
        place = award.position
        lines = [
            self.say(
                "award",
                who=self.who(award.employee) if award.employee else self.unit(award.unit_kind, award.unit),
                name=name,
                period_kind=award.period_kind,
                period=award.period,
                state=self.say(award.state),
                sequence=award.sequence,
                plan=award.plan,
                version=award.plan_version,
            ),
            self.say(
                "crossed",
                id=award.cause.id,
                type=award.cause.type,
                source=award.cause.source,
                time=self.time(award.cause.time),
                position=f"{place.partition}/{place.offset}/{place.index}",
                threshold=award.threshold,
            ),
        ]
        said = {one.said.kpi: one for one in explained.stated}
        lines += self.rule(rule, said) + self._paced(explained.paced) + self._placed(explained.placed)
        return lines + self._other_periods(explained)

    def rule(self, explained: RuleExplained, said: dict | None = None) -> list[str]:
        """A rule: its bounds, its KPIs with their credits, its money against what was paid."""
        rule = explained.rule
        lines = [
            self.say(
                "rule",
                rule=rule.id,
                name=self.named(rule.name),
                pays=pays_text(self, rule),
                settle=getattr(rule, "settle", ""),
                plan=self.plan.plan,
                version=explained.version or self.plan.version,
            )
        ]
        if explained.version not in (0, self.plan.version):
            lines.append(self.say("kept", version=explained.version, now=self.plan.version))
        if isinstance(rule, TierAward):
            lines += [self.say("bound", bound=bound_text(tier), pays=tier_pays(tier)) for tier in rule.tiers]
        if explained.unit is not None and explained.field is None:
            lines.append(self.say("whole", unit=self.unit(*explained.unit)))
        for one in explained.measured:
            lines += self._measured(one, (said or {}).get(one.kpi.id), explained.window)
        lines += map(self._left_out, explained.left_out)
        lines += [
            self.say("condition", text=condition_text(one.condition), verdict=self.holds(one.holds))
            for one in explained.checks
        ]
        lines += [self._judged(one) for one in explained.periods]
        currency = self.plan.currency
        lines += [
            self.say(
                "line" if line.amount == line.paid or explained.due is None else "line differs",
                id=line.credit.id,
                amount=self.money(line.amount),
                paid=self.money(line.paid),
                currency=currency,
            )
            for line in explained.lines
        ]
        lines += field_lines(self, explained) if explained.field is not None else []
        return lines + money_lines(self, explained)

    def _other_periods(self, explained: AwardExplained) -> list[str]:
        """What the award states about other periods; of a personal best all periods before it."""
        lines = [
            self.say(
                "elsewhere",
                name=self.named(one.found.kpi.name),
                period=one.said.period,
                value=self.number(one.found.value),
                sample=one.found.sample,
                stated=one.said.value or self.say("none"),
                verdict=self.verdict(one.agrees),
            )
            for one in explained.elsewhere
        ]
        for one in explained.earlier:
            said = "best" if one.is_best else "earlier" if one.counts else "does not count"
            value, sample = self.number(one.measured.value), one.measured.sample
            lines.append(self.say(said, period=one.period, value=value, sample=sample))
        return lines

    def _placed(self, placed: Placed | None) -> list[str]:
        if placed is None:
            return []
        places = [self.say("none") if place is None else f"#{place}" for place in (placed.said, placed.found)]
        return [self.say("placed", said=places[0], found=places[1], verdict=self.verdict(placed.agrees))]

    def _paced(self, paced: Paced | None) -> list[str]:
        if paced is None:
            return []
        words = {"as_of": paced.as_of, "gone": paced.gone, "days": paced.days, "pace": self.percent(paced.pace)}
        verdict = self.verdict(paced.agrees)
        lines = []
        if paced.expected is not None:
            lines.append(self.say("expected", expected=self.number(paced.expected), verdict=verdict, **words))
        if paced.forecast is not None:
            lines.append(self.say("forecast", forecast=self.number(paced.forecast), verdict=verdict))
        return lines

    def _measured(self, one: Measured, said, window: int | None) -> list[str]:
        lines = [
            self.say(
                "score" if one.is_score else "kpi",
                name=self.named(one.kpi.name),
                kpi=one.kpi.id,
                value=self.number(one.value),
                sample=one.sample,
                target=self.number(one.target),
                attainment=self.percent(one.attainment),
            )
        ]
        if said is not None:
            stated = Fraction(said.said.attainment) if said.said.attainment is not None else None
            lines.append(
                self.say(
                    "said",
                    value=said.said.value or self.say("none"),
                    attainment=self.percent(stated),
                    sample=said.said.sample,
                    verdict=self.verdict(said.agrees),
                )
            )
        if one.is_score:
            return lines + [self._score_part(part) for part in one.parts]
        steps = one.steps
        if window is not None and steps:
            last = max(step.credit.day for step in steps)
            steps = [step for step in steps if step.credit.day > last - window]
            lines.append(self.say("window", days=window, last=date_of(last)))
        shown = steps if self.full or len(steps) <= 2 * _ENDS + 1 else steps[:_ENDS]
        lines += [self.step(one, step) for step in shown]
        if len(shown) < len(steps):
            lines.append(self.say("skipped", count=len(steps) - 2 * _ENDS))
            lines += [self.step(one, step) for step in steps[-_ENDS:]]
        return lines

    def _left_out(self, one: Credit) -> str:
        about = {"time": self.time(one.time), "id": one.id, "type": one.type}
        if one.over is None:
            return self.say("sale left out", **about, sale=one.fields["sale_id"])
        limit = {"most": one.over.same_customer, "per": one.over.per}
        return self.say("left out", **about, customer=one.fields["customer"], **limit)

    def _judged(self, one: Judged) -> str:
        """A period that a streak looks at."""
        figures = ((self.named(each.kpi.name), self.number(each.value)) for each in one.measured)
        values = ", ".join(f"{name} {value}" for name, value in figures) or self.say("none")
        return self.say("judged", period=one.period, values=values, verdict=self.holds(one.holds))

    def _score_part(self, part: ScorePart) -> str:
        words = {"weight": self.percent(part.weight), "cap": self.percent(part.cap)}
        reached, points = self.percent(part.attainment), self.percent(part.points)
        return self.say("part", name=self.named(part.kpi.name), attainment=reached, points=points, **words)
