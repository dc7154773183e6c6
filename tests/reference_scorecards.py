"""The naive reference of scores: weight × the lesser of attainment and cap, added up."""

from __future__ import annotations

from fractions import Fraction

from schemas.money import SCALE, round_half_up
from schemas.plan import Kpi
from schemas.plan_scorecards import Scorecard
from tests.reference_credits import Credit
from tests.reference_values import Values

#: A score as bounds see it.
SCORE = Kpi(id="score", name="score", aggregate="max", events=("score",))


def score(values: Values, card: Scorecard, employee: str, period: str, mine: list[Credit]) -> tuple:
    """The score in percent (None without one), and the number of KPIs with an attainment.

    ``mine`` are the credits of the employee.
    """
    if card.roles and values.standing(employee, card.period, period).role not in card.roles:
        return None, 0
    return _score(values, card, period, mine, "", lambda kpi: values.target(kpi, employee, card.period, period))


def unit_score(values: Values, card: Scorecard, unit_kind: str, unit: str, period: str, mine: list[Credit]) -> tuple:
    """The same of a whole unit, whose credits ``mine`` are; nothing for a kind that the scorecard does not name."""
    if unit_kind not in card.units:
        return None, 0
    return _score(
        values, card, period, mine, unit_kind,
        lambda kpi: values.unit_target(kpi, unit_kind, unit, card.period, period),
    )  # fmt: skip


def _score(values: Values, card: Scorecard, period: str, mine: list[Credit], unit_kind: str, target_of) -> tuple:
    found, begun = [], False
    for part in card.kpis:
        kpi = values.kpis[part.kpi]
        inside = [one for one in mine if values.within(card.period, period, values.day(one.time), None)]
        value, sample = values.value(kpi, [one for one in inside if values.counts(kpi, one)], unit_kind)
        begun |= value is not None and sample > 0  # a sale that changed hands within the unit is none
        if value is None and kpi.aggregate in ("sum", "count", "distinct"):
            value = Fraction(0)
        attainment = values.attainment(kpi, value, target_of(kpi.id))
        if attainment is not None and sample >= part.min_sample:
            found.append((Fraction(part.weight), min(Fraction(part.cap), attainment)))
    if not begun or not found:
        return None, 0
    total = sum(weight * attainment for weight, attainment in found)
    if card.missing == "redistribute":
        total /= sum(weight for weight, _ in found)
    return Fraction(round_half_up(total * 100 * SCALE, 1), SCALE), len(found)
