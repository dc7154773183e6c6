"""Training: a course is recommended while a KPI stands below pace, or below a bound in the periods that are over.

Time comes from the log: a day is over once something credited in the partition happened on a later one. So besides
the rows of the KPI itself every row is looked at that brings a new day, for everybody whom the days over concern.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from schemas.plan import Plan
from schemas.plan_training import Training
from streams.performance.award_records import AwardWriter
from streams.performance.award_states import AwardStates, next_states
from streams.performance.decisions import Decisions
from streams.performance.period_view import PeriodView
from streams.performance.running import key_parts
from streams.performance.training_tests import PaceTest, RunTest


class TrainingRule:
    """One recommendation. Values are judged anew at each change; only what was recommended is kept."""

    def __init__(
        self,
        index: int,
        rule: Training,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self.view = views[rule.kpi]
        made = PaceTest if rule.below_pace is not None else RunTest
        self.test = made(rule, plan, self.view, writer.people)

    def decide(self, decisions: Decisions, origins) -> None:
        """Rows that turn the test for some period, and rows that bring a new day."""
        points = self._new_days(decisions)
        for key, row in self.test.turning_points(decisions.latest):
            points.setdefault(row, set()).add(key)
        for row in sorted(points):
            self._settle_all(points[row], row, int(decisions.latest[row]) - 1, decisions, origins)

    def _new_days(self, decisions: Decisions) -> dict[int, set[int]]:
        """Period keys that the days over concern, by the row that brings the next day."""
        return {
            row: set(self.test.concerned(before, int(decisions.latest[row]) - 1))
            for row, before in decisions.new_days()
        }

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect: everybody is judged as of the last day that is over."""
        latest = self.states.clock.latest
        if latest is not None:
            self._settle_all(self.test.all(), -1, latest - 1, decisions, origins)

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """A recommendation never waits for the end of its period."""

    def earned(self) -> dict:
        """It pays nothing."""
        return {}

    def _settle_all(self, keys: Iterable[int], row: int, over: int, decisions: Decisions, origins) -> None:
        people, keys = self.writer.people, np.array(list(keys), np.int64)
        if len(keys):
            keys = keys[people.eligible(self.rule.roles, self.rule.period, keys)]
            low = dict(zip(keys.tolist(), self.test.below(keys, row, over).tolist(), strict=True))
            for key in people.ordered(key for key, below in low.items() if self._turns(key, below)):
                self._settle(key, low[key], row, over, decisions, origins)

    def _turns(self, key: int, below: bool) -> bool:
        """Whether there is something to tell: what was told once is at most withdrawn."""
        sequence, stands, *_ = self.states.of(*self._holder(key), 1)[0]
        return below if not sequence else bool(stands) and not below and self.rule.settle != "sticky"

    def _holder(self, key: int) -> tuple[str, str, str]:
        code, ordinal = key_parts(key)
        period = self.writer.period_text(self.rule.period, ordinal)
        return self.rule.id, self.writer.people.id(code), period

    def _settle(self, key: int, below: bool, row: int, over: int, decisions: Decisions, origins) -> None:
        code, ordinal = key_parts(key)
        holder = self._holder(key)
        state = [list(tier) for tier in self.states.of(*holder, 1)]
        for _, granted in next_states(state, [below], self.rule.settle, rearm=False):
            self.states.set(*holder, state)
            seen, left = self.test.evidence(key, row, over, self.writer)
            texts = {
                "name": self.rule.course.model_dump(exclude_defaults=True),
                "threshold": self.test.text,
                "pays": "",
                "amount": None,
                "days_left": left,
                "workdays": left is not None,
            }
            award = self.writer.write(
                self.rule, "training", code, ordinal, 0, state[0][0], granted, seen, origins.of(row), texts
            )
            decisions.award(row, self.index, award)
