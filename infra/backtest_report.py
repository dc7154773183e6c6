"""The results of a backtest as plain values: what ``kpistream backtest`` prints. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import msgspec

from schemas.dead_letters import DeadLetter
from schemas.money import DECIMALS, SCALE, format_fixed, minor_step, to_fixed
from schemas.plan import Plan
from schemas.results import Award
from schemas.times import time_of
from streams.backtest import BacktestResult
from streams.organisation import assignments_of
from streams.rollups import unit_values

COUNTS = ("applied", "duplicate", "dead_lettered", "parked", "gaps")

#: Record number → (file, line) that it was read from.
PlaceOf = Callable[[int], tuple[str, int]]


@dataclass(frozen=True)
class Only:
    """What to show: one employee (and the units that he stands in), one period key; None for all."""

    employee: str | None = None
    period: str | None = None


def number_text(fixed: int | None) -> str | None:
    """Ten-thousandths as decimal text, up to four decimals without trailing zeros."""
    if fixed is None:
        return None
    text = format_fixed(fixed, DECIMALS).rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def amount_text(fixed: int, currency: str) -> str:
    """Ten-thousandths of money with the digits of the currency's minor unit."""
    return format_fixed(fixed, len(str(SCALE // minor_step(currency))) - 1)


def report_of(
    plan: Plan, result: BacktestResult, place_of: PlaceOf, only: Only | None = None
) -> dict[str, Any]:
    """Everything that came out, as JSON-able values; numbers are decimal texts, times ISO 8601 in UTC."""
    only = only or Only()
    awards = [award for award in result.awards if _wanted(only, award.employee, award.period)]
    lines = [line for line in result.earnings if _wanted(only, line["employee"], line["period"])]
    letters = sorted(result.dead_letters, key=lambda letter: (letter.offset, letter.stage))
    return {
        "plan": plan.plan,
        "version": plan.version,
        "currency": plan.currency,
        "kpis": _kpis(plan, result, only),
        "units": _units(plan, result, only),
        "awards": [_award(award) for award in awards],
        "earnings": [_line(line) for line in lines],
        "statements": _statements(lines),
        "outcomes": _outcomes(result),
        "dead_letters": [_dead_letter(letter, place_of) for letter in letters],
    }


def _wanted(only: Only, employee: str, period: str) -> bool:
    return only.employee in (None, employee) and only.period in (None, period)


def _kpis(plan: Plan, result: BacktestResult, only: Only) -> list[dict]:
    rank = {kpi.id: number for number, kpi in enumerate(plan.kpis)}
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
    return [
        {name: row[name] for name in ("kpi", "employee", "period_kind", "period")}
        | {name: number_text(row[name]) for name in ("value", "target", "attainment")}
        for row in rows
    ]


def _units(plan: Plan, result: BacktestResult, only: Only) -> list[dict]:
    units = None
    if only.employee is not None:
        places = next(held for _, held in assignments_of(plan) if held[0].employee == only.employee)
        units = {("team", place.team) for place in places}
        units |= {("department", place.department) for place in places}
        units |= {("company", plan.organisation.company)}
    return [
        asdict(one) | {"value": number_text(one.value)}
        for one in unit_values(result.days.values(), plan)
        if only.period in (None, one.period) and (units is None or (one.unit_kind, one.unit) in units)
    ]


def _award(award: Award) -> dict:
    fields = msgspec.to_builtins(award)
    names = (
        "award_id",
        "rule",
        "kind",
        "employee",
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
        "evidence",
        "cause",
    )
    row = {name: fields[name] for name in names}
    if award.amount is not None:
        row["amount"] = amount_text(to_fixed(Decimal(award.amount)), award.currency)
    row["cause"]["time"] = time_text(award.cause.time)
    return row


def _line(line: dict) -> dict:
    return {
        "line_id": line["line_id"],
        "rule": line["rule"],
        "employee": line["employee"],
        "period_kind": line["period_kind"],
        "period": line["period"],
        "amount": amount_text(line["amount"], line["currency"]),
        "basis": number_text(line["basis"]),
        "value_after": number_text(line["value_after"]),
        "reason": line["reason"],
        "cause_id": line["id"],
        "award_id": line["award_id"],
    }


def _statements(lines: list[dict]) -> list[dict]:
    """Sums of the earning lines by employee and period."""
    totals: dict[tuple, int] = {}
    for line in lines:
        key = (line["employee"], line["period_kind"], line["period"], line["currency"])
        totals[key] = totals.get(key, 0) + line["amount"]
    return [
        {"employee": employee, "period_kind": kind, "period": period, "amount": amount_text(total, currency)}
        for (employee, kind, period, currency), total in sorted(totals.items())
    ]


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
