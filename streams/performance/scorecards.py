"""Scores: a scorecard is one more measure, whose value follows from the attainments of its KPIs after every credit.

It is seen as a KPI of unit percent with a ``PeriodView`` of its own, so that values are published and conditions
decided as for any KPI. Nothing is kept of it: restart and change of plan derive it from its KPIs' periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi
from schemas.plan_scorecards import Scorecard
from streams.performance.cells import CellTable
from streams.performance.columns import among, distinct
from streams.performance.ladder import attainment_of, value_of, value_scale
from streams.performance.period_view import PeriodView
from streams.performance.running import Running

#: Ten-thousandths of a percent: what doubles are asked about, and how near to a half they leave it to Fractions.
_LARGEST, _DOUBT = 1e9, 1e-3


class ScoreView:
    """The scores of one scorecard; ``view`` shows them, the sample being the number of KPIs with an attainment."""

    def __init__(self, card: Scorecard, parts: list[PeriodView], people) -> None:
        self.card, self.parts, self.people = card, parts, people
        measure = Kpi(id=card.id, name=card.name, aggregate="max", events=("score",), unit="percent")
        self.view = PeriodView(measure, 0, card.period, CellTable(1), None)
        self._weights = [Fraction(part.weight) for part in card.kpis]
        self._caps = [Fraction(part.cap) for part in card.kpis]
        self._least = [part.min_sample * SCALE for part in card.kpis]

    def fold(self) -> None:
        """After the KPIs took in a batch: the score after each row that moved one of them."""
        self.view.running = None
        runs = [part.running for part in self.parts if part.running is not None]
        if not runs:
            return
        keys = distinct(np.concatenate([run.keys for run in runs]))
        keys = keys[self.people.eligible(self.card.roles, self.card.period, keys)]
        now = [part.all_current(keys) for part in self.parts]
        counted = _measured(now) | self._measured_before(keys, runs)
        if not counted.any():
            return
        keys, now = keys[counted], [(num[counted], den[counted]) for num, den in now]
        width = max(int(run.rows.max()) for run in runs) + 2
        # a point is a row of the batch within its key; row 0 of a key stands for what was before the batch
        points = distinct(np.concatenate([np.arange(len(keys)) * width, *(_points(run, keys, width) for run in runs)]))
        of_point = points // width
        num, den = self._scores(
            [_as_of(part.running, *then, keys, points, width) for part, then in zip(self.parts, now, strict=True)],
            [part.targets_of(keys)[of_point] for part in self.parts],
        )
        first = points % width == 0
        rows = points[~first] % width - 1
        starts = np.flatnonzero(first) - np.arange(len(keys))
        slots = self.view.table.slots(keys)
        self.view.running = run = Running(
            rows, starts, slots, keys, num[~first], den[~first], num[first], den[first]
        )
        ends = run.ends()
        self.view.table.num[0, slots], self.view.table.den[0, slots] = run.num[ends], run.den[ends]
        self.view.dirty.append(slots)

    def lost(self, after: ScoreView | None) -> np.ndarray:
        """Slots whose score a change of plan ended: the scorecard went, or no longer applies to the person."""
        table = self.view.table
        keys = self.people.ordered(table.keys[self.measured()].tolist())  # slots depend on restarts
        gone = [key for key in keys if after is None or after.view.table.find(key) < 0]
        return np.array([table.find(key) for key in gone], np.int64)

    def measured(self) -> np.ndarray:
        """Slots of which something is left, as after a restart."""
        known = self.view.table.keys[: self.view.table.size]
        return np.flatnonzero(_measured([part.all_current(known) for part in self.parts]))

    def restore(self) -> None:
        """Derive every score from the KPIs' periods."""
        known = [part.table.keys[: part.table.size] for part in self.parts]
        keys = distinct(np.concatenate(known))
        keys = keys[self.people.eligible(self.card.roles, self.card.period, keys)] if len(keys) else keys
        now = [part.all_current(keys) for part in self.parts]
        counted = _measured(now)
        if not counted.any():
            return
        keys, now = keys[counted], [(num[counted], den[counted]) for num, den in now]
        slots = self.view.table.slots(keys)
        scores = self._scores(now, [part.targets_of(keys) for part in self.parts])
        self.view.table.num[0, slots], self.view.table.den[0, slots] = scores

    def _measured_before(self, keys: np.ndarray, runs: list[Running]) -> np.ndarray:
        """Bool per key: something was, before the batch or after some row of it, even if nothing is left of it."""
        some = [run.keys[(np.maximum.reduceat(run.den, run.starts) > 0) | (run.base_den > 0)] for run in runs]
        return among(keys, distinct(np.concatenate(some)))

    def _scores(
        self, values: list[tuple[np.ndarray, np.ndarray]], targets: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores in ten-thousandths of a percent, rounded half-up once; the number of KPIs measured, times SCALE.

        By KPI ``values``, numerators and denominators, and ``targets``, row for row.
        """
        begun, measured = np.zeros(len(targets[0]), bool), np.zeros(len(targets[0]), np.int64)
        attained = []
        for part, (num, den), target, least in zip(self.parts, values, targets, self._least, strict=True):
            begun |= den > 0
            one = Attained.of(part.kpi, num, den, target, least)
            measured += one.defined
            attained.append(one)
        scored = begun & (measured > 0)
        scores, clear = self._nearly(attained)
        for row in np.flatnonzero(scored & ~clear).tolist():
            scores[row] = self._exactly([one.at(row) for one in attained])
        return np.where(scored, scores, 0), np.where(scored, measured * SCALE, 0)

    def _nearly(self, attained: list[Attained]) -> tuple[np.ndarray, np.ndarray]:
        """Scores by doubles, and where they certainly round as the exact ones do.

        No operation is off by more than 2⁻⁵³ of its result, and there are fewer than ten of them for a KPI: a sum of
        terms below _LARGEST in all is off by far less than _DOUBT.
        """
        total, terms, weight = (np.zeros(len(attained[0].defined)) for _ in range(3))
        for one, share, cap in zip(attained, self._weights, self._caps, strict=True):
            ratio = np.minimum(one.value / one.against, float(cap))
            term = np.where(one.defined, ratio * float(share), 0.0)
            total, terms = total + term, terms + np.abs(term)
            weight += np.where(one.defined, float(share), 0.0)
        scale = np.full(len(total), 100.0 * SCALE)
        if self.card.missing == "redistribute":
            scale /= np.where(weight > 0, weight, 1.0)
        total, terms = total * scale, terms * scale
        rest = np.abs(total) % 1
        clear = (terms < _LARGEST) & (np.abs(rest - 0.5) > _DOUBT)
        return np.where(clear, np.copysign(np.floor(np.abs(total) + 0.5), total), 0).astype(np.int64), clear

    def _exactly(self, ratios: list[Fraction | None]) -> int:
        pairs = zip(ratios, self._weights, self._caps, strict=True)
        having = [(min(ratio, cap), share) for ratio, share, cap in pairs if ratio is not None]
        total = sum((ratio * share for ratio, share in having), Fraction(0))
        if self.card.missing == "redistribute":
            total /= sum(share for _, share in having)
        return round_half_up(total * 100 * SCALE, 1)


@dataclass(frozen=True, slots=True)
class Attained:
    """A KPI's attainments by row, where ``defined``: ``value`` over ``against`` as doubles, ``at`` exactly."""

    kpi: Kpi
    num: np.ndarray
    den: np.ndarray
    target: np.ndarray
    defined: np.ndarray
    value: np.ndarray
    against: np.ndarray

    @classmethod
    def of(cls, kpi: Kpi, num: np.ndarray, den: np.ndarray, target: np.ndarray, least: int) -> Attained:
        """Of a KPI's numerators, denominators and targets; with a denominator of ``least``, where that is not 0."""
        scale = value_scale(kpi)
        defined = target > 0
        if not scale.empty_is_zero:
            defined = defined & (den > 0)  # sales given away can leave less than nothing to divide by
        if least:
            defined = defined & (den >= least)
        value = num.astype(float) * scale.factor
        against = target.astype(float) * (den.astype(float) if scale.divides else 1.0)
        if kpi.direction == "down":
            none = num <= 0
            value, against = np.where(none, float(kpi.attainment_at_zero), against), np.where(none, 1.0, value)
        return cls(kpi, num, den, target, defined, value, np.where(defined, against, 1.0))

    def at(self, row: int) -> Fraction | None:
        """One row's attainment exactly, None where undefined."""
        if not self.defined[row]:
            return None
        value = value_of(value_scale(self.kpi), int(self.num[row]), int(self.den[row]))
        return attainment_of(self.kpi, value, int(self.target[row]))


def _places(run: Running, keys: np.ndarray) -> np.ndarray:
    """Place of each of the run's groups among ``keys``, −1 for a key that is not among them."""
    at = np.minimum(np.searchsorted(keys, run.keys), len(keys) - 1)
    return np.where(keys[at] == run.keys, at, -1)


def _points(run: Running, keys: np.ndarray, width: int) -> np.ndarray:
    place = _places(run, keys)[run.group_of_row()]
    return (place * width + run.rows + 1)[place >= 0]


def _measured(now: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Bool per key: one of the KPIs has something to divide by."""
    return np.any([den > 0 for _, den in now], axis=0)


def _as_of(
    run: Running | None, num: np.ndarray, den: np.ndarray, keys: np.ndarray, points: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators of a KPI at each point; ``num``, ``den`` as they are now, by key."""
    if run is None:
        return num[points // width], den[points // width]
    place = _places(run, keys)
    ours = place >= 0
    num[place[ours]], den[place[ours]] = run.base_num[ours], run.base_den[ours]
    own = place[run.group_of_row()]
    own_points = (own * width + run.rows + 1)[own >= 0]
    after_num, after_den = run.num[own >= 0], run.den[own >= 0]
    key = points // width
    if not len(own_points):
        return num[key], den[key]
    at = np.searchsorted(own_points, points, side="right") - 1
    found = (at >= 0) & (own_points[np.maximum(at, 0)] // width == key)
    return np.where(found, after_num[at], num[key]), np.where(found, after_den[at], den[key])
