"""What a rule looks at in a period, and how each of its KPIs stands there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from schemas.plan import Kpi
from schemas.plan_fields import Model
from schemas.results import Award
from streams.explain.credits import Credit, in_period
from streams.explain.history import Evidence
from streams.explain.values import Step, attainment, standing, steps_of


@dataclass(frozen=True)
class Measured:
    """A KPI in the period: the credits behind it, and how it stands against its target.

    ``parts``: of a score, the ScorePart of each of its KPIs.
    """

    kpi: Kpi
    steps: list[Step]
    value: Fraction | None
    sample: int
    target: Fraction | None
    attainment: Fraction | None
    parts: tuple = ()
    is_score: bool = False

    @property
    def begun(self) -> bool:
        """Whether there is anything behind the value."""
        return bool(self.steps) and self.steps[-1].below != 0

    @property
    def figures(self) -> tuple[Fraction | None, int, Fraction | None]:
        """What conditions ask for."""
        return self.value, self.sample, self.target


@dataclass(frozen=True)
class Scope:
    """A rule in a period: ``credits`` are all that count, of every period, in the order of the log.

    ``stated``: targets that take the place of the published ones. Up to the record ``since`` the credits were there
    as the plan took effect, or as values were ``adjusted``, by a rebuild the person's own (``rebuilt``); behind it they
    are decided one by one. Of a unit ``since`` and ``last`` are the moments in which the plan held. ``tangled``: the
    money depends on what a version of another shape left.
    """

    evidence: Evidence
    rule: Model
    period: str
    credits: list[Credit]
    lines: list[dict]
    stated: dict[str, Fraction | None] | None = None
    since: int = -1
    adjusted: bool = False
    rebuilt: bool = False
    last: int = -1
    tangled: bool = False

    @cached_property
    def inside(self) -> list[Credit]:
        """The credits that count in the period; all of them where a window rolls."""
        return self.within(self.period)

    def within(self, period: str) -> list[Credit]:
        """The credits that count in a period of the rule."""
        return in_period(self.evidence.plan, self.credits, self.rule.period, period)

    @cached_property
    def takes_part(self) -> bool:
        """Whether the plan has the period, and gives the employee a part in the rule in it."""
        return self.evidence.takes_part(self.rule, self.period)

    @property
    def awards(self) -> list[Award]:
        """What is known of the rule's awards in the period."""
        found = self.evidence.awards_of(self.rule, self.period).values()
        return [award for awards in found for award in awards if award.period_kind == self.rule.period]

    @property
    def window(self) -> int | None:
        """Days of a rolling window."""
        kind = self.rule.period
        return int(kind[8:-1]) if kind.startswith("rolling_") else None

    @property
    def began_by_plan(self) -> bool:
        """Of a unit: whether the moment in which it begins is that of a plan."""
        return self.since >= 0 and self.evidence.timeline.moments[self.since].is_plan

    def target(self, kpi: str, period: str) -> Fraction | None:
        """The KPI's target in a period of the rule."""
        if self.stated is not None and period == self.period and kpi in self.stated:
            return self.stated[kpi]
        return self.evidence.target(kpi, self.rule.period, period)

    def measure(self, name: str) -> Measured:
        """How a KPI of the plan stands in the period."""
        kpi = next(kpi for kpi in self.evidence.plan.kpis if kpi.id == name)
        credits = self.inside
        if self.evidence.unit and self.window:
            credits = _without_empty_cells(steps_of(kpi, credits))
        return measure(kpi, credits, self.target(name, self.period), self.window)


def measure(kpi: Kpi, credits: list[Credit], target: Fraction | None, window: int | None = None) -> Measured:
    """A KPI over the credits of a period, or over the last days that have any."""
    steps = steps_of(kpi, credits, window)
    value, sample = standing(kpi, steps)
    return Measured(kpi, steps, value, sample, target, attainment(kpi, value, target))


def _without_empty_cells(steps: list[Step]) -> list[Credit]:
    """Credits of a unit but those of a person and day that come to nothing: no window of a unit ends there."""
    sums: dict[tuple, list[int]] = {}
    for step in steps:
        total = sums.setdefault(_cell(step.credit), [0, 0, 0, 0])
        for at, more in enumerate((*step.own, step.numerator, step.denominator)):
            total[at] += more
    return [step.credit for step in steps if any(sums[_cell(step.credit)])]


def _cell(credit: Credit) -> tuple[str, str, str, int]:
    return credit.employee, credit.team, credit.department, credit.day
