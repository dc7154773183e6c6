"""How a rule's KPIs stood on the way: after every credit, or in every moment in which something was decided. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from streams.explain.measured import Measured, Scope
from streams.explain.moments import Timeline
from streams.explain.of_plan import calendar_of
from streams.explain.scores import measured_by
from streams.explain.thresholds import holds, nothing
from streams.explain.values import Step
from streams.performance.calendar import NO_PERIOD


class Walk:
    """For rules that look back on earlier periods: a credit in one can change what those after it come to.

    ``now``: by period (its ordinal) and KPI the last step so far. Go through it once.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope, self.kind = scope, scope.rule.period
        self.calendar = calendar_of(scope.evidence.plan)
        days = np.array([credit.day for credit in scope.credits], np.int64)
        self._ordinals = self.calendar.ordinals(self.kind, days).tolist()
        #: By period with credits, in order: each KPI or score as it stands in the end.
        self.measured: dict[int, dict[str, Measured]] = {
            ordinal: measured_by(replace(scope, period=self.key(ordinal)))
            for ordinal in sorted(set(self._ordinals) - {NO_PERIOD})
        }
        self.now: dict[int, dict[str, Step]] = {}

    def key(self, ordinal: int) -> str:
        """The period's key."""
        return self.calendar.key(self.kind, ordinal)

    def __iter__(self) -> Iterator[int | None]:
        """The period of each credit that moves a KPI of the rule, once it has; None where all is decided anew."""
        steps = {
            ordinal: [(name, {id(step.credit): step for step in one.steps}) for name, one in measured.items()]
            for ordinal, measured in self.measured.items()
        }
        began = False
        for credit, ordinal in zip(self._scope.credits, self._ordinals, strict=True):
            if not began and credit.record > self._scope.since:
                began = True
                yield None
            found = {name: step for name, by_credit in steps.get(ordinal, ()) if (step := by_credit.get(id(credit)))}
            if found:
                self.now.setdefault(ordinal, {}).update(found)
                if began:
                    yield ordinal
        if not began:
            yield None


def by_moment(
    timeline: Timeline, measured: Iterable[Measured], since: int = 0
) -> Iterator[tuple[int, dict[str, Step]]]:
    """The moment ``since``, each one behind it in which one of the KPIs moved, and the last step of each by then."""
    moves: dict[int, dict[str, Step]] = defaultdict(dict, {since: {}})
    for one in measured:
        for step in one.steps:
            moves[max(timeline.of(step.credit), since)][one.kpi.id] = step
    now: dict[str, Step] = {}
    for number in sorted(moves):
        now |= moves[number]
        yield number, now


def standings(scope: Scope) -> Iterator[tuple[int, dict[str, Step]]]:
    """As ``by_moment``, of a unit's rule, be it over a rolling window, which also moves with what has left it."""
    timeline = scope.evidence.timeline
    if scope.window is None:
        yield from by_moment(timeline, measured_by(scope).values(), scope.since)
        return
    for number in sorted({scope.since, *(max(timeline.of(credit), scope.since) for credit in scope.credits)}):
        measured = measured_by(replace(scope, credits=timeline.up_to(number, scope.credits)))
        yield number, {name: one.steps[-1] for name, one in measured.items() if one.steps}


def conditions_hold(rule, measured: dict[str, Measured], now: dict[str, Step]) -> bool:
    """Whether the conditions hold as the KPIs stand, with something behind their values."""
    held = []
    for condition in rule.all or rule.any:
        one, step = measured[condition.kpi], now.get(condition.kpi)
        value, sample = (step.value, step.sample) if step else nothing(one)
        held.append(holds(condition, one.kpi, value, sample, one.target))
    return any(step.something for step in now.values()) and (all(held) if rule.all else any(held))
