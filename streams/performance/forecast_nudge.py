"""Nudges by forecast: told when, at the pace so far, a period ends short of a tier by no more than a stated part.

They are decided once a day, as the next day begins in the log, so that a value which swings within a day tells nothing.
What adds up is forecast in proportion to working days, value × days ÷ gone; anything else as it stands.
"""

from __future__ import annotations

import msgspec
import numpy as np

from schemas.money import SCALE
from schemas.plan import Kpi, Plan
from schemas.plan_awards import TierAward
from schemas.plan_nudge import Nudge
from schemas.results import KpiEvidence
from streams.performance.award_records import decimal_text, evidence
from streams.performance.calendar import NO_PERIOD, date_of
from streams.performance.contributions import ADDITIVE
from streams.performance.decisions import Decisions
from streams.performance.ladder import attainment_of, value_of, value_scale
from streams.performance.nudging import Nudging
from streams.performance.pace import PersonDays, pace_of
from streams.performance.period_view import PeriodView
from streams.performance.quotients import product
from streams.performance.running import key_parts


class ForecastNudgeRule(Nudging):
    """Of each tier it keeps how often it was told, whether the forecast is still close, and how long it cools down."""

    def __init__(self, index: int, rule: Nudge, plan: Plan, views: dict[str, PeriodView], states, writer) -> None:
        super().__init__(index, rule, plan, views, states, writer)
        self.person_days = PersonDays(plan, self.calendar)

    def compared(self, kpi: Kpi) -> Kpi:
        """A forecast of what adds up is a fraction, as a mean is."""
        return kpi.model_copy(update={"aggregate": "mean"}) if kpi.aggregate in ADDITIVE else kpi

    def asked(self) -> TierAward:
        """The bounds alone: the sample is that of the value as it stands, not of a forecast."""
        return self.table.model_copy(update={"min_sample": 0})

    def decide(self, decisions: Decisions, origins) -> None:
        """Everybody with a value in the period of the day that is over, at each row that brings the next day, of which
        that row is already.
        """
        for row, _ in decisions.new_days():
            self._judge(row, int(decisions.latest[row]) - 1, decisions, origins)

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect: the next day decides."""

    def _judge(self, row: int, over: int, decisions: Decisions, origins) -> None:
        ordinal = self.calendar.ordinal(self.rule.period, over)
        if ordinal == NO_PERIOD:
            return
        left = int(self.days.left(np.array([ordinal]), np.array([over]))[0])
        if self.rule.days_left is not None and left > self.rule.days_left:
            return
        keys = self.view.table.keys[: self.view.table.size]
        keys = keys[key_parts(keys)[1] == ordinal]
        if not len(keys):
            return
        keys = keys[self.writer.people.eligible(self.rule.roles, self.rule.period, keys)]
        num, den = self.view.all_before(keys, row)
        keys, num, den = keys[den != 0], num[den != 0], den[den != 0]
        total, gone = self._person_days(keys, ordinal, over)
        judged = (gone >= self.rule.after) & (gone > 0) & (gone < total) & (den >= self.table.min_sample * SCALE)
        keys, num, den, total, gone = (column[judged] for column in (keys, num, den, total, gone))
        if not len(keys):
            return
        top, below = self._forecast(num, den, total, gone)
        targets = self.view.targets_of(keys)
        reached = self.ladder.levels(top, below, targets)
        close = self.near.levels(top, below, targets)
        at = {key: place for place, key in enumerate(keys.tolist())}
        for key in self.writer.people.ordered(at):
            place = at[key]
            figures = (int(num[place]), int(den[place]), int(targets[place]))
            forecast = (int(top[place]), int(below[place]), int(targets[place]))
            tier = int(reached[place]) if close[place] > reached[place] else None
            if self._tells(key, tier, over):
                counted = int(total[place]), int(gone[place])
                award = self._award(key, tier, figures, forecast, counted, over, left, origins.of(row))
                decisions.award(row, self.index, award)

    def _person_days(self, keys: np.ndarray, ordinal: int, over: int) -> tuple[np.ndarray, np.ndarray]:
        """Working days of each person's period, and how many of them are over."""
        people = [self.writer.people.id(code) for code in key_parts(keys)[0].tolist()]
        kind, days = self.rule.period, self.person_days
        total = [days.total(who, kind, ordinal) for who in people]
        gone = [days.gone(who, kind, ordinal, over) for who in people]
        return np.array(total, np.int64), np.array(gone, np.int64)

    def _forecast(
        self, num: np.ndarray, den: np.ndarray, total: np.ndarray, gone: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators of ``kpi``."""
        if self.view.kpi.aggregate not in ADDITIVE:
            return num, den
        return product(num, total), gone * SCALE

    def _tells(self, key: int, tier: int | None, over: int) -> bool:
        """Takes note of which tier the forecast is short of but close to (None: of none); True where that is told."""
        holder = self.holder(key)
        before = self.states.of(*holder, len(self.bounds))
        state = list(before)
        for number, (sequence, stands, *until) in enumerate(state):
            if stands and number != tier:
                state[number] = [sequence, 0, *until]
        told = False
        if tier is not None:
            sequence, stands, *until = state[tier]
            cools = until and over + 1 < until[0]
            told = not stands and not cools and (sequence == 0 or self.rule.rearm)
            if told:
                cool = [over + 1 + self.rule.cool_down_days] if self.rule.cool_down_days else []
                state[tier] = [sequence + 1, 1, *cool]
        if state != before:
            self.states.set(*holder, state)
        return told

    def _award(
        self, key: int, tier: int, figures: tuple[int, int, int], forecast: tuple[int, int, int],
        counted: tuple[int, int], over: int, left: int, origin,
    ):  # fmt: skip
        code, ordinal = key_parts(key)
        texts = self.texts(tier, forecast, left)
        sequence = self.states.of(*self.holder(key), len(self.bounds))[tier][0]
        seen = (self._seen(figures, forecast, counted, over),)
        return self.writer.write(self.rule, "nudge", code, ordinal, tier, sequence, True, seen, origin, texts)

    def _seen(
        self, figures: tuple[int, int, int], forecast: tuple[int, int, int], counted: tuple[int, int], over: int
    ) -> KpiEvidence:
        """The KPI as it stands, what is expected by then, and where that leads."""
        kpi, target = self.view.kpi, figures[2]
        expected = pace_of(kpi, None, target, *counted).expected if target > 0 else None
        ends = value_of(value_scale(self.kpi), *forecast[:2])
        reached = attainment_of(self.kpi, ends, target)
        return msgspec.structs.replace(
            evidence(kpi, *figures), expected=decimal_text(expected), as_of=date_of(over).isoformat(),
            forecast=decimal_text(ends), forecast_attainment=decimal_text(reached and reached * SCALE),
        )  # fmt: skip
