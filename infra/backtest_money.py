"""The money of a backtest as plain values: lines, statements, payouts of closed periods. Pure."""

from __future__ import annotations

from collections import Counter

from schemas.money import DECIMALS, SCALE, format_fixed, minor_step, to_fixed
from schemas.plan import Plan
from streams.backtest import BacktestResult
from streams.ledger.closed import closed_periods, draw_lines


def number_text(fixed: int | None) -> str | None:
    """Ten-thousandths as decimal text, up to four decimals without trailing zeros."""
    if fixed is None:
        return None
    text = format_fixed(fixed, DECIMALS).rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def amount_text(fixed: int, currency: str) -> str:
    """Ten-thousandths of money with the digits of the currency's minor unit."""
    return format_fixed(fixed, len(str(SCALE // minor_step(currency))) - 1)


class Money:
    """What a backtest pays; with ``employee`` only what pays them or one of their ``units``, with ``period`` only what
    belongs to it or is posted in it.
    """

    def __init__(
        self,
        plan: Plan,
        result: BacktestResult,
        employee: str | None,
        period: str | None,
        units: set[tuple[str, str]] | None,
    ) -> None:
        self._plan, self._employee, self._period, self._units = plan, employee, period, units
        self._closed = closed_periods(plan, result.closes, result.earnings)
        self._lines = [
            line
            for line in (*result.earnings, *draw_lines(plan, self._closed))
            if period in (None, line["period"], line["posted_in"])
            and (units is None or line["employee"] == employee or _unit_paid(plan, line) in units)
        ]

    def lines(self) -> list[dict]:
        """Earning lines in the order of the log, those of draws behind them."""
        return [_line(self._plan, line) for line in self._lines]

    def statements(self) -> list[dict]:
        """By employee, or unit, and period: what it pays, how much of that adjusts closed periods, what it earned as
        now known. A closed period keeps its ``amount``; ``earned`` goes on with what came for it since.
        """
        totals: dict[tuple, Counter] = {}
        for line in self._lines:
            for period in {line["period"], line["posted_in"]}:
                key = (line["employee"], *_unit_paid(self._plan, line), line["period_kind"], period, line["currency"])
                total = totals.setdefault(key, Counter())
                if period == line["period"] and line["reason"] not in ("advance", "recovery"):
                    total["earned"] += line["amount"]
                if period == line["posted_in"]:
                    total["amount"] += line["amount"]
                    total["withheld"] += line["withheld"]
                    total["adjustments"] += line["amount"] if period != line["period"] else 0
        return [
            {"employee": employee, "unit_kind": unit_kind, "unit": unit, "period_kind": kind, "period": period}
            | {name: amount_text(total[name], currency) for name in ("amount", "adjustments", "withheld", "earned")}
            for (employee, unit_kind, unit, kind, period, currency), total in sorted(
                totals.items(), key=lambda entry: entry[0]
            )
            if self._period in (None, period)
        ]

    def payouts(self) -> list[dict]:
        """By closed period and payee: what is due."""
        shown = None
        if self._units is not None:
            shown = {kind if kind == "company" else f"{kind}:{unit}" for kind, unit in self._units}
        names = ("earned", "guarantee", "advance", "recovery", "amount", "outstanding")
        return [
            {"period_kind": one.kind, "period": one.period, "employee": row.payee.employee, "unit": row.payee.unit}
            | {"lines": row.lines, "draw": row.draw}
            | {name: amount_text(to_fixed(getattr(row, name)), row.payee.currency) for name in names}
            for one in self._closed
            for row in one.rows
            if self._period in (None, one.period)
            and (shown is None or row.payee.employee == self._employee or row.payee.unit in shown)
        ]


def _line(plan: Plan, line: dict) -> dict:
    unit_kind, unit = _unit_paid(plan, line)
    return {
        "line_id": line["line_id"],
        "rule": line["rule"],
        "employee": line["employee"],
        "unit_kind": unit_kind,
        "unit": unit,
        "period_kind": line["period_kind"],
        "period": line["period"],
        "posted_in": line["posted_in"],
        "amount": amount_text(line["amount"], line["currency"]),
        "withheld": amount_text(line["withheld"], line["currency"]),
        "basis": number_text(line["basis"]),
        "value_after": number_text(line["value_after"]),
        "reason": line["reason"],
        "cause_id": line["id"],
        "award_id": line["award_id"],
    }


def _unit_paid(plan: Plan, line: dict) -> tuple[str, str]:
    """The unit that a line without employee pays; two empty texts for one with."""
    if line["employee"]:
        return "", ""
    if line["team"]:
        return "team", line["team"]
    return ("department", line["department"]) if line["department"] else ("company", plan.organisation.company)
