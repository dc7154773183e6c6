"""What an explanation is made of, wherever it comes from: the history of one employee, or of a unit's people. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import wraps
from typing import TypeVar

from schemas.plan import Plan
from schemas.plan_moves import Place, place_at
from schemas.plan_units import judges_units
from schemas.results import Award
from streams.explain.credits import Close, Credit
from streams.explain.moments import Timeline
from streams.explain.of_plan import calendar_of, people_of
from streams.explain.plan_history import PlanHistory, Until
from streams.explain.targets import person_targets, target_of_unit
from streams.performance.calendar import date_of

T = TypeVar("T")

#: How awards and lines name the one running state of a rolling window.
ROLLING = "rolling"


@dataclass
class Evidence:
    """A history under a plan. Amounts of ``lines`` are ten-thousandths; targets are in units, as they were published.

    ``unit``: kind and id where it is a unit's; ``credits`` are then those of its people, ``lines`` and ``awards`` those
    of awards of units; ``timeline`` says when these were decided.
    ``payouts`` (PaidOut, streams/explain/draws.py): the newest one of each period, of the employee.
    ``plan_by``: a plan by the id with which it took effect. ``plans``: which of them each credit counts by; changes of
    them are seen ``until``.
    """

    plan: Plan
    employee: str
    credits: list[Credit] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    lines: list[dict] = field(default_factory=list)
    targets: dict[tuple[str, str, str], Fraction | None] = field(default_factory=dict)
    closes: list[Close] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    unit: tuple[str, str] | None = None
    payouts: list = field(default_factory=list)
    plan_by: Callable[[str], Plan | None] = lambda id: None
    plans: PlanHistory = field(default_factory=PlanHistory)
    until: Until = None
    #: What was worked out from it (once_per_evidence).
    known: dict[tuple, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def lines_of(self, rule, period: str) -> list[dict]:
        """What the rule paid in the period: a unit that it judges, to whomever; where it compares people, everyone.

        Of a unit windows of whatever length are one period.
        """
        lines = [line for line in self.lines if (line["rule"], line["period"]) == (rule.id, period)]
        if self.unit is None or period != ROLLING:
            lines = [line for line in lines if line["period_kind"] == rule.period]
        if self.unit is None or self.unit[0] == "company" or not judges_units(rule):
            return lines
        return [line for line in lines if payer_of(self.unit[0], line) == self.unit[1]]

    def target(self, kpi: str, kind: str, period: str) -> Fraction | None:
        """The target in force, as published; of a KPI that nothing was credited for, as the plan has it."""
        if (kpi, kind, period) not in self.targets:
            at = "" if period == ROLLING else period
            if self.unit is None:
                self.targets[kpi, kind, period] = person_targets(self.plan).of(self.employee, kpi, kind, at)
            else:
                self.targets[kpi, kind, period] = target_of_unit(self.plan, self.unit, kpi, kind, at)
        return self.targets[kpi, kind, period]

    def _mine(self, award: Award) -> bool:
        return self.unit is None or (award.unit_kind, award.unit) == self.unit

    def awards_of(self, rule, period: str) -> dict[int, list[Award]]:
        """What is known of the rule's awards in the period, by tier, the latest word last."""
        found: dict[int, list[Award]] = {}
        for award in sorted(self.awards, key=lambda one: (one.sequence, one.position.offset, one.state == "revoked")):
            if (award.rule, award.period) == (rule.id, period) and self._mine(award):
                found.setdefault(award.tier, []).append(award)
        return found

    def takes_part(self, rule, period: str) -> bool:
        """Whether the employee has one of the rule's roles in the period."""
        return self.has_role(getattr(rule, "roles", ()), rule.period, period)

    def has_role(self, roles: tuple[str, ...], kind: str, period: str) -> bool:
        """Whether the employee, being in the plan, has one of ``roles`` in a period; not in one that it has not."""
        if period != ROLLING and calendar_of(self.plan).find(kind, period) is None:
            return False
        places = people_of(self.plan).get(self.employee)
        return places is not None and (not roles or standing(self.plan, places, kind, period).role in roles)


def once_per_evidence(work: Callable[..., T]) -> Callable[..., T]:
    """``work`` on an evidence, and whatever more, remembered with it: every period and rule asks for it again.

    Nobody may change its answer, nor credits, closes and plans of the evidence.
    """

    @wraps(work)
    def known(evidence: Evidence, *more: object) -> T:
        if (work, more) not in evidence.known:
            evidence.known[work, more] = work(evidence, *more)
        return evidence.known[work, more]

    return known


def unit_ids(plan: Plan, kind: str) -> list[str]:
    """The units of a kind that a plan has, in its order; of managers everybody, who may lead something."""
    departments = plan.organisation.departments
    if kind == "company":
        return [plan.organisation.company]
    if kind == "manager":
        return list(people_of(plan))
    return [one.id for one in (departments if kind == "department" else [t for d in departments for t in d.teams])]


def payer_of(kind: str, line: dict) -> str:
    """The unit, of a kind, whose award a line pays; '' for the company."""
    return "" if kind == "company" else line["employee" if kind == "manager" else kind]


def standing(plan: Plan, places: list[Place], kind: str, period: str) -> Place:
    """Where somebody stands as the period sees it: on its last or first day; after the last move for a window."""
    if period == ROLLING:
        return places[-1]
    calendar = calendar_of(plan)
    first, last = calendar.span(kind, calendar.parse(kind, period))
    return place_at(places, date_of(last if plan.organisation.standing == "period_end" else first))
