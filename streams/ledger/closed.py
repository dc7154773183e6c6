"""Payouts of the periods that a backtest closes, from its earning lines; what their draws add is lines too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.identity import draw_line_id
from schemas.money import from_fixed, to_fixed
from schemas.plan import Plan
from streams.ledger.draws import draws_of
from streams.ledger.payouts import Basis, Due, Payee, payouts, totals
from streams.performance.calendar import Calendar

#: Reasons of lines that are about draws, and the sign with which they count.
DRAW_REASONS = {"guarantee": 1, "advance": 1, "recovery": -1}


@dataclass(frozen=True)
class ClosedPeriod:
    """A closed period and its payout, as it is once every line is known."""

    kind: str
    period: str
    rows: list[Due]


def closed_periods(plan: Plan, closes: Iterable[tuple[str, str]], lines: Sequence[dict]) -> list[ClosedPeriod]:
    """Payouts by kind and in the order of the calendar. ``closes``: (kind, period); ``lines``: rows of earnings blocks.

    As if they were made at the end: in whatever order payouts are made, they come to the same.
    """
    calendar, found = Calendar(plan), []
    for kind in sorted({kind for kind, _ in closes}):
        periods = sorted({period for one, period in closes if one == kind}, key=lambda key: calendar.parse(kind, key))
        bases = [Basis(_earned(kind, period, lines), draws_of(plan, kind, period)) for period in periods]
        made = payouts(bases, {}, plan.currency)
        found += [ClosedPeriod(kind, period, rows) for period, rows in zip(periods, made, strict=True)]
    return found


def _earned(kind: str, period: str, lines: Sequence[dict]) -> dict[Payee, tuple[int, Decimal]]:
    return totals(
        (
            Payee.of(line["employee"], line["team"], line["department"], line["currency"]),
            1,
            from_fixed(line["amount"]),
        )
        for line in lines
        if (line["period_kind"], line["posted_in"]) == (kind, period)
    )


def draw_lines(plan: Plan, closed: Iterable[ClosedPeriod]) -> Iterator[dict]:
    """A line for each thing that a draw gives, lends or takes back, as rows of earnings blocks."""
    for one in closed:
        for row in one.rows:
            for reason, sign in DRAW_REASONS.items():
                money = sign * getattr(row, reason)
                if not money:
                    continue
                who, currency = row.payee.employee, row.payee.currency
                yield {
                    "line_id": draw_line_id(plan.plan, who, one.kind, one.period, currency, reason),
                    "rule": row.draw, "employee": who, "team": "", "department": "", "period_kind": one.kind,
                    "period": one.period, "posted_in": one.period, "amount": to_fixed(money), "withheld": 0,
                    "currency": currency, "basis": to_fixed(row.earned),
                    "value_after": to_fixed(row.outstanding), "reason": reason, "id": "", "award_id": "",
                }  # fmt: skip
