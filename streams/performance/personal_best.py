"""Personal bests: a period is better than every earlier one of the same person, as their values stand now.

A credit can change its own period and, as one of the earlier ones, the periods after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec
import numpy as np

from schemas.money import SCALE
from schemas.plan import Plan
from schemas.plan_best import PersonalBest
from schemas.results import KpiEvidence
from streams.performance.award_records import AwardWriter, decimal_text, evidence
from streams.performance.award_states import AwardStates, next_states
from streams.performance.decisions import Decisions
from streams.performance.ladder import value_of, value_scale
from streams.performance.period_view import PeriodView
from streams.performance.running import Running, key_parts, period_key
from streams.performance.single_award import SingleAward

#: Earlier periods that count, and the key and value of the best one.
_Earlier = tuple[int, int, Fraction | None]
_NOTHING: _Earlier = (0, -1, None)


class PersonalBestRule(SingleAward):
    """One rule. Earlier periods are looked up in the view; nothing but its awards is kept."""

    def __init__(
        self,
        index: int,
        rule: PersonalBest,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        kinds = ("personal_best", "bonus") if rule.bonus is not None else ("personal_best",)
        super().__init__(index, rule, kinds, states, writer)
        self.view, self.scale = views[rule.kpi], value_scale(views[rule.kpi].kpi)
        self.sign = 1 if self.view.kpi.direction == "up" else -1
        self.ahead = Fraction(rule.ahead or 0)
        self.min_den = max(rule.min_sample * SCALE, 1)
        self._ordinals: dict[int, list[int]] = {}  # by employee's code, ascending
        self._known = 0  # slots of the view that are among them
        self._earlier: dict[int, tuple[int, _Earlier]] = {}  # by code: ordinal and what came before it

    def decide(self, decisions: Decisions, origins) -> None:
        """Of who is in the last of their periods the rows that turn it; of anybody else all rows, period by period."""
        run = self.view.running
        if run is None:
            return
        self._learn()
        codes, ordinals = key_parts(run.keys)
        _, person, groups = np.unique(codes, return_inverse=True, return_counts=True)
        last = np.array(list(map(self._is_last, codes.tolist(), ordinals.tolist())))
        plain = (groups[person] == 1) & last
        points = [(row, code, ordinal) for row, code, ordinal in self._turns(run, plain)]
        for group in np.flatnonzero(~plain).tolist():
            self._earlier.pop(int(codes[group]), None)
        may = np.array(list(map(self._may_turn, codes.tolist())))
        spread = run.group_of_row()
        for place in np.flatnonzero((~plain & may)[spread]).tolist():
            group = int(spread[place])
            points.append((int(run.rows[place]), int(codes[group]), int(ordinals[group])))
        for row, code, ordinal in sorted(points):
            self._settle(code, row, ordinal, decisions, origins)

    def _learn(self) -> None:
        """Take in periods that are new."""
        table = self.view.table
        for key in table.keys[self._known : table.size].tolist():
            code, ordinal = key_parts(key)
            mine = self._ordinals.setdefault(code, [])
            mine.append(ordinal)
            if len(mine) > 1 and mine[-2] > ordinal:
                mine.sort()
        self._known = table.size

    def _is_last(self, code: int, ordinal: int) -> bool:
        """Whether nothing was credited in a later period."""
        later = (one for one in reversed(self._ordinals[code]) if one > ordinal)
        return not any(self.view.current(int(period_key(code, one)))[1] for one in later)

    def _may_turn(self, code: int) -> bool:
        """Whether the person has an award, or periods enough for one."""
        mine = self._ordinals[code]
        return len(mine) > self.rule.min_periods or any(
            self.states.of(*self._holder(int(period_key(code, one))), 0) for one in mine
        )

    def _turns(self, run: Running, plain: np.ndarray) -> Iterator[tuple[int, int, int]]:
        """(row, code, ordinal) of rows where the value passes the best one, in the groups that are ``plain``."""
        for group in np.flatnonzero(plain).tolist():
            code, ordinal = key_parts(int(run.keys[group]))
            count, _, best = self._before(code, ordinal)
            if count < self.rule.min_periods:
                continue
            end = int(run.starts[group + 1]) if group + 1 < len(run.starts) else len(run.rows)
            rows = slice(int(run.starts[group]), end)
            now = self._beat(run.num[rows], run.den[rows], best)
            then = self._beat(run.base_num[group : group + 1], run.base_den[group : group + 1], best)
            for place in np.flatnonzero(now != np.append(then, now[:-1])).tolist():
                yield int(run.rows[rows][place]), code, ordinal

    def _before(self, code: int, ordinal: int) -> _Earlier:
        """What counts before a period that is the last one of the person, as things stand."""
        kept = self._earlier.get(code)
        if kept is None or kept[0] != ordinal:
            found = _NOTHING
            for one in self._ordinals[code]:
                if one < ordinal:
                    found = self._with(found, int(period_key(code, one)), -1)
            kept = self._earlier[code] = ordinal, found
        return kept[1]

    def _beat(self, num: np.ndarray, den: np.ndarray, best: Fraction) -> np.ndarray:
        """Bool per row, as ``_is_best``."""
        bound, strict = self._bound(best)
        below = den.astype(object) if self.scale.divides else 1
        left = num.astype(object) * (self.scale.factor * bound.denominator * self.sign)
        right = below * (bound.numerator * self.sign)
        return np.array((left > right) if strict else (left >= right), bool) & (den >= self.min_den)

    def _bound(self, best: Fraction) -> tuple[Fraction, bool]:
        """What must be reached to be better than ``best``; whether that itself is not enough."""
        bound = best + self.sign * abs(best) * self.ahead
        return bound, bound == best

    def _is_best(self, value: Fraction | None, earlier: _Earlier) -> bool:
        count, _, best = earlier
        if value is None or count < self.rule.min_periods:
            return False
        bound, strict = self._bound(best)
        return (value - bound) * self.sign > 0 or (value == bound and not strict)

    def _value(self, key: int, row: int) -> Fraction | None:
        """The value after a row; None where too little stands behind it."""
        num, den = self.view.current(key) if row < 0 else self.view.as_of(key, row)
        return value_of(self.scale, num, den) if den >= self.min_den else None

    def _with(self, earlier: _Earlier, key: int, row: int) -> _Earlier:
        """``earlier`` and one more period."""
        count, _, best = earlier
        value = self._value(key, row)
        if value is None:
            return earlier
        better = best is None or (value - best) * self.sign > 0
        return (count + 1, key, value) if better else (count + 1, *earlier[1:])

    def _settle(self, code: int, row: int, first: int, decisions: Decisions, origins) -> None:
        """The person's periods from ``first`` on."""
        earlier = _NOTHING
        for ordinal in self._ordinals[code]:
            key = int(period_key(code, ordinal))
            if ordinal >= first and self.writer.people.eligible(self.rule.roles, self.rule.period, np.array([key]))[0]:
                self._settle_one(key, row, earlier, decisions, origins)
            earlier = self._with(earlier, key, row)

    def _settle_one(self, key: int, row: int, earlier: _Earlier, decisions: Decisions, origins) -> None:
        holder = self._holder(key)
        state = self.states.of(*holder, 1)
        reached = self._is_best(self._value(key, row), earlier)
        for _, granted in next_states(state, [reached], self.rule.settle, self.rule.rearm):
            self.states.set(*holder, state)
            threshold, seen = self._shown(key, row, earlier)
            self._announce(key, row, state[0][0], granted, seen, threshold, decisions, origins)

    def _shown(self, key: int, row: int, earlier: _Earlier) -> tuple[str, tuple[KpiEvidence, ...]]:
        """The best value before, and the evidence: this period, and the best one before it."""
        seen = [self._evidence(key, row)]
        _, best, value = earlier
        if value is None:
            return self.view.kpi.id, tuple(seen)
        period = self.writer.period_text(self.rule.period, key_parts(best)[1])
        seen.append(msgspec.structs.replace(self._evidence(best, row), period=period))
        return f"{self.view.kpi.id} {decimal_text(value)} of {period}", tuple(seen)

    def _evidence(self, key: int, row: int) -> KpiEvidence:
        values = self.view.current(key) if row < 0 else self.view.as_of(key, row)
        return evidence(self.view.kpi, *values, self.view.target_of(key))

    def as_it_stands(self, key: int) -> tuple[str, tuple[KpiEvidence, ...]]:
        """As SingleAward has it, for an award that stands."""
        self._learn()
        code, ordinal = key_parts(key)
        earlier = _NOTHING
        for one in self._ordinals[code]:
            if one < ordinal:
                earlier = self._with(earlier, int(period_key(code, one)), -1)
        return self._shown(key, -1, earlier)

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect: everybody's periods in turn."""
        self.change_bonus(earned_before, decisions, origins)
        self._learn()
        firsts = [int(period_key(code, ordinals[0])) for code, ordinals in self._ordinals.items()]
        for code, first in map(key_parts, self.writer.people.ordered(firsts)):
            self._settle(code, -1, first, decisions, origins)
