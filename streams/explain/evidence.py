"""The explanation of an award or of a period: found in the evidence, recomputed, compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan_best import PersonalBest
from schemas.plan_units import judges_units, of_units
from schemas.results import Award, KpiEvidence
from streams.explain.best import Earlier, earlier_periods
from streams.explain.credits import Credit, dated, in_period, up_to
from streams.explain.customers import counted
from streams.explain.history import ROLLING, Evidence, payer_of
from streams.explain.measured import Measured, Scope, measure
from streams.explain.pace import Paced, paced
from streams.explain.rules import RuleExplained, explain_rule
from streams.explain.units import explain_unit_rule, in_unit

#: Gives the evidence of a unit, by kind and id.
UnitSource = Callable[[str, str], Evidence]


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
        return self.rule.agrees and all(one.agrees for one in parts) and (not self.earlier or best == said)


def explain_award(evidence: Evidence, award: Award) -> AwardExplained:
    """Why ``award`` was decided; KeyError where the plan has no such rule. ``evidence``: of its employee or unit."""
    rule = next((one for one in evidence.plan.awards if one.id == award.rule), None)
    if rule is None:
        raise KeyError(award.rule)
    place, counting = award.position, _counting(evidence)[0]
    lines = evidence.lines_of(rule, award.period)
    if judges_units(rule):
        lines = [line for line in lines if line["offset"] <= place.offset]
        return _unit_award_explained(evidence, award, rule, counting, lines)
    if of_units(rule):  # decided on many people's values, at a place that is none in the credits
        scope = Scope(evidence, rule, award.period, counting, lines, _targets_said(award))
        return AwardExplained(award, explain_rule(scope), [])
    lines = [line for line in lines if (line["offset"], line["index"]) <= (place.offset, place.index)]
    # what was decided by a credit of another period is seen as it stood then
    for credits in up_to(counting, place.offset, award.cause.source, award.cause.id):
        explained = _award_explained(evidence, award, rule, credits, lines)
        if explained.agrees:
            break
    return explained


def _award_explained(evidence: Evidence, award: Award, rule, credits: list[Credit], lines) -> AwardExplained:
    """The award as it follows from credits up to its place in the log."""
    plan = evidence.plan
    scope = Scope(evidence, rule, award.period, credits, lines, _targets_said(award))
    explained = _compared(award, explain_rule(scope))
    paces = (paced(plan, award.employee, award.period_kind, award.period, one.said) for one in explained.stated)
    earlier = earlier_periods(plan, rule, award.period, credits) if isinstance(rule, PersonalBest) else ()
    elsewhere = tuple(_elsewhere(scope, award))
    return replace(explained, paced=next(filter(None, paces), None), elsewhere=elsewhere, earlier=earlier)


def _elsewhere(scope: Scope, award: Award) -> Iterator[Stated]:
    """What the award states about other periods, each against the credits in it."""
    kpis = {kpi.id: kpi for kpi in scope.evidence.plan.kpis}
    for said in (one for one in award.evidence if one.period not in ("", award.period) and one.kpi in kpis):
        target = Fraction(said.target) if said.target is not None else None
        found = measure(kpis[said.kpi], scope.within(said.period), target)
        yield Stated(said, found, _agrees(said, found))


def _unit_award_explained(evidence: Evidence, award: Award, rule, credits: list[Credit], lines) -> AwardExplained:
    """As the update found it that decided the award."""
    awards = [one for one in evidence.awards if one.position.offset <= award.position.offset]
    number = evidence.timeline.number(award.position.offset, award.cause.id)
    if number is not None:
        credits = evidence.timeline.up_to(number, credits)
    known = replace(evidence, awards=awards)
    scope = Scope(known, rule, award.period, credits, lines, _targets_said(award))
    explained = explain_unit_rule(scope)
    if number is None:
        return AwardExplained(award, replace(explained, due=None, beyond=("updates",)), [])
    return _compared(award, explained)


def _said(award: Award) -> list[KpiEvidence]:
    """What the award states about its own period."""
    return [one for one in award.evidence if one.period in ("", award.period)]


def _targets_said(award: Award) -> dict[str, Fraction | None]:
    return {one.kpi: None if one.target is None else Fraction(one.target) for one in _said(award)}


def _compared(award: Award, explained: RuleExplained) -> AwardExplained:
    by_kpi = {one.kpi.id: one for one in explained.measured}
    pairs = [(one, by_kpi[one.kpi]) for one in _said(award) if one.kpi in by_kpi]
    return AwardExplained(award, explained, [Stated(said, found, _agrees(said, found)) for said, found in pairs])


def explain_period(evidence: Evidence, period: str, units: UnitSource | None = None) -> list[RuleExplained]:
    """Every rule that the employee, or unit, takes part in and that has a credit or a line in a period of this key.

    ``units`` gives the evidence of units that paid the employee a part.
    """
    found = []
    counting, others = _counting(evidence)
    for rule in evidence.plan.awards:
        if not hasattr(rule, "kpi_ids") or not hasattr(rule, "period"):
            continue
        if rule.period.startswith("rolling_") != (period == ROLLING):
            continue
        lines = evidence.lines_of(rule, period)
        if judges_units(rule) and evidence.unit is None:
            found += _parts_judges_units(rule, period, lines, units)
            continue
        if judges_units(rule) != (evidence.unit is not None) or (judges_units(rule) and rule.unit != evidence.unit[0]):
            continue
        credits = in_period(evidence.plan, counting, rule.period, period)
        if not lines and not (credits and (judges_units(rule) or evidence.takes_part(rule, period))):
            continue
        scope = Scope(evidence, rule, period, counting, lines)
        explained = explain_unit_rule(scope) if judges_units(rule) else explain_rule(scope)
        left_out = in_period(evidence.plan, others, rule.period, period)
        events = {name for one in explained.measured for name in one.kpi.events}
        explained = replace(explained, left_out=tuple(one for one in left_out if one.type in events))
        if lines or explained.lines or any(one.steps for one in explained.measured):
            found.append(explained)
    return found


def _parts_judges_units(rule, period: str, lines: list[dict], units: UnitSource | None) -> list[RuleExplained]:
    """For each unit that paid the employee by a rule: the whole unit's money, and his part of it."""
    found = []
    names = {payer_of(rule.unit, line) for line in lines} if units else ()
    for name in sorted(names):
        evidence = units(rule.unit, name)
        counting, _ = _counting(evidence)
        scope = Scope(evidence, rule, period, counting, evidence.lines_of(rule, period))
        found.append(explain_unit_rule(scope))
    return found


def _counting(evidence: Evidence) -> tuple[list[Credit], list[Credit]]:
    """The credits that count, each on its day, and those that a limit leaves out; of a unit those in it."""
    counting, others = counted(evidence.plan, dated(evidence.plan, evidence.credits, evidence.closes))
    if evidence.unit is None:
        return counting, others
    return in_unit(evidence.plan, evidence.unit, counting), in_unit(evidence.plan, evidence.unit, others)


def _agrees(said: KpiEvidence, found: Measured) -> bool:
    figures = ((said.value, found.value), (said.attainment, found.attainment))
    return said.sample == found.sample and all(
        (text is None) == (exact is None) and (text is None or Decimal(text) == _shown(exact))
        for text, exact in figures
    )


def _shown(exact: Fraction) -> Decimal:
    """Four decimals, rounded half-up."""
    return from_fixed(round_half_up(exact * SCALE, 1))
