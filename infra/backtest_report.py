"""The results of a backtest as plain values: what ``kpistream backtest`` prints. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import msgspec

from infra.backtest_money import Money, amount_text, number_text
from schemas.dead_letters import DeadLetter
from schemas.money import SCALE, round_half_up, to_fixed
from schemas.plan import Plan
from schemas.plan_roll import roll_of
from schemas.results import Award
from schemas.times import time_of
from streams.backtest import BacktestResult
from streams.performance.calendar import Calendar, date_of, window_days
from streams.performance.ladder import value_of, value_scale
from streams.performance.pace import Pace, PersonDays, pace_of
from streams.rollups import UnitValue, unit_values

COUNTS = ("applied", "duplicate", "dead_lettered", "parked", "gaps")

#: Record number → (file, line) that it was read from.
PlaceOf = Callable[[int], tuple[str, int]]


@dataclass(frozen=True)
class Only:
    """What to show: one employee (and the units that he stands in), one period key; None for all."""

    employee: str | None = None
    period: str | None = None


def report_of(
    plan: Plan, result: BacktestResult, place_of: PlaceOf, only: Only | None = None
) -> dict[str, Any]:
    """Everything that came out, as JSON-able values; numbers are decimal texts, times ISO 8601 in UTC."""
    only = only or Only()
    units = _units_of(plan, only)
    awards = [
        award
        for award in result.awards
        if only.period in (None, award.period)
        and (units is None or award.employee == only.employee or (award.unit_kind, award.unit) in units)
    ]
    money = Money(plan, result, only.employee, only.period, units)
    letters = sorted(result.dead_letters, key=lambda letter: (letter.offset, letter.stage))
    return {
        "plan": plan.plan,
        "version": plan.version,
        "currency": plan.currency,
        "as_of": None if result.latest_day is None else date_of(result.latest_day).isoformat(),
        "kpis": _kpis(plan, result, only),
        "units": _units(plan, result, only, units),
        "awards": [_award(award) for award in awards],
        "earnings": money.lines(),
        "statements": money.statements(),
        "payouts": money.payouts(),
        "outcomes": _outcomes(result),
        "dead_letters": [_dead_letter(letter, place_of) for letter in letters],
    }


def _wanted(only: Only, employee: str, period: str) -> bool:
    return only.employee in (None, employee) and only.period in (None, period)


def _kpis(plan: Plan, result: BacktestResult, only: Only) -> list[dict]:
    rank = {kpi.id: number for number, kpi in enumerate((*plan.kpis, *plan.scorecards))}
    rows = [row for row in result.periods.values() if _wanted(only, row["employee"], row["period"])]
    rows.sort(
        key=lambda row: (
            rank[row["kpi"]],
            row["employee"],
            row["period_kind"],
            row["first_day"],
            row["period"],
        )
    )
    forecaster = _Forecaster(plan, result.latest_day)
    return [
        {name: row[name] for name in ("kpi", "employee", "period_kind", "period")}
        | {name: number_text(row[name]) for name in ("value", "target", "attainment")}
        | forecaster.of(row)
        for row in rows
    ]


class _Forecaster:
    """Pace and forecast in periods that are not over on the latest day of the log."""

    def __init__(self, plan: Plan, latest: int | None) -> None:
        self._latest, self._kpis = latest, {kpi.id: kpi for kpi in plan.kpis}
        self._calendar = Calendar(plan)
        self._days = PersonDays(plan, self._calendar)

    def of(self, row: dict) -> dict[str, str | None]:
        found = self._pace(row)
        pace = None if found.pace is None else found.pace * SCALE
        parts = {"expected": found.expected, "pace": pace, "forecast": found.forecast}
        return {name: None if one is None else number_text(round_half_up(one, 1)) for name, one in parts.items()}

    def _pace(self, row: dict) -> Pace:
        kpi, kind = self._kpis.get(row["kpi"]), row["period_kind"]
        if kpi is None or window_days(kind) or self._latest is None or self._latest >= row["last_day"]:
            return Pace(None, None, None)
        about = row["employee"], kind, self._calendar.parse(kind, row["period"])
        value = value_of(value_scale(kpi), row["numerator"], row["denominator"])
        days, gone = self._days.total(*about), self._days.gone(*about, self._latest)
        return pace_of(kpi, value, row["target"], days, gone)


def _units_of(plan: Plan, only: Only) -> set[tuple[str, str]] | None:
    """The units to show; None for all."""
    if only.employee is None:
        return None
    roll = roll_of(plan)
    places = roll.places(roll.position(only.employee))
    units = {("team", place.team) for place in places}
    units |= {("department", place.department) for place in places}
    return units | {("company", plan.organisation.company), ("manager", only.employee)}


def _unit_order(row: dict) -> tuple:
    return tuple(row[name] for name in ("kpi", "unit_kind", "unit", "period_kind", "first_day"))


def _units(plan: Plan, result: BacktestResult, only: Only, units: set[tuple[str, str]] | None) -> list[dict]:
    def against(one) -> dict:
        row = result.units.get((one.kpi, one.unit_kind, one.unit, one.period_kind, one.period), {})
        return {name: number_text(row.get(name)) for name in ("target", "attainment")}

    cards = {card.id for card in plan.scorecards}
    values = unit_values(result.days.values(), plan)
    values += [
        UnitValue(**{name: row[name] for name in UnitValue.__slots__})
        for row in sorted(result.units.values(), key=_unit_order)
        if (row["kpi"] in cards or row["unit_kind"] == "manager") and row["value"] is not None
    ]
    return [
        asdict(one) | {"value": number_text(one.value)} | against(one)
        for one in values
        if only.period in (None, one.period) and (units is None or (one.unit_kind, one.unit) in units)
    ]


def _award(award: Award) -> dict:
    fields = msgspec.to_builtins(award)
    names = (
        "award_id",
        "rule",
        "kind",
        "employee",
        "unit_kind",
        "unit",
        "period_kind",
        "period",
        "tier",
        "threshold",
        "pays",
        "sequence",
        "state",
        "amount",
        "next_tier",
        "gap",
        "late",
        "evidence",
        "cause",
    )
    row = {name: fields[name] for name in names}
    if award.amount is not None:
        row["amount"] = amount_text(to_fixed(Decimal(award.amount)), award.currency)
    row["cause"]["time"] = time_text(award.cause.time)
    return row


def _outcomes(result: BacktestResult) -> dict[str, int]:
    counted = [msgspec.json.decode(value) for value in result.outcomes.values()]
    return {name: sum(one[name] for one in counted) for name in COUNTS}


def _dead_letter(letter: DeadLetter, place_of: PlaceOf) -> dict:
    file, line = place_of(letter.offset)
    return {
        "file": file,
        "line": line,
        "reason": letter.reason,
        "detail": letter.detail,
        "stage": letter.stage,
    }


def time_text(ms: int) -> str:
    """A time in ms since the epoch as ISO 8601 in UTC, to the millisecond."""
    return time_of(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
