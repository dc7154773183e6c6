"""Streaks: a threshold award whose conditions must have held in several periods, as their values stand now.

A credit can change its own period and, through it, the streaks of the periods after it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from schemas.plan import Plan
from schemas.plan_streak import Streak
from schemas.results import KpiEvidence
from streams.performance.award_records import AwardWriter, evidence
from streams.performance.award_states import AwardStates, next_states
from streams.performance.calendar import Calendar
from streams.performance.decisions import Decisions
from streams.performance.ladder import NO_TARGET
from streams.performance.pace import PersonDays
from streams.performance.period_view import PeriodView
from streams.performance.running import key_parts, period_key
from streams.performance.threshold_award import ThresholdRule

#: A streak does not outlast more periods in a row that are skipped.
_MOST_SKIPPED = 60


class StreakRule(ThresholdRule):
    """One streak rule. Periods are judged anew at each change; only awards are kept."""

    def __init__(
        self,
        index: int,
        rule: Streak,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        super().__init__(index, rule, plan, views, states, writer)
        self.kind = f"streak+{self.kind}"
        self._calendar = Calendar(plan)
        self._days = PersonDays(plan, self._calendar)
        self._skipped: dict[int, bool] = {}

    def _considered(self, keys: np.ndarray) -> np.ndarray:
        return np.ones(len(keys), bool)  # who can earn it is asked of the period that completes the streak

    def _turning(self, rows: np.ndarray, keys: np.ndarray) -> Iterator[tuple[int, int]]:
        return zip(rows.tolist(), keys.tolist(), strict=True)  # more than the period's own values decides

    def _settle(self, key: int, row: int, values_of, decisions: Decisions, origins) -> None:
        code, ordinal = key_parts(key)
        if self._skips(key):
            return
        reach = self.rule.window + (self.rule.each == "run")
        for number, later in enumerate(self._counted(code, ordinal, 1)):
            if number == reach:
                break
            if any(check.view.table.find(later) >= 0 for check in self.checks):
                self._settle_one(later, row, decisions, origins)

    def _settle_one(self, key: int, row: int, decisions: Decisions, origins) -> None:
        if not self.writer.people.eligible(self.rule.roles, self.rule.period, np.array([key]))[0]:
            return
        holder, known = self._holder(key), {}
        state = self.states.of(*holder, 1)
        reached = self._complete(key, row, known)
        if reached and self.rule.each == "run":
            code, ordinal = key_parts(key)
            before = next(self._counted(code, ordinal - 1, -1), None)
            reached = before is None or not self._complete(before, row, known)
        for _, granted in next_states(state, [reached], self.rule.settle, self.rule.rearm):
            self.states.set(*holder, state)
            seen = self._seen(key, row, known)
            self._announce(key, row, state[0][0], granted, seen, self.threshold, decisions, origins)

    def _complete(self, key: int, row: int, known: dict[int, bool]) -> bool:
        """Whether the conditions hold in the period and, with it, in enough of those that count."""
        return self._met(key, row, known) and sum(
            self._met(one, row, known) for one in self._window(key)
        ) >= self.rule.periods

    def _window(self, key: int) -> list[int]:
        """The periods that count, the latest first."""
        before = self._counted(*key_parts(key), -1)
        return [one for _, one in zip(range(self.rule.window), before, strict=False)]

    def _counted(self, code: int, ordinal: int, step: int) -> Iterator[int]:
        """Keys of the periods from ``ordinal`` on, forwards or backwards, that are not skipped."""
        skipped = 0
        while skipped <= _MOST_SKIPPED and self._calendar.has(self.rule.period, ordinal):
            key = int(period_key(code, ordinal))
            if self._skips(key):
                skipped += 1
            else:
                skipped = 0
                yield key
            ordinal += step

    def _skips(self, key: int) -> bool:
        """Whether the period is passed over: it follows from the plan alone."""
        if key not in self._skipped:
            code, ordinal = key_parts(key)
            worked = self._days.total(self.writer.people.id(code), self.rule.period, ordinal)
            idle = self.rule.without_workdays == "skip" and not worked
            aimless = self.rule.without_target == "skip" and any(
                check.ladder.by == "attainment" and check.view.target_of(key) in (0, NO_TARGET)
                for check in self.checks
            )
            self._skipped[key] = bool(idle or aimless)
        return self._skipped[key]

    def _met(self, key: int, row: int, known: dict[int, bool]) -> bool:
        """Whether the conditions hold in a period in which something was credited."""
        if key not in known:
            values = [self._values(check.view, key, row) for check in self.checks]
            known[key] = False
            if any(den for _, den, _ in values):
                held = [check.holds(False, *one) for check, one in zip(self.checks, values, strict=True)]
                known[key] = all(held) if self.rule.all else any(held)
        return known[key]

    @staticmethod
    def _values(view: PeriodView, key: int, row: int) -> tuple[int, int, int]:
        now = view.current(key) if row < 0 else view.as_of(key, row)
        return *now, view.target_of(key)

    def _seen(self, key: int, row: int, known: dict[int, bool]) -> tuple[KpiEvidence, ...]:
        """How the KPIs stood in each period of the streak, the earliest first; of a lost one in its own period too."""
        periods = [one for one in reversed(self._window(key)) if one == key or self._met(one, row, known)]
        return tuple(
            msgspec.structs.replace(
                evidence(check.view.kpi, *self._values(check.view, one, row)),
                period=self.writer.period_text(self.rule.period, key_parts(one)[1]),
            )
            for one in periods
            for check in self.checks
        )
