"""What an explanation is made of, wherever it comes from, and the explanation of an award or of a period. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan import Plan
from schemas.plan_best import PersonalBest
from schemas.plan_moves import employees_of, place_at
from schemas.plan_units import of_units
from schemas.results import Award, KpiEvidence
from streams.explain.best import Earlier, earlier_periods
from streams.explain.credits import Credit, in_period, up_to
from streams.explain.customers import counted
from streams.explain.pace import Paced, paced
from streams.explain.rules import Measured, RuleExplained, explain_rule, judged, measure
from streams.performance.calendar import Calendar, date_of


@dataclass
class Evidence:
    """One employee's history under a plan. Amounts of ``lines`` are ten-thousandths; targets are in units."""

    plan: Plan
    employee: str
    credits: list[Credit] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    lines: list[dict] = field(default_factory=list)
    targets: dict[tuple[str, str, str], Fraction | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Stated:
    """A KPI as the award states it and as recomputed; ``agrees`` where both say the same."""

    said: KpiEvidence
    found: Measured
    agrees: bool


@dataclass(frozen=True)
class AwardExplained:
    """An award, its rule at the moment of the cause, and whether its evidence holds."""

    award: Award
    rule: RuleExplained
    stated: list[Stated]
    paced: Paced | None = None
    #: What the award states about other periods.
    elsewhere: tuple[Stated, ...] = ()
    #: Of a personal best: the periods before it.
    earlier: tuple[Earlier, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        parts = (*self.stated, *self.elsewhere, *filter(None, [self.paced]))
        best = [one.period for one in self.earlier if one.is_best]
        said = [one.said.period for one in self.elsewhere]
        return not self.rule.difference and all(one.agrees for one in parts) and (not self.earlier or best == said)


def explain_award(evidence: Evidence, award: Award) -> AwardExplained:
    """Why ``award`` was decided; KeyError where the plan has no such rule."""
    rule = next((one for one in evidence.plan.awards if one.id == award.rule), None)
    if rule is None:
        raise KeyError(award.rule)
    counting, _ = counted(evidence.plan, evidence.credits)
    # what was decided by a credit of another period is seen as it stood then
    for credits in up_to(counting, award.position.offset, award.cause.source, award.cause.id):
        explained = _award_explained(evidence, award, rule, credits)
        if explained.agrees:
            break
    return explained


def _award_explained(evidence: Evidence, award: Award, rule, credits: list[Credit]) -> AwardExplained:
    """The award as it follows from credits up to its place in the log."""
    place, before = award.position, credits
    credits = in_period(evidence.plan, credits, award.period_kind, award.period)
    own = [one for one in award.evidence if one.period in ("", award.period)]
    targets = {one.kpi: Fraction(one.target) if one.target is not None else None for one in own}
    lines = [
        line
        for line in _lines(evidence, rule.id, award.period_kind, award.period)
        if (line["offset"], line["index"]) <= (place.offset, place.index)
    ]
    explained = explain_rule(evidence.plan, rule, credits, targets, lines)
    by_kpi = {one.kpi.id: one for one in explained.measured}
    said = own if judged(evidence.plan, award.period_kind) and not of_units(rule) else ()
    stated = [Stated(one, by_kpi[one.kpi], _agrees(one, by_kpi[one.kpi])) for one in said if one.kpi in by_kpi]
    paces = (paced(evidence.plan, award.employee, award.period_kind, award.period, one) for one in said)
    elsewhere, earlier = (), ()
    if judged(evidence.plan, award.period_kind) and not of_units(rule):
        elsewhere = tuple(_elsewhere(evidence.plan, award, before))
        if isinstance(rule, PersonalBest):
            earlier = earlier_periods(evidence.plan, rule, award.period, before)
    return AwardExplained(award, explained, stated, next(filter(None, paces), None), elsewhere, earlier)


def _elsewhere(plan: Plan, award: Award, credits: list[Credit]) -> Iterator[Stated]:
    """What the award states about other periods, each against the credits in it."""
    kpis = {kpi.id: kpi for kpi in plan.kpis}
    others = [one for one in award.evidence if one.period not in ("", award.period) and one.kpi in kpis]
    for said in others:
        target = Fraction(said.target) if said.target is not None else None
        found = measure(kpis[said.kpi], in_period(plan, credits, award.period_kind, said.period), target)
        yield Stated(said, found, _agrees(said, found))


def explain_period(evidence: Evidence, period: str) -> list[RuleExplained]:
    """Every rule that the employee takes part in and that has a credit or a line in a period of this key."""
    found = []
    counting, others = counted(evidence.plan, evidence.credits)
    for rule in evidence.plan.awards:
        if not hasattr(rule, "kpi_ids") or not hasattr(rule, "period"):
            continue
        lines = _lines(evidence, rule.id, rule.period, period)
        if not lines and (rule.period.startswith("rolling_") or of_units(rule)):
            continue
        credits = in_period(evidence.plan, counting, rule.period, period)
        if not lines and not (credits and _eligible(evidence, rule, credits[0])):
            continue
        targets = {kpi: _target(evidence, rule, kpi, period) for kpi in rule.kpi_ids()}
        explained = explain_rule(evidence.plan, rule, credits, targets, lines)
        left_out = in_period(evidence.plan, others, rule.period, period)
        events = {name for one in explained.measured for name in one.kpi.events}
        explained = replace(explained, left_out=tuple(one for one in left_out if one.type in events))
        if lines or any(one.steps for one in explained.measured):
            found.append(explained)
    return found


def _target(evidence: Evidence, rule, kpi: str, period: str) -> Fraction | None:
    """The target in force, as published; of a KPI that nothing was credited for, as the rule's award states it."""
    if (kpi, rule.period, period) in evidence.targets:
        return evidence.targets[kpi, rule.period, period]
    said = (
        one.target
        for award in evidence.awards
        if (award.rule, award.period) == (rule.id, period)
        for one in award.evidence
        if one.kpi == kpi and one.period in ("", period) and one.target is not None
    )
    return next(map(Fraction, said), None)


def _eligible(evidence: Evidence, rule, credit: Credit) -> bool:
    """Whether the employee's role in the period that ``credit`` lies in takes part."""
    places = next((found for one, found in employees_of(evidence.plan) if one.id == evidence.employee), None)
    if places is None:
        return False
    calendar = Calendar(evidence.plan)
    day = int(calendar.days([credit.time])[0])
    first, last = calendar.span(rule.period, calendar.ordinal(rule.period, day))
    decisive = last if evidence.plan.organisation.standing == "period_end" else first
    roles = getattr(rule, "roles", ())
    return not roles or place_at(places, date_of(decisive)).role in roles


def _lines(evidence: Evidence, rule: str, kind: str, period: str) -> list[dict]:
    return [
        line for line in evidence.lines if (line["rule"], line["period_kind"], line["period"]) == (rule, kind, period)
    ]


def _agrees(said: KpiEvidence, found: Measured) -> bool:
    figures = ((said.value, found.value), (said.attainment, found.attainment))
    return said.sample == found.sample and all(
        (text is None) == (exact is None) and (text is None or Decimal(text) == _shown(exact))
        for text, exact in figures
    )


def _shown(exact: Fraction) -> Decimal:
    """Four decimals, rounded half-up."""
    return from_fixed(round_half_up(exact * SCALE, 1))
