"""Threshold awards: all (or any) of several KPIs at their bounds at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from schemas.plan import Plan
from schemas.plan_awards import Condition, ThresholdAward
from streams.performance.award_records import AwardWriter, condition_text, evidence
from streams.performance.award_states import AwardStates, next_states
from streams.performance.columns import distinct
from streams.performance.decisions import Decisions
from streams.performance.ladder import Ladder
from streams.performance.period_view import PeriodView
from streams.performance.single_award import SingleAward


class _Check:
    """One condition on its KPI's view."""

    def __init__(self, condition: Condition, view: PeriodView, margin: Decimal | None) -> None:
        self.view = view
        self.ladder = self.lost = Ladder.of_condition(view.kpi, condition)
        if margin is not None:
            bound = getattr(condition, self.ladder.by)
            self.lost = Ladder.widened(view.kpi, [bound], self.ladder.by, margin, condition.min_sample)

    def holds(self, stands: bool, num: int, den: int, target: int) -> bool:
        """Whether the condition holds; for an award that stands, whether it is not lost."""
        return (self.lost if stands else self.ladder).level(num, den, target) > 0

    def turning_points(self) -> list[tuple[int, int]]:
        """(period key, row) of the current batch where the condition turns, or something comes or nothing is left."""
        run = self.view.running
        if run is None:
            return []
        targets = self.view.targets(run.slots)
        spread = run.group_of_row()
        some = (run.num != 0) | (run.den != 0)
        turns = some != run.before(some, (run.base_num != 0) | (run.base_den != 0))
        for ladder in dict.fromkeys((self.ladder, self.lost)):
            after = ladder.levels(run.num, run.den, targets[spread])
            turns |= after != run.before(after, ladder.levels(run.base_num, run.base_den, targets))
        at = np.flatnonzero(turns)
        return list(zip(run.keys[spread[at]].tolist(), run.rows[at].tolist(), strict=True))

    def rows_of(self, keys: set[int]) -> list[tuple[int, int]]:
        """(period key, row) of every row of the current batch in one of the periods."""
        if self.view.running is None:
            return []
        spread = self.view.running.group_of_row()
        pairs = zip(self.view.running.keys[spread].tolist(), self.view.running.rows.tolist(), strict=True)
        return [(key, row) for key, row in pairs if key in keys]


class ThresholdRule(SingleAward):
    """One threshold award."""

    def __init__(
        self,
        index: int,
        rule: ThresholdAward,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ):
        given = (("bonus", rule.bonus is not None), ("promotion", rule.promotion))
        super().__init__(index, rule, tuple(kind for kind, is_ in given if is_), states, writer)
        self.checks = [_Check(condition, views[condition.kpi], rule.margin) for condition in rule.all or rule.any]
        self.threshold = (" and " if rule.all else " or ").join(
            condition_text(views[condition.kpi].kpi, condition) for condition in rule.all or rule.any
        )

    def decide(self, decisions: Decisions, origins) -> None:
        """Decide the current batch: only where some condition turned can the award have."""
        # a row has one employee and one period, so rows alone give the order
        found = {(row, key) for check in self.checks for key, row in check.turning_points()}
        if self.rule.cool_down_days:
            found |= self._thaws({key for _, key in found})
        points = sorted(found)
        if not points:
            return
        rows, keys = np.array(points, np.int64).T
        counts = np.flatnonzero(self._considered(keys))
        for row, key in self._turning(rows[counts], keys[counts]):
            self._settle(key, row, lambda view, at=row, of=key: view.as_of(of, at), decisions, origins)

    def _turning(self, rows: np.ndarray, keys: np.ndarray) -> Iterator[tuple[int, int]]:
        """(row, key) where the award is reached and does not stand by then, or stands and is lost."""
        held, begun = [], np.zeros(len(keys), bool)
        for check in self.checks:
            num, den = check.view.all_as_of(keys, rows)
            begun |= (num != 0) | (den != 0)
            values = num, den, check.view.targets_of(keys)
            held.append([ladder.levels(*values) > 0 for ladder in (check.ladder, check.lost)])
        together = np.all if self.rule.all else np.any
        reached, kept = ((together(one, axis=0) & begun).tolist() for one in zip(*held, strict=True))
        for row, key, is_reached, is_kept in zip(rows.tolist(), keys.tolist(), reached, kept, strict=True):
            stands = bool(self.states.of(*self._holder(key), 1)[0][1])
            if stands != (is_kept if stands else is_reached):
                yield row, key

    def _considered(self, keys: np.ndarray) -> np.ndarray:
        """Bool per period key: whether a change there is looked at."""
        return self.writer.people.eligible(self.rule.roles, self.rule.period, keys)

    def _thaws(self, turning: set[int]) -> set[tuple[int, int]]:
        """Rows that may end a cool-down, which no condition shows: all of a period that cools or may begin to."""
        keys = {key for check in self.checks if check.view.running for key in check.view.running.keys.tolist()}
        keys = {key for key in keys if key in turning or self.states.cools(*self._holder(key))}
        return {(row, key) for check in self.checks for key, row in check.rows_of(keys)}

    def reconsider(self, earned_before: dict[int, int], decisions: Decisions, origins) -> None:
        """A plan took effect: decide every period that one of the KPIs has a value in, and every one awarded in.

        What stands where nothing is left to look at, as of a score that is nobody's any more, is lost.
        """
        self.change_bonus(earned_before, decisions, origins)
        tables = [check.view.table for check in self.checks]
        awarded = list(self.states.awarded_keys(self.rule, self.writer.people))
        keys = distinct(np.concatenate([*(table.keys[: table.size] for table in tables), np.array(awarded, np.int64)]))
        for key in self.writer.people.ordered(keys[self._considered(keys)].tolist()):
            self._settle(key, -1, lambda view, of=key: view.current(of), decisions, origins)

    def as_it_stands(self, key: int) -> tuple[str, tuple]:
        """The conditions, and how their KPIs stand."""
        return self.threshold, tuple(
            evidence(check.view.kpi, *check.view.current(key), check.view.target_of(key)) for check in self.checks
        )

    def _settle(self, key: int, row: int, values_of, decisions: Decisions, origins) -> None:
        holder = self._holder(key)
        state = self.states.of(*holder, 1)
        measured = [(*values_of(check.view), check.view.target_of(key)) for check in self.checks]
        stands = bool(state[0][1])
        held = [check.holds(stands, *values) for check, values in zip(self.checks, measured, strict=True)]
        begun = any(num or den for num, den, _ in measured)  # no complaints are no merit of who did nothing
        reached = begun and (all(held) if self.rule.all else any(held))
        rule, day = self.rule, decisions.day(row)
        for _, granted in next_states(state, [reached], rule.settle, rule.rearm, day, rule.cool_down_days):
            self.states.set(*holder, state)
            pairs = zip(self.checks, measured, strict=True)
            seen = tuple(evidence(check.view.kpi, *values) for check, values in pairs)
            self._announce(key, row, state[0][0], granted, seen, self.threshold, decisions, origins)
