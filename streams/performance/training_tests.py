"""When a KPI is low enough for a training to be recommended: below pace within a period, or in periods that are over.

A test is asked by period keys, each with a batch row (−1: as things stand) and the last day that is over. It also
says which keys a row, or a stretch of days that is over, can change.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from schemas.money import SCALE
from schemas.plan import Plan
from schemas.plan_conditions import Condition
from schemas.plan_training import Training
from schemas.results import KpiEvidence
from streams.performance.award_records import AwardWriter, bound_text, decimal_text, evidence, percent_text
from streams.performance.calendar import Calendar, date_of
from streams.performance.columns import distinct
from streams.performance.contributions import ADDITIVE
from streams.performance.ladder import NO_TARGET, Ladder
from streams.performance.pace import PersonDays, pace_of
from streams.performance.period_view import PeriodView
from streams.performance.quotients import product
from streams.performance.running import key_parts, period_key

#: No more periods in a row than so many are passed over.
_MOST_SKIPPED = 60
#: More days than there are, to make one number of a period and a day.
_DAYS = 1 << 20

_Seen = tuple[tuple[KpiEvidence, ...], int | None]


class _Test:
    """What both tests have in common."""

    def __init__(self, rule: Training, plan: Plan, view: PeriodView, people) -> None:
        self.rule, self.view, self.people = rule, view, people
        self.calendar = Calendar(plan)
        self.days = PersonDays(plan, self.calendar)
        self.min_sample = rule.min_sample * SCALE

    def values(self, key: int, row: int) -> tuple[int, int]:
        """Numerator and denominator after the row."""
        return self.view.current(key) if row < 0 else self.view.as_of(key, row)

    def person(self, key: int) -> tuple[str, str, int]:
        """Employee, kind of period and ordinal, as PersonDays is asked."""
        code, ordinal = key_parts(key)
        return self.people.id(code), self.rule.period, ordinal

    def keys(self) -> np.ndarray:
        """Keys of all periods in which somebody has a value."""
        return self.view.table.keys[: self.view.table.size]

    def ordinals(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last period with one of the days from ``first`` to ``last``, or none (the last before
        the first).
        """
        kind, calendar = self.rule.period, self.calendar
        low, high = calendar.first_ordinal(kind, first), calendar.first_ordinal(kind, last)
        if not calendar.has(kind, high) or calendar.span(kind, high)[0] > last:
            high -= 1
        return low, high


class PaceTest(_Test):
    """Below a part of what is expected by the last day that is over.

    It is about whoever was credited something on the KPI in the period or in the one before: of anybody else the log
    does not say whether they are measured by it at all.
    """

    def __init__(self, rule: Training, plan: Plan, view: PeriodView, people) -> None:
        super().__init__(rule, plan, view, people)
        self.kpi, self.ladder = view.kpi, Ladder(view.kpi, [rule.below_pace], "attainment")
        self.text = f"{self.kpi.id} below {percent_text(rule.below_pace)} of expected after {rule.after} days"

    def below(self, keys: np.ndarray, rows: np.ndarray, over: np.ndarray) -> np.ndarray:
        """Bool per key: enough days are over and the pace is below the bound."""
        num, den = self.view.all_as_of(keys, rows)
        known = (den != 0) | (self.view.all_as_of(keys - 1, rows)[1] != 0)
        return known & self._low(num, den, self.view.targets_of(keys), *self._counts(keys, over))

    def _days(self, key: int, over: int) -> tuple[int, int]:
        person = self.person(key)
        return self.days.total(*person), self.days.gone(*person, over)

    def _counts(self, keys: np.ndarray, over: np.ndarray) -> np.ndarray:
        """``_days`` of each key and day, counted once for all who are there at all times; (2, keys)."""
        codes, ordinals = key_parts(keys)
        _, firsts, which = np.unique(ordinals * _DAYS + over, return_index=True, return_inverse=True)
        shared = [("", self.rule.period, int(ordinals[at]), int(over[at])) for at in firsts.tolist()]
        counted = np.array([(self.days.total(*one[:3]), self.days.gone(*one)) for one in shared], np.int64)
        counted = counted.reshape(-1, 2)[which]
        if self.days.dated():
            for at, code in enumerate(codes.tolist()):
                if self.people.id(code) in self.days.dated():
                    counted[at] = self._days(int(keys[at]), int(over[at]))
        return counted.T

    def all(self) -> np.ndarray:
        """Every key that can be below."""
        return self._with_next(self.keys())

    def concerned(self, first: int, last: int) -> np.ndarray:
        """Keys of the periods that the days lie in."""
        low, high = self.ordinals(first, last)
        keys, ordinals = self.keys(), key_parts(self.keys())[1]
        within = keys[(ordinals >= low) & (ordinals <= high)]
        before = keys[(ordinals >= low - 1) & (ordinals < high)]
        return distinct(np.concatenate([within, self._with_next(before)]))

    def _with_next(self, keys: np.ndarray) -> np.ndarray:
        """The keys, and those of the same people's next periods."""
        ordinals, which = np.unique(key_parts(keys)[1], return_inverse=True)
        goes_on = np.array([self.calendar.has(self.rule.period, one + 1) for one in ordinals.tolist()], bool)
        return distinct(np.concatenate([keys, keys[goes_on[which]] + 1]))

    def turning_points(self, latest: np.ndarray) -> Iterator[tuple[int, int]]:
        """(period key, row) where a row of the batch changes the answer; days that go by are another matter."""
        run = self.view.running
        if run is None:
            return
        spread, over = run.group_of_row(), latest[run.rows] - 1
        days, gone = self._counts(run.keys[spread], over)
        target = self.view.targets(run.slots)[spread]
        before = run.before(run.num, run.base_num), run.before(run.den, run.base_den)
        turns = self._low(run.num, run.den, target, days, gone) != self._low(*before, target, days, gone)
        fresh = run.starts[run.base_den == 0]  # the first credit of all makes the person known, here and in the next
        turns[fresh] = True
        for place in np.flatnonzero(turns).tolist():
            yield int(run.keys[spread[place]]), int(run.rows[place])
        for place in fresh.tolist():
            for key in self._with_next(run.keys[spread[place : place + 1]]).tolist():
                yield key, int(run.rows[place])

    def _low(self, num: np.ndarray, den: np.ndarray, target: np.ndarray, days: np.ndarray, gone: np.ndarray):
        """Bool per row, as ``below``, of people who are known."""
        low = (target > 0) & (gone >= self.rule.after) & (den >= self.min_sample)
        if self.kpi.aggregate in ADDITIVE:
            # value ÷ (target × gone ÷ days), in whole numbers
            num, target = product(num, days), product(target, gone)
        else:
            low &= den > 0
        return low & (self.ladder.levels(num, den, target) == 0)

    def evidence(self, key: int, row: int, over: int, writer: AwardWriter) -> _Seen:
        """The KPI with what is expected by then, and the working days left."""
        days, gone = self._days(key, over)
        target = self.view.target_of(key)
        seen = evidence(self.view.kpi, *self.values(key, row), target)
        expected = pace_of(self.kpi, None, max(target, 0), days, gone).expected
        last = self.calendar.span(self.rule.period, key_parts(key)[1])[1]
        as_of = date_of(min(over, last)).isoformat()
        return (msgspec.structs.replace(seen, expected=decimal_text(expected), as_of=as_of),), days - gone


class RunTest(_Test):
    """Below a bound in so many periods running, all over; those without a working day are passed over."""

    def __init__(self, rule: Training, plan: Plan, view: PeriodView, people) -> None:
        super().__init__(rule, plan, view, people)
        by = "attainment" if rule.below_attainment is not None else "value"
        bound = getattr(rule, f"below_{by}")
        self.ladder = Ladder.of_condition(view.kpi, Condition.model_construct(kpi=rule.kpi, min_sample=0, **{
            "attainment": None, "value": None, by: bound}))  # fmt: skip
        worse = "above" if by == "value" and view.kpi.direction == "down" else "below"
        self.text = f"{rule.kpi} {worse} {bound_text(view.kpi, bound, by)} in {rule.periods} periods"

    def below(self, keys: np.ndarray, rows: np.ndarray, over: np.ndarray) -> np.ndarray:
        """Bool per key: the period is over and the last one of enough in a row that are low."""
        ordinals, which = np.unique(key_parts(keys)[1], return_inverse=True)
        ends = np.array([self.calendar.span(self.rule.period, one)[1] for one in ordinals.tolist()], np.int64)
        low = ends[which] <= over
        for at in np.flatnonzero(low).tolist():
            low[at] = self._is_below(int(keys[at]), int(rows[at]))
        return low

    def _is_below(self, key: int, row: int) -> bool:
        counts = self.days.total(*self.person(key))
        return bool(counts and len(self._run(key, row)) == self.rule.periods)

    def _run(self, key: int, row: int) -> list[int]:
        """The low periods up to this one, the latest first, as many as are asked for."""
        found = []
        for one in self._counted(key, -1):
            num, den = self.values(one, row)
            columns = (np.array([number], np.int64) for number in (num, den, self.view.target_of(one)))
            if len(found) == self.rule.periods or not self._low(*columns)[0]:
                break
            found.append(one)
        return found

    def _counted(self, key: int, step: int) -> Iterator[int]:
        """Keys of the person's periods from this one on, forwards or backwards, less those that are passed over."""
        code, ordinal = key_parts(key)
        skipped = 0
        while skipped <= _MOST_SKIPPED and self.calendar.has(self.rule.period, ordinal):
            one = int(period_key(code, ordinal))
            if self.days.total(*self.person(one)):
                skipped = 0
                yield one
            else:
                skipped += 1
            ordinal += step

    def _low(self, num: np.ndarray, den: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Bool per row: something was credited, often enough, and the bound is not reached."""
        low = (den > 0) & (den >= self.min_sample) & (self.ladder.levels(num, den, target) == 0)
        return low & (target > 0) if self.ladder.by == "attainment" else low

    def all(self) -> np.ndarray:
        """Every key that can be below."""
        return self.keys()

    def concerned(self, first: int, last: int) -> np.ndarray:
        """Keys of the periods that end on one of the days."""
        low, high = self.ordinals(first, last)
        if high >= low and self.calendar.span(self.rule.period, high)[1] > last:
            high -= 1
        keys, ordinals = self.keys(), key_parts(self.keys())[1]
        return keys[(ordinals >= low) & (ordinals <= high)]

    def turning_points(self, latest: np.ndarray) -> Iterator[tuple[int, int]]:
        """(period key, row) where a row turns a period, of it and of those after it that look back on it."""
        run = self.view.running
        if run is None:
            return
        spread, targets = run.group_of_row(), self.view.targets(run.slots)
        after = self._low(run.num, run.den, targets[spread])
        turns = after != run.before(after, self._low(run.base_num, run.base_den, targets))
        for place in np.flatnonzero(turns).tolist():
            key, row = int(run.keys[spread[place]]), int(run.rows[place])
            yield key, row
            for _, later in zip(range(self.rule.periods), self._counted(key, 1), strict=False):
                if self.view.table.find(later) >= 0:
                    yield later, row

    def evidence(self, key: int, row: int, over: int, writer: AwardWriter) -> _Seen:
        """The KPI in each of the periods, the earliest first; of a run that is no more in the period itself."""
        seen = []
        for one in reversed(self._run(key, row) or [key]):
            target = self.view.target_of(one)
            shown = evidence(self.view.kpi, *self.values(one, row), target if target > 0 else NO_TARGET)
            period = writer.period_text(self.rule.period, key_parts(one)[1])
            seen.append(msgspec.structs.replace(shown, period=period))
        return tuple(seen), None
