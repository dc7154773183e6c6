"""The explanation of an award: found in the evidence, recomputed as of its moment, compared. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from schemas.money import SCALE, from_fixed, round_half_up
from schemas.plan import Plan
from schemas.plan_best import PersonalBest
from schemas.plan_units import UNIT_KINDS, judges_units, of_units
from schemas.results import Award, KpiEvidence
from streams.explain.best import earlier_periods
from streams.explain.credits import up_to
from streams.explain.history import Evidence, unit_ids
from streams.explain.measured import Measured, Scope, measure
from streams.explain.pace import Paced, paced
from streams.explain.people import explain_people_rule, is_within
from streams.explain.rules import REBUILD, RuleExplained, explain_rule
from streams.explain.scores import measured_by
from streams.explain.stretches import Stretch, scopes_of, stretches_of, unit_stretches
from streams.explain.units import explain_unit_award

#: How awards tell a place.
_PLACE = re.compile(r" #(\d+) \(")


@dataclass(frozen=True)
class Stated:
    """A KPI as the award states it and as recomputed; ``agrees`` where both say the same."""

    said: KpiEvidence
    found: Measured
    agrees: bool


@dataclass(frozen=True)
class Placed:
    """The place that an award states (None: it was lost), and the one that its moment gives (None: none)."""

    said: int | None
    found: int | None

    @property
    def agrees(self) -> bool:
        """Whether they are the same."""
        return self.said == self.found


@dataclass(frozen=True)
class AwardExplained:
    """An award, its rule at the moment of the cause, and whether its evidence holds."""

    award: Award
    rule: RuleExplained
    stated: list[Stated]
    paced: Paced | None = None
    #: What the award states about other periods.
    elsewhere: tuple[Stated, ...] = ()
    #: Of an award for a place among others.
    placed: Placed | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        parts = (*self.stated, *self.elsewhere, *filter(None, [self.paced, self.placed]))
        best = [one.period for one in self.rule.earlier if one.is_best]
        said = [one.said.period for one in self.elsewhere]
        return self.rule.agrees and all(one.agrees for one in parts) and (not self.rule.earlier or best == said)


def decided_on(plan: Plan, award: Award) -> tuple[str, str] | None:
    """Kind and id of the unit whose values, or whose people's, an award was decided on; None: on the person's own."""
    if award.unit_kind:
        return award.unit_kind, award.unit
    if not any(rule.id == award.rule and of_units(rule) for rule in plan.awards):
        return None
    units = ((kind, name) for kind in UNIT_KINDS for name in unit_ids(plan, kind))
    return next((unit for unit in units if is_within(award, unit)), None)


def explain_award(evidence: Evidence, award: Award) -> AwardExplained:
    """Why ``award`` was decided; KeyError where the plan has no such rule.

    ``evidence``: of the unit that it was ``decided_on``, or of its employee.
    """
    rule = next((one for one in evidence.plan.awards if one.id == award.rule), None)
    if rule is None:
        raise KeyError(award.rule)
    place = award.position
    if evidence.plans.replaced(evidence.plan):
        evidence = replace(evidence, targets={})  # those published since are of another version
    if of_units(rule):
        return _among_updates(evidence, award, rule)
    lines = [line for line in evidence.lines if (line["offset"], line["index"]) <= (place.offset, place.index)]
    evidence = replace(evidence, lines=lines, until={place.partition: place.offset})
    # what was decided by a credit of another period is seen as it stood then
    *earlier, last = stretches_of(evidence)
    for credits in up_to(last.credits, place.offset, award.cause.source, award.cause.id):
        explained = _award_explained([*earlier, replace(last, credits=credits)], award, rule)
        if explained.agrees:
            break
    return explained


def _award_explained(stretches: list[Stretch], award: Award, rule) -> AwardExplained:
    """The award as it follows from credits up to its place in the log."""
    plan = stretches[-1].evidence.plan
    scopes = scopes_of(stretches, rule, award.period, _targets_said(award))
    scope = scopes[-1]
    # a close announces what stands by the values of that moment, also of who has no part in the rule any more
    earlier = earlier_periods(scope) if isinstance(rule, PersonalBest) else ()
    recomputed = replace(explain_rule(scopes), measured=list(measured_by(scope).values()), earlier=earlier)
    if REBUILD in recomputed.beyond:
        return AwardExplained(award, replace(recomputed, earlier=()), [])
    explained = _compared(award, recomputed)
    paces = (paced(plan, award.employee, award.period_kind, award.period, one.said) for one in explained.stated)
    elsewhere = tuple(_elsewhere(scope, award))
    return replace(explained, paced=next(filter(None, paces), None), elsewhere=elsewhere)


def _elsewhere(scope: Scope, award: Award) -> Iterator[Stated]:
    """What the award states about other periods, each against the credits in it."""
    kpis = {kpi.id: kpi for kpi in scope.evidence.plan.kpis}
    for said in (one for one in award.evidence if one.period not in ("", award.period) and one.kpi in kpis):
        target = Fraction(said.target) if said.target is not None else None
        found = measure(kpis[said.kpi], scope.within(said.period), target)
        yield Stated(said, found, _agrees(said, found))


def _among_updates(evidence: Evidence, award: Award, rule) -> AwardExplained:
    """A unit's award, or one among people, as the update, the close or the plan found them that decided it."""
    timeline, offset, lines = evidence.timeline, award.position.offset, evidence.lines
    number = timeline.number(offset, award.cause.id)
    if number is not None:
        lines = [line for line in lines if timeline.place(line["offset"], line["id"]) <= number]
    awards = [one for one in evidence.awards if one.position.offset <= offset]
    stretches = unit_stretches(replace(evidence, awards=awards, lines=lines), number)
    if judges_units(rule):
        stated, who = _targets_said(award), evidence.unit[1]
        explained = explain_unit_award(scopes_of(stretches, rule, award.period, stated), award)
    else:
        who = award.employee
        explained = explain_people_rule(scopes_of(stretches, rule, award.period), who, number)
    if number is None:
        return AwardExplained(award, replace(explained, due=None, beyond=("updates",)), [])
    placed = _placed(award, explained, who) if explained.field is not None else None
    return replace(_compared(award, explained), placed=placed)


def _placed(award: Award, explained: RuleExplained, who: str) -> Placed:
    said = _PLACE.search(award.threshold) if award.state != "revoked" else None
    found = explained.field.of(who)
    return Placed(int(said[1]) if said else None, found.place if found is not None and found.chosen else None)


def _said(award: Award) -> list[KpiEvidence]:
    """What the award states about its own period."""
    return [one for one in award.evidence if one.period in ("", award.period)]


def _targets_said(award: Award) -> dict[str, Fraction | None]:
    return {one.kpi: None if one.target is None else Fraction(one.target) for one in _said(award)}


def _compared(award: Award, explained: RuleExplained) -> AwardExplained:
    by_kpi = {one.kpi.id: one for one in explained.measured}
    pairs = [(one, by_kpi[one.kpi]) for one in _said(award) if one.kpi in by_kpi]
    return AwardExplained(award, explained, [Stated(said, found, _agrees(said, found)) for said, found in pairs])


def _agrees(said: KpiEvidence, found: Measured) -> bool:
    figures = ((said.value, found.value), (said.attainment, found.attainment))
    return said.sample == found.sample and all(
        (text is None) == (exact is None) and (text is None or Decimal(text) == _shown(exact))
        for text, exact in figures
    )


def _shown(exact: Fraction) -> Decimal:
    """Four decimals, rounded half-up."""
    return from_fixed(round_half_up(exact * SCALE, 1))
