"""Training: a course is recommended while a KPI stands below pace, or below a bound in the periods that are over.

Time comes from the log: a day is over once something credited in the partition happened on a later one. So besides
the rows of the KPI itself every row is looked at that brings a new day, for everybody whom the days over concern.
"""

from __future__ import annotations

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
        points = [
            _at(self.test.concerned(before, int(decisions.latest[row]) - 1), row)
            for row, before in decisions.new_days()
        ]
        turned = list(self.test.turning_points(decisions.latest))
        points.append(np.array(turned, np.int64).reshape(-1, 2).T)
        keys, rows = np.concatenate(points, axis=1)
        self._settle_all(keys, rows, decisions.latest[rows] - 1, decisions, origins)

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect: everybody is judged as of the last day that is over."""
        latest = self.states.clock.latest
        if latest is not None:
            keys, rows = _at(self.test.all(), -1)
            self._settle_all(keys, rows, np.full(len(keys), latest - 1), decisions, origins)

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """A recommendation never waits for the end of its period."""

    def earned(self) -> dict:
        """It pays nothing."""
        return {}

    def _settle_all(self, keys: np.ndarray, rows: np.ndarray, over: np.ndarray, decisions: Decisions, origins) -> None:
        """Judge each of ``keys`` after its row, with the days up to ``over`` gone; tell what turns, by row."""
        people = self.writer.people
        held = np.flatnonzero(people.eligible(self.rule.roles, self.rule.period, keys))
        at = held[np.lexsort((rows[held], keys[held]))]
        keys, rows, over = keys[at], rows[at], over[at]
        low = self.test.below(keys, rows, over)
        # what is as it was at the key's point before was told there
        same = (keys[1:] == keys[:-1]) & (low[1:] == low[:-1])
        found: dict[int, dict[int, tuple[bool, int]]] = {}
        for place in np.flatnonzero(np.append(True, ~same)[: len(keys)]).tolist():
            found.setdefault(int(rows[place]), {})[int(keys[place])] = bool(low[place]), int(over[place])
        for row, judged in sorted(found.items()):
            for key in people.ordered(key for key, (below, _) in judged.items() if self._turns(key, below)):
                below, gone = judged[key]
                self._settle(key, below, row, gone, decisions, origins)

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
        state = self.states.of(*holder, 1)
        for _, granted in next_states(state, [below], self.rule.settle, rearm=False):
            self.states.set(*holder, state)
            seen, left = self.test.evidence(key, row, over, self.writer)
            texts = {
                "name": self.rule.course.by_language(),
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


def _at(keys: np.ndarray, row: int) -> np.ndarray:
    """Points to judge: ``keys`` above, ``row`` with each of them below."""
    return np.stack([keys, np.full(len(keys), row)])
