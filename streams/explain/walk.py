"""How a rule's KPIs stand in each of somebody's periods after every credit, in the order of the log. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from streams.explain.measured import Measured, Scope
from streams.explain.scores import measured_by
from streams.explain.values import Step
from streams.performance.calendar import NO_PERIOD, Calendar


class Walk:
    """For rules that look back on earlier periods: a credit in one can change what those after it come to.

    ``now``: by period (its ordinal) and KPI the last step so far. Go through it once.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope, self.kind = scope, scope.rule.period
        self.calendar = Calendar(scope.evidence.plan)
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

    def __iter__(self) -> Iterator[int]:
        """The period of each credit that moves a KPI of the rule, once it has."""
        steps = {
            ordinal: [(name, {id(step.credit): step for step in one.steps}) for name, one in measured.items()]
            for ordinal, measured in self.measured.items()
        }
        for credit, ordinal in zip(self._scope.credits, self._ordinals, strict=True):
            found = {name: step for name, by_credit in steps.get(ordinal, ()) if (step := by_credit.get(id(credit)))}
            if found:
                self.now.setdefault(ordinal, {}).update(found)
                yield ordinal


@dataclass(slots=True)
class Granted:
    """Whether an award stands, of which there is one at most in a period."""

    stands: bool = False
    before: bool = False

    def turn(self, rule, reached: bool) -> None:
        """What the rule makes of it that it is reached, or no more."""
        if reached and not self.stands and (rule.rearm or not self.before):
            self.stands = self.before = True
        elif not reached and self.stands and rule.settle != "sticky":
            self.stands = False
