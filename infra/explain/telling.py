"""An explanation as lines of text: plain sentences and the trace behind them. Pure."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from infra.explain.paying import pays_text, settle_text, tier_pays
from infra.explain.phrases import PHRASES
from infra.explain.speaking import Speaker
from infra.explain.telling_best import best_lines
from infra.explain.telling_conditions import bound_text, check_text, condition_text, missing, sampled, why_not
from infra.explain.telling_money import money_lines
from infra.explain.telling_people import field_lines
from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_people import Pool
from schemas.plan_spiff import Spiff
from schemas.plan_training import Training
from schemas.results import Award
from schemas.wording import day, period
from sinks.alerts.wording import bound_of
from streams.explain.credits import Credit
from streams.explain.evidence import AwardExplained, Placed, Stated
from streams.explain.history import ROLLING
from streams.explain.measured import Measured
from streams.explain.pace import Paced
from streams.explain.rules import RuleExplained
from streams.explain.scores import ScorePart
from streams.explain.spiffs import SpiffLine
from streams.explain.streaks import Judged
from streams.explain.targets import person_targets
from streams.performance.calendar import date_of
from streams.performance.dated_targets import TargetPart

#: Kinds that somebody is told of and nothing follows from, with their words for states.
_NOT_AWARDED = {
    "nudge": {"provisional": "nudged", "final": "nudged"},
    "training": {"provisional": "recommended", "final": "recommended", "revoked": "withdrawn"},
}
#: Lists so short are told again.
_SHORT = 3


class Teller(Speaker):
    """Tells what was recomputed, and whether it is what was said and booked. One of them tells one explanation: what it
    listed once, it does not list again.
    """

    def __init__(self, plan, language: str, full: bool = False) -> None:
        super().__init__(plan, language, full)
        self._listed: set[tuple] = set()
        self._targets = person_targets(plan)
        self._about: tuple[str, str, str] | None = None

    def award(self, explained: AwardExplained) -> list[str]:
        """Everything about one award."""
        award, cause, place = explained.award, explained.award.cause, explained.award.position
        about = {
            "id": cause.id,
            "time": self.time(cause.time),
            "position": f"{place.partition}/{place.offset}/{place.index}",
            "threshold": bound_of(award, self.language),
        }
        crossed = f"crossed {cause.type}" if f"crossed {cause.type}" in PHRASES else "crossed"
        if not cause.time and f"{crossed} undated" in PHRASES:  # a backtest's close has no time
            crossed += " undated"
        if crossed == "crossed":
            about |= {"type": self.event(cause.type), "source": cause.source}
        lines = [
            self.say(
                "award",
                who=self.who(award.employee) if award.employee else self.unit(award.unit_kind, award.unit),
                name=self._award_name(award),
                period=period(award.period_kind, award.period, self.language),
                state=self._state(award),
                again=self.say("again", sequence=award.sequence) if award.sequence > 1 else "",
                plan=award.plan,
                version=award.plan_version,
                zone=self.plan.timezone,
            ),
            self.say(crossed, **about),
        ]
        said = {one.said.kpi: one for one in explained.stated}
        lines += self.rule(explained.rule, award.period, said, "" if award.unit_kind else award.employee)
        lines += self._paced(explained.paced, explained.stated) + self._placed(explained.placed)
        return lines + self._other_periods(explained)

    def heading(self, who: str, kind: str, key: str, earned: int) -> str:
        """Who, when, what in all."""
        return self.say(
            "heading",
            who=who[:1].upper() + who[1:],
            period=period(kind, key, self.language),
            earned=self.money(earned),
            plan=self.plan.plan,
            version=self.plan.version,
            zone=self.plan.timezone,
        )

    def outcome(self, explained: RuleExplained, part: int, awards: list[Award]) -> str:
        """What came of a rule, in a line; ``part``: of the money what is the person's, ``awards``: his of this rule."""
        names = self.say("and then").join(self._award_name(one) for one in awards if one.state != "revoked")
        outcome = self.money(part) if part else names or self._why_nothing(explained)
        if names and isinstance(explained.rule, Training):
            outcome = self.say("outcome recommended", names=names)
        shares = explained.field is None or isinstance(explained.rule, Pool)
        if part and part != explained.paid and explained.unit is not None and shares:
            outcome = self.say("outcome part", part=self.money(part), whole=self.money(explained.paid))
        elif not part and awards and not names:
            gone = "outcome withdrawn" if isinstance(explained.rule, Training) else "outcome revoked"
            outcome = self.say(gone, names=self.say("and then").join(map(self._award_name, awards)))
        return self.say("outcome", name=self.named(explained.rule.name), outcome=outcome)

    def _why_nothing(self, explained: RuleExplained) -> str:
        """What was missing, where that is one thing to say."""
        rule, measured = explained.rule, {one.kpi.id: one for one in explained.measured}
        if isinstance(rule, ThresholdAward):
            failed = [one.condition for one in explained.checks if not one.holds]
            why = [(measured[one.kpi].kpi, why_not(self, one, measured[one.kpi])) for one in failed]
            told = [self.say("why not", name=self.named(kpi.name), why=text) for kpi, text in why if text]
            return self.say("outcome not met", why=self.say("next").join(told)) if told else self.say("no")
        if isinstance(rule, TierAward) and explained.level == 0 and explained.measured:
            (one,) = explained.measured
            if one.sample < rule.min_sample:
                return self.say("outcome sample", **sampled(self, rule, one))
            gap = missing(rule.tiers[0], one)
            if gap is not None and gap > 0:
                return self.say("outcome gap", gap=self.gap(one.kpi, gap))
        return self.say("outcome nothing")

    def award_line(self, award: Award, rule) -> str:
        """An award of a rule, and how it is explained."""
        state, words = self._state(award), {"name": self._award_name(award), "id": award.award_id}
        if award.kind in _NOT_AWARDED:
            return self.say("told line", state=state[:1].upper() + state[1:], **words)
        if award.state == "revoked" and getattr(rule, "rearm", None) is False:
            state = self.say("revoked for good")
        return self.say("award line", state=state, **words)

    def _state(self, award: Award) -> str:
        """Whether it stands; of what is told to somebody, and gives nothing, what that is."""
        told = _NOT_AWARDED.get(award.kind, {})
        return self.say(told.get(award.state, award.state))

    def _award_name(self, award: Award) -> str:
        """The name, of a tier with its bound."""
        name = self.quoted(award.name.get(self.language) or award.name.get("en") or award.rule)
        if award.kind == "training":
            return self.say("a course", name=name)
        if award.kind not in ("tier", "nudge"):
            return name
        bound = bound_of(award, self.language)
        name = f"{name}（{bound}）" if self.language == "zh" else f"{name} ({bound})"
        return self.say("close to", name=name) if award.kind == "nudge" else name

    def rule(self, explained: RuleExplained, key: str, said: dict | None = None, who: str = "") -> list[str]:
        """A rule in the period ``key``: its bounds, its KPIs with their credits, its money against what was booked.

        ``who``: of whom it is, where it is a person.
        """
        rule = explained.rule
        own = who and explained.unit is None and key != ROLLING and explained.version in (0, self.plan.version)
        self._about = (who, rule.period, key) if own else None
        words = {"name": self.named(rule.name), "rule": rule.id}
        lines = [self.say("rule", **words, pays=pays_text(self, rule), settle=settle_text(self, rule))]
        if explained.version not in (0, self.plan.version):
            lines.append(self.say("kept", version=explained.version, now=self.plan.version))
        lines += self._bounds(explained)
        if explained.unit is not None and explained.field is None:
            lines.append(self.say("whole", unit=self.unit(*explained.unit)))
        pooled = explained.field.pooled.measured if explained.field and explained.field.pooled else None
        own = [one for one in explained.measured if one is not pooled]
        for one in own:
            lines += self._measured(one, (said or {}).get(one.kpi.id), explained.window)
        lines += map(self._left_out, explained.left_out)
        by_kpi = {one.kpi.id: one for one in own}
        for one in explained.checks:
            measured = by_kpi[one.condition.kpi]
            text, verdict = condition_text(self, one.condition, measured), check_text(self, one, measured)
            lines.append(self.say("condition", text=text, verdict=verdict))
        if pooled is not None:  # of the unit that the pool is of, and so behind the person's
            lines += [self.say("whole", unit=self.unit(*explained.unit)), *self._measured(pooled, None, None)]
        lines += [self._judged(rule.period, one) for one in explained.periods] + best_lines(self, explained)
        lines += [
            self._line(rule, line, line.amount == line.paid or explained.due is None) for line in explained.lines
        ]
        lines += field_lines(self, explained) if explained.field is not None else []
        return lines + money_lines(self, explained, key)

    def _line(self, rule: Spiff, line: SpiffLine, agrees: bool) -> str:
        """What an event pays, and the figure that it pays by."""
        credit, of = line.credit, ""
        value = credit.fields.get(rule.field or "")
        if value is not None:
            of = self.say("line of", field=self.field(rule.field), value=self.number(from_fixed(value)))
        of += self.share(credit) + self.counts_on(credit)
        about = {"time": self.time(credit.time), "type": self.event(credit.type), "id": credit.id, "of": of}
        about["came"] = self.came(credit) if rule.field == "amount" else ""
        amount = self.money(line.amount)
        if line.uncapped != line.amount:
            amount = self.say("line capped", amount=amount, uncapped=self.money(line.uncapped))
        amounts = {"amount": amount, "paid": self.money(line.paid)}
        return self.say("line" if agrees else "line differs", **about, **amounts)

    def _bounds(self, explained: RuleExplained) -> list[str]:
        """The tiers of a table."""
        if not isinstance(explained.rule, TierAward) or not explained.measured:
            return []
        (one,) = explained.measured
        least = explained.rule.min_sample
        lines = [self.say("bounds count", least=self.sample(one, least))] if least else []
        return lines + [
            self.say(
                "bound below" if tier.value is not None and one.kpi.direction == "down" else "bound",
                name=self.say("bound name", name=self.named(tier.name)) if tier.name else "",
                bound=bound_text(self, tier, one),
                pays=tier_pays(self, tier),
            )
            for tier in explained.rule.tiers
        ]

    def _other_periods(self, explained: AwardExplained) -> list[str]:
        """What the award states about other periods."""
        kind = explained.award.period_kind
        return [
            self.say(
                "elsewhere",
                name=self.named(one.found.kpi.name),
                period=period(kind, one.said.period, self.language),
                value=self.value(one.found.kpi, one.found.value),
                events=self.sample(one.found),
                stated=self._stated_value(one),
                verdict=self.verdict(one.agrees),
            )
            for one in explained.elsewhere
        ]

    def _stated_value(self, one: Stated) -> str:
        return self.value(one.found.kpi, None if one.said.value is None else Fraction(one.said.value))

    def _placed(self, placed: Placed | None) -> list[str]:
        if placed is None:
            return []
        places = [self.say("none") if place is None else f"#{place}" for place in (placed.said, placed.found)]
        return [self.say("placed", said=places[0], found=places[1], verdict=self.verdict(placed.agrees))]

    def _paced(self, paced: Paced | None, stated: list[Stated]) -> list[str]:
        if paced is None:
            return []
        kpi, verdict = stated[0].found.kpi, self.verdict(paced.agrees)
        as_of = day(date.fromisoformat(paced.as_of), self.language)
        words = {"as_of": as_of, "gone": paced.gone, "days": paced.days, "pace": self.percent(paced.pace)}
        lines = []
        if paced.expected is not None:
            lines.append(self.say("expected", expected=self.value(kpi, paced.expected), verdict=verdict, **words))
        if paced.forecast is not None:
            lines.append(self.say("forecast", forecast=self.value(kpi, paced.forecast), verdict=verdict))
        return lines

    def _measured(self, one: Measured, stated: Stated | None, window: int | None) -> list[str]:
        name, value = self.named(one.kpi.name), self.value(one.kpi, one.value)
        if one.is_score:
            lines = [self.say("score", name=name, value=value, sample=self.sample(one))]
        else:
            target = self.say("kpi no target")
            if one.target is not None:
                words = {"target": self.value(one.kpi, one.target), "attainment": self.percent(one.attainment)}
                target = self.say("kpi target", **words)
            lines = [self.say("kpi", name=name, value=value, events=self.sample(one), target=target)]
        if stated is not None:
            words = {"value": self._stated_value(stated), "attainment": ""}
            said = stated.said.attainment
            if said is not None or one.attainment is not None:
                attainment = self.percent(None if said is None else Fraction(said))
                words["attainment"] = self.say("said attainment", attainment=attainment)
            events = self.sample(one, stated.said.sample)
            lines.append(self.say("said", events=events, verdict=self.verdict(stated.agrees), **words))
        if one.is_score:
            return lines + [self._score_part(part) for part in one.parts]
        return lines + self._target_parts(one) + self._steps(one, window)

    def _target_parts(self, one: Measured) -> list[str]:
        """How a person's target follows from dates, where it does."""
        if self._about is None or one.target is None:
            return []
        who, kind, key = self._about
        parts = self._targets.parts(who, one.kpi.id, kind, key)
        if not parts or all(part.ramp == 1 and part.days == part.whole for part in parts):
            return []
        if round_half_up(sum((part.amount for part in parts), Fraction(0)), 1) != one.target * SCALE:
            return []  # it was published under another version
        return [self.say("target parts", parts=" + ".join(self._target_part(one, part) for part in parts))]

    def _target_part(self, one: Measured, part: TargetPart) -> str:
        ramp = self.say("target ramp", ramp=self.percent(part.ramp)) if part.ramp != 1 else ""
        days = ""
        if part.days != part.whole:
            phrase = "target working days" if part.worked else "target days"
            days = self.say(phrase, days=part.days, whole=part.whole)
        return self.say("target part", value=self.value(one.kpi, part.target.value), ramp=ramp, days=days)

    def _steps(self, one: Measured, window: int | None) -> list[str]:
        """The credits behind a value, unless they were listed before."""
        steps, lines = one.steps, []
        if window is not None and steps:
            last = max(step.credit.day for step in steps)
            steps = [step for step in steps if step.credit.day > last - window]
            lines.append(self.say("window", days=window, last=day(date_of(last), self.language)))
        listed = tuple((step.credit.record, step.credit.id, step.numerator, step.value) for step in steps)
        if len(steps) > _SHORT and listed in self._listed:
            return [*lines, self.say("above", count=len(steps))]
        self._listed.add(listed)
        return lines + self.ends(steps, lambda step: self.step(one, step))

    def _left_out(self, one: Credit) -> str:
        about = {"time": self.time(one.time), "id": one.id, "type": self.event(one.type)}
        if one.over is None:
            return self.say("sale left out", **about, sale=one.fields["sale_id"])
        limit = {"most": one.over.same_customer, "per": self.per(one.over.per)}
        return self.say("left out", **about, customer=one.fields["customer"], **limit)

    def _judged(self, kind: str, one: Judged) -> str:
        """A period that a streak looks at."""
        if one.skipped:
            return self.say(f"skipped for {one.skipped}", period=period(kind, one.period, self.language))
        figures = ((self.named(each.kpi.name), self.value(each.kpi, each.value)) for each in one.measured)
        values = self.say("and then").join(f"{name} {value}" for name, value in figures) or self.say("none")
        return self.say(
            "judged", period=period(kind, one.period, self.language), values=values, verdict=self.holds(one.holds)
        )

    def _score_part(self, part: ScorePart) -> str:
        words = {"name": self.named(part.kpi.name), "weight": self.percent(part.weight)}
        if part.few is not None:
            return self.say("part few", **words, sample=self.events(part.few))
        if part.attainment is None:
            return self.say("part none", **words)
        words |= {"attainment": self.percent(part.attainment), "points": self.percent(part.points)}
        if part.attainment <= part.cap:
            return self.say("part", **words)
        return self.say("part capped", **words, cap=self.percent(part.cap))
