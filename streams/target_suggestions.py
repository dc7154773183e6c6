"""Targets suggested from history: median, percentile, growth on last year, seasonality. Exact and pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from schemas.money import SCALE
from schemas.plan import Kpi

#: Fewer periods than this are shown as thin ground for a target.
ENOUGH_PERIODS = 3
_ADDITIVE = ("sum", "count")


@dataclass(frozen=True, slots=True)
class Past:
    """What one employee reached in one period that is over."""

    employee: str
    period: str
    first_day: date
    value: Fraction


@dataclass(frozen=True, slots=True)
class Basis:
    """How much history stands behind a suggestion."""

    values: int
    people: int
    periods: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value by one method; None with the reason where the history does not allow it. ``at`` names one period."""

    method: str
    value: Fraction | None
    reason: str
    at: str = ""


def past_values(rows: Iterable[dict], kpi: str, period: str, last_day: int) -> list[Past]:
    """Values of periods that were over by ``last_day`` (days since the epoch), from rows of kpi-periods."""
    epoch = date(1970, 1, 1).toordinal()
    found = [
        Past(
            row["employee"],
            row["period"],
            date.fromordinal(epoch + row["first_day"]),
            Fraction(row["value"], SCALE),
        )
        for row in rows
        if (row["kpi"], row["period_kind"]) == (kpi, period)
        and row["value"] is not None
        and row["last_day"] <= last_day
    ]
    return sorted(found, key=lambda one: (one.first_day, one.employee))


def basis_of(past: list[Past]) -> Basis:
    """The numbers of values, people and periods; ``past`` is in order of time and not empty."""
    people, periods = {one.employee for one in past}, {one.period for one in past}
    return Basis(len(past), len(people), len(periods), past[0].period, past[-1].period)


def percentile(values: Iterable[Fraction], percent: Fraction) -> Fraction:
    """The value below which ``percent`` of the values lie, between neighbours in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = place.numerator // place.denominator
    if below + 1 >= len(ordered):
        return ordered[-1]
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def median(past: list[Past]) -> Suggestion:
    """What half of the values reach."""
    return Suggestion("median", percentile([one.value for one in past], Fraction(50)), "half of the values reach it")


def at_percentile(kpi: Kpi, past: list[Past], percent: Fraction) -> Suggestion:
    """What the better part of the values reach; where lower is better, counted from the other end."""
    rank = percent if kpi.direction == "up" else 100 - percent
    better = float(100 - percent)
    return Suggestion(
        "percentile",
        percentile([one.value for one in past], rank),
        f"{better:g} % of the values are at least as good",
    )


def growth(kpi: Kpi, past: list[Past], rate: Fraction) -> Suggestion:
    """The mean of the last twelve months and as much better as ``rate`` says; needs a year of history."""
    year = _last_year(past)
    if year is None:
        return Suggestion("growth", None, "less than a year of history")
    mean = sum((one.value for one in year), Fraction(0)) / len(year)
    better = mean * (1 + rate) if kpi.direction == "up" else mean / (1 + rate)
    basis = basis_of(year)
    reason = f"the mean of {basis.values} values of {basis.first} to {basis.last}, {float(rate * 100):+g} %"
    return Suggestion("growth", better, reason)


def seasonal(kpi: Kpi, past: list[Past], rate: Fraction, period: str) -> list[Suggestion]:
    """One value for each month (or quarter) of the coming year: the grown year by each one's share of the last.

    The people's mean year, spread as the year was spread; so the parts sum to the whole. Needs a year of history.
    """
    year = _last_year(past)
    if period not in ("month", "quarter") or kpi.aggregate not in _ADDITIVE:
        return [Suggestion("seasonal", None, "only for sums and counts by month or quarter")]
    if year is None:
        return [Suggestion("seasonal", None, "less than a year of history")]
    total = sum((one.value for one in year), Fraction(0))
    people = len({one.employee for one in year})
    whole = total / people * (1 + rate) if kpi.direction == "up" else total / people / (1 + rate)
    found = []
    for key in dict.fromkeys(one.period for one in year):
        share = sum((one.value for one in year if one.period == key), Fraction(0)) / total if total else Fraction(0)
        reason = f"{float(share * 100):.1f} % of the year fell on {key}"
        found.append(Suggestion("seasonal", whole * share, reason, f"{int(key[:4]) + 1:04d}{key[4:]}"))
    return found


def _last_year(past: list[Past]) -> list[Past] | None:
    """The values of the twelve months that end with the newest period; None where history is shorter."""
    if not past:
        return None
    newest = past[-1].first_day
    start = _year_before(newest)
    inside = [one for one in past if one.first_day > start]
    # a year is covered where something lies at its beginning, or before it
    months = {(one.first_day.year, one.first_day.month) for one in inside}
    covered = past[0].first_day <= start or len(months) == 12 or _quarters(inside) == 4
    return inside if covered else None


def _quarters(inside: list[Past]) -> int:
    keys = {one.period for one in inside}
    return len(keys) if all("-Q" in key for key in keys) else 0


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=min(day.day, 28))
