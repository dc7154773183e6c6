"""What every part of an explanation is told with: a language, names, figures and times as texts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from infra.explain.phrases import PHRASES, say
from schemas.event_fields import FOLLOWING
from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan import Kpi, Plan
from schemas.plan_fields import Named
from schemas.wording import day, difference, event, measured, money, number, percent, rounded
from streams.explain.credits import Credit
from streams.explain.measured import Measured
from streams.performance.calendar import date_of

#: How many are shown at either end of a long list.
_ENDS = 5
#: Aggregates that grow with each event.
_ADDS_UP = ("sum", "count")


class Speaker:
    """Speaks one language; ``full`` lists everything of long lists."""

    def __init__(self, plan: Plan, language: str, full: bool = False) -> None:
        self.plan, self.language, self.full = plan, language, full
        departments = plan.organisation.departments
        teams = [team for one in departments for team in one.teams]
        self._people = {one.id: one.name for team in teams for one in team.employees}
        self._units = {("team", one.id): one.name for one in teams}
        self._units |= {("department", one.id): one.name for one in departments}
        self._units["company", plan.organisation.company] = plan.organisation.name
        self._kpis = {one.id: one for one in (*plan.kpis, *plan.scorecards)}
        self._zone = ZoneInfo(plan.timezone)

    def say(self, phrase: str, **words: object) -> str:
        """One sentence."""
        return say(self.language, phrase, **words)

    def ends(self, found: Sequence, tell: Callable[[Any], str]) -> list[str]:
        """A line for each; of many only for those at either end, unless all are asked for."""
        if self.full or len(found) <= 2 * _ENDS + 1:
            return [tell(one) for one in found]
        skipped = self.say("skipped", count=len(found) - 2 * _ENDS)
        return [*map(tell, found[:_ENDS]), skipped, *map(tell, found[-_ENDS:])]

    def verdict(self, agrees: bool) -> str:
        """Whether something is as it should be."""
        return self.say("same" if agrees else "other")

    def holds(self, holds: bool) -> str:
        """Whether a condition holds."""
        return self.say("yes" if holds else "no")

    def who(self, employee: str) -> str:
        """Name and id."""
        name = self._people.get(employee)
        return f"{name} ({employee})" if name else employee

    def unit(self, kind: str, unit: str | None) -> str:
        """What kind of unit it is, and its name; None: of whom it is asked stands in none of them."""
        if unit is None:
            return self.say("no unit", kind=self.say(kind))
        if kind == "manager":
            return self.say("manager", name=self.who(unit))
        name = self._units.get((kind, unit))
        return self.say("unit", kind=self.say(kind), name=self.named(name) if name else unit)

    def named(self, name: Named) -> str:
        """A name in the language, or in English."""
        return (name.zh if self.language == "zh" else "") or name.en

    def quoted(self, name: str) -> str:
        """The name of an award."""
        return f"「{name}」" if self.language == "zh" else f"“{name}”"

    def kpi(self, kpi: str) -> str:
        """The name of a KPI or scorecard."""
        return self.named(self._kpis[kpi].name) if kpi in self._kpis else kpi

    def rule_name(self, rule: str) -> str:
        """The name of a rule that the plan has, or the id."""
        return next((self.named(one.name) for one in self.plan.awards if one.id == rule), rule)

    def bound(self, kpi: str, attainment: Decimal | None, value: Decimal | None) -> str:
        """A bound on a KPI's attainment, or on its value."""
        return percent(attainment) if value is None else self.value(self._kpis[kpi], value)

    def field(self, name: str) -> str:
        """A field of events."""
        return self.say("field amount") if name == "amount" else name

    def time(self, ms: int) -> str:
        """In the time zone of the plan."""
        return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    def event(self, kind: str) -> str:
        """What a kind of event is called."""
        own = self.plan.events.get(kind)
        return self.named(own.name) if own is not None and own.name is not None else event(kind, self.language)

    def events(self, count: int) -> str:
        """So many of them."""
        return self.say("event" if count == 1 else "events", count=f"{count:,}")

    def sample(self, one: Measured, count: int | None = None) -> str:
        """What stands behind a value, or would have to: events, KPIs behind a score."""
        count = one.sample if count is None else count
        return self.say("kpis", count=count) if one.is_score else self.events(count)

    def number(self, value: Fraction | Decimal) -> str:
        """A figure in a calculation: up to four decimals."""
        return number(from_fixed(round_half_up(Fraction(value) * SCALE, 1)))

    def value(self, kpi: Kpi, value: Fraction | Decimal | None) -> str:
        """A value of a KPI with its unit."""
        return self.say("none") if value is None else measured(value, kpi.unit, self.plan.currency, self.language)

    def gap(self, kpi: Kpi, gap: Fraction) -> str:
        """What lies between two values of a KPI."""
        return difference(gap, kpi.unit, self.plan.currency, self.language)

    def percent(self, ratio: Fraction | Decimal | None) -> str:
        """Up to two decimals of a percent."""
        return self.say("none") if ratio is None else percent(ratio)

    def money(self, fixed: int) -> str:
        """Ten-thousandths as an amount in the plan's currency."""
        return self.amount(from_fixed(fixed))

    def amount(self, amount: Decimal) -> str:
        """An amount in the plan's currency."""
        return money(amount, self.plan.currency, self.language)

    def figure(self, kpi: Kpi, value: Fraction | Decimal) -> str:
        """A figure of a KPI without its unit: money with its decimals, what is measured rounded as values are."""
        if kpi.unit == "money":
            return money(from_fixed(round_half_up(Fraction(value) * SCALE, 1)), self.plan.currency).split(" ")[0]
        return self.number(value) if kpi.aggregate in _ADDS_UP else number(rounded(value))

    def step(self, one: Measured, step) -> str:
        """A credit that counts for a KPI: what it brings, and the value after it."""
        adds_up = one.kpi.aggregate in _ADDS_UP
        part = self.figure(one.kpi, from_fixed(step.numerator))
        if adds_up and not part.startswith("-"):
            part = f"+{part}"
        if one.kpi.aggregate == "ratio":
            part += f" / {self.number(from_fixed(step.denominator))}"
        part += self.share(step.credit) + self.counts_on(step.credit)
        value = self.say("none")
        if step.value is not None:
            value = self.figure(one.kpi, step.value) + ("%" if one.kpi.unit == "percent" else "")
        about = {"time": self.time(step.credit.time), "type": self.event(step.credit.type), "id": step.credit.id}
        came = self.came(step.credit) if "amount" in _fields(one.kpi) else ""
        return self.say("step", **about, came=came, part=part, value=value)

    def came(self, credit: Credit) -> str:
        """The amount as the event had it, where that was in another currency, and the rate that it counts at."""
        was = credit.converted
        if was is None:
            return ""
        return self.say(
            "came as its sale" if credit.type in FOLLOWING else "came",
            now=self.say("came now") if credit.type == "correction" else "",
            amount=money(from_fixed(was.amount), was.currency, self.language),
            rate=number(was.rate),
            since=day(was.since, self.language),
            up_to=self.say("came up to", cap=self.money(was.cap)) if was.cap is not None else "",
        )

    def share(self, credit: Credit) -> str:
        """The person's share of an event, where that is not all of it."""
        part = Fraction(credit.share, SCALE * 100)
        return self.say("share of", share=self.percent(part)) if part != 1 else ""

    def counts_on(self, credit: Credit) -> str:
        """The day that a credit counts on, where its own lay in a closed period and late ones go to an open one."""
        counts = date_of(credit.day)
        own = datetime.fromtimestamp(credit.time / 1000, UTC).astimezone(self._zone).date()
        return self.say("counts on", day=day(counts, self.language)) if counts != own else ""

    def per(self, period: str) -> str:
        """Each period of a kind."""
        return self.say(f"per {period}") if f"per {period}" in PHRASES else period


def _fields(kpi: Kpi) -> set[str | None]:
    """What of events it is about."""
    return {kpi.field, *(part.field for part in (kpi.numerator, kpi.denominator) if part is not None)}


def ratio_text(ratio: Decimal) -> str:
    """A setting of the plan as a percentage."""
    return percent(ratio)
