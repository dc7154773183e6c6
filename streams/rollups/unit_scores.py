"""Scores of whole units: a scorecard over the unit's own values and targets. Pure, exact, nothing kept."""

from __future__ import annotations

from fractions import Fraction

from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi
from schemas.plan_scorecards import Scorecard
from streams.performance.ladder import attainment_of, value_of, value_scale


def measure_of(card: Scorecard) -> Kpi:
    """The scorecard seen as a KPI of unit percent, whose sample is the number of KPIs with an attainment."""
    return Kpi(id=card.id, name=card.name, aggregate="max", events=("score",), unit="percent")


def score_of(card: Scorecard, measured: list[tuple[Kpi, int, int, int]]) -> tuple[int, int]:
    """Score in ten-thousandths of a percent, and how many KPIs have an attainment, times SCALE (0: no score).

    ``measured`` has KPI, numerator, denominator and target (NO_TARGET: none) of each part of the scorecard.
    """
    total = weight = Fraction(0)
    count = 0
    for part, (kpi, num, den, target) in zip(card.kpis, measured, strict=True):
        attainment = attainment_of(kpi, value_of(value_scale(kpi), num, den), target)
        if attainment is None or (part.min_sample and den < part.min_sample * SCALE):
            continue
        total += Fraction(part.weight) * min(attainment, Fraction(part.cap))
        weight += Fraction(part.weight)
        count += 1
    if not count or not any(den > 0 for _, _, den, _ in measured):
        return 0, 0
    if card.missing == "redistribute":
        total /= weight
    return round_half_up(total * 100 * SCALE, 1), count * SCALE
