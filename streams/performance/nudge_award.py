"""Nudges: told when a value comes within a stated distance of the next tier, and never for a tier already reached."""

from __future__ import annotations

import numpy as np

from streams.performance.award_records import evidence
from streams.performance.decisions import Decisions
from streams.performance.nudging import Nudging
from streams.performance.running import key_parts

_Values = tuple[int, int, int]


class NudgeRule(Nudging):
    """Of each tier it keeps the nudge (told how often, whether still close), and whether the tier was ever reached.

    It sees tiers by itself: the tier table's own states are those of the end of the batch.
    """

    def decide(self, decisions: Decisions, origins) -> None:
        """Rows where a tier or its nearness turns and, with ``days_left``, all that are close in those days."""
        run = self.view.running
        if run is None:
            return
        eligible = self.writer.people.eligible(self.rule.roles, self.rule.period, run.keys)
        if not eligible.any():
            return
        spread, targets = run.group_of_row(), self.view.targets(run.slots)
        base = self._levels(run.base_num, run.base_den, targets) * (run.base_den != 0)
        now = self._levels(run.num, run.den, targets[spread])
        turns = (now[0] != run.before(now[0], base[0])) | (now[1] != run.before(now[1], base[1]))
        left = self._left(run.keys[spread], decisions.days[run.rows]) if self.days.ends else None
        if self.rule.days_left is not None:
            turns |= (now[1] > now[0]) & (left <= self.rule.days_left)
        for at in np.flatnonzero(turns & eligible[spread]).tolist():
            values = int(run.num[at]), int(run.den[at]), int(targets[spread[at]])
            days = int(left[at]) if left is not None else None
            key, row = int(run.keys[spread[at]]), int(run.rows[at])
            self._settle(key, row, (int(now[0, at]), int(now[1, at])), values, days, decisions, origins)

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect. With ``days_left`` nothing is told: a change of plan happens on no day of a period."""
        table = self.view.table
        for key in self.writer.people.taking_part(self.rule, table.keys[: table.size].tolist()):
            num, den = self.view.current(key)
            if den == 0:
                continue
            values = num, den, self.view.target_of(key)
            reached, close = self._levels(*(np.array([one]) for one in values))
            self._settle(key, -1, (int(reached[0]), int(close[0])), values, None, decisions, origins)

    def _levels(self, num: np.ndarray, den: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Two rows: how many tiers are reached, and how many are close or reached."""
        return np.stack([ladder.levels(num, den, target) for ladder in (self.ladder, self.near)])

    def _left(self, keys: np.ndarray, days: np.ndarray) -> np.ndarray:
        return self.days.left(key_parts(keys)[1], days)

    def _settle(
        self, key: int, row: int, levels: tuple[int, int], values: _Values, left: int | None, decisions: Decisions,
        origins,
    ) -> None:  # fmt: skip
        code, ordinal = key_parts(key)
        holder = self.holder(key)
        before = self.states.of(*holder, 2 * len(self.bounds))
        state = list(before)
        reached, close = levels
        limit = self.rule.days_left
        in_time = limit is None or (left is not None and left <= limit)
        for tier in range(len(self.bounds)):
            (sequence, stands), passed = state[2 * tier], 2 * tier + 1
            if tier < reached:
                state[passed] = [1, 0]
            if tier != reached or close <= tier:
                state[2 * tier] = [sequence, 0]
            elif in_time and not stands and not state[passed][0] and (sequence == 0 or self.rule.rearm):
                state[2 * tier] = [sequence + 1, 1]
                award = self._award(code, ordinal, tier, sequence + 1, values, left, origins.of(row))
                decisions.award(row, self.index, award)
        if state != before:
            self.states.set(*holder, state)

    def _award(self, code: int, ordinal: int, tier: int, sequence: int, values: _Values, left: int | None, origin):
        seen, texts = (evidence(self.kpi, *values),), self.texts(tier, values, left)
        return self.writer.write(self.rule, "nudge", code, ordinal, tier, sequence, True, seen, origin, texts)
