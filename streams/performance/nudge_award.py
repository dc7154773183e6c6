"""Nudges: told when a value comes within a stated distance of the next tier, and never for a tier already reached."""

from __future__ import annotations

import numpy as np

from schemas.plan import Plan
from schemas.plan_nudge import Nudge
from streams.performance.award_records import AwardWriter, bound_text, evidence, gap_to, pays_text
from streams.performance.award_states import AwardStates
from streams.performance.calendar import Calendar
from streams.performance.decisions import Decisions
from streams.performance.ladder import Ladder
from streams.performance.period_days import PeriodDays
from streams.performance.period_view import PeriodView
from streams.performance.running import key_parts

_Values = tuple[int, int, int]


class NudgeRule:
    """Of each tier it keeps the nudge (told how often, whether still close), and whether the tier was ever reached.

    It sees tiers by itself: the tier table's own states are those of the end of the batch.
    """

    def __init__(
        self,
        index: int,
        rule: Nudge,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self.table = rule.about
        self.view = views[self.table.kpi]
        self.ladder = Ladder.of_tiers(self.view.kpi, self.table.tiers)
        self.by = self.ladder.by
        self.bounds = [getattr(tier, self.by) for tier in self.table.tiers]
        self.near = Ladder.widened(self.view.kpi, self.bounds, self.by, rule.within)
        self.days = PeriodDays(plan, Calendar(plan), rule.period, rule.count == "workdays")

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
        for key in self.writer.people.ordered(table.keys[: table.size].tolist()):
            num, den = self.view.current(key)
            if den == 0 or not self.writer.people.eligible(self.rule.roles, self.rule.period, np.array([key]))[0]:
                continue
            values = num, den, self.view.target_of(key)
            reached, close = self._levels(*(np.array([one]) for one in values))
            self._settle(key, -1, (int(reached[0]), int(close[0])), values, None, decisions, origins)

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """A nudge never waits for the end of its period."""

    def earned(self) -> dict:
        """A nudge pays nothing."""
        return {}

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
        period = self.writer.period_text(self.rule.period, ordinal)
        holder = self.rule.id, self.writer.people.person(code).id, period
        before = self.states.of(*holder, 2 * len(self.bounds))
        state = [list(one) for one in before]
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
        chosen, kpi = self.table.tiers[tier], self.view.kpi
        bound = bound_text(kpi, self.bounds[tier], self.by)
        texts = {
            "name": (chosen.name or self.table.name).model_dump(exclude_defaults=True),
            "threshold": bound,
            "pays": pays_text(chosen),
            "amount": None,
            "next_tier": bound,
            "gap": gap_to(kpi, self.bounds[tier], self.by, *values),
            "days_left": left,
            "workdays": self.rule.count == "workdays" and left is not None,
        }
        seen = (evidence(self.view.kpi, *values),)
        return self.writer.write(self.rule, "nudge", code, ordinal, tier, sequence, True, seen, origin, texts)
