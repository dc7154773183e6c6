"""Payouts and payments in ClickHouse."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from clickhouse_driver import Client

from schemas.plan import Plan
from streams.ledger.draws import draws_of
from streams.ledger.payouts import Due, Payee, payments, payout, totals
from streams.performance.calendar import Calendar

_MONEY = ("lines", "earned", "guarantee", "advance", "recovery", "outstanding")
_PERIOD = "plan = %(plan)s AND period_kind = %(kind)s"


class PayoutTables:
    """Payouts and payments of one plan. ``now_ms`` is when what is written was made."""

    def __init__(self, client: Client, plan: Plan, now_ms: int) -> None:
        self._client, self._plan, self._now = client, plan, now_ms

    def make(self, kind: str, period: str) -> tuple[int, list[Due]]:
        """The payout of a period from the lines as they are, under a new version where anything has changed.

        Version 0: nobody is due anything.
        """
        version, before = self.newest(kind, period)
        rows = payout(
            self._earned(kind, period),
            draws_of(self._plan, kind, period),
            self._outstanding(kind, period),
            self._plan.currency,
            [row.payee for row in before],
        )
        if not rows or rows == before:
            return version, rows
        self._insert("payouts", _MONEY, [
            (kind, period, version + 1, row.payee, *(getattr(row, name) for name in _MONEY)) for row in rows
        ], plan_version=self._plan.version)  # fmt: skip
        return version + 1, rows

    def newest(self, kind: str, period: str) -> tuple[int, list[Due]]:
        """Version and rows of the newest payout, by payee; version 0 before the first."""
        found = self._rows(
            f"SELECT payout_version, employee, unit, currency, {', '.join(_MONEY)} FROM bi.payouts "
            f"WHERE {_PERIOD} AND period = %(period)s AND newest",
            kind, period,
        )  # fmt: skip
        rows = [Due(Payee(*payee), *money) for _, *payee, money in ((*row[:4], row[4:]) for row in found)]
        return max((row[0] for row in found), default=0), sorted(rows, key=lambda row: row.payee)

    def pay(self, kind: str, period: str) -> tuple[int, list[tuple[Payee, Decimal]]]:
        """Record what the newest payout is due beyond what was paid for the period; its version, and the payments."""
        version, due = self.newest(kind, period)
        found = self._rows(
            "SELECT employee, unit, currency, sum(amount) FROM bi.payments "
            f"WHERE {_PERIOD} AND period = %(period)s GROUP BY employee, unit, currency",
            kind, period,
        )  # fmt: skip
        made = payments(due, {Payee(*payee): amount for *payee, amount in found})
        if made:
            self._insert("payments", ("amount",), [(kind, period, version, payee, amount) for payee, amount in made])
        return version, made

    def _earned(self, kind: str, period: str) -> dict[Payee, tuple[int, Decimal]]:
        """Lines posted in the period. A line without money, which only tells what a cap withholds, is one too."""
        found = self._rows(
            "SELECT employee, team, department, currency, count(), sum(amount) FROM bi.earnings "
            f"WHERE {_PERIOD} AND posted_in = %(period)s GROUP BY employee, team, department, currency",
            kind, period,
        )  # fmt: skip
        return totals((Payee.of(*names), lines, amount) for *names, lines, amount in found)

    def _outstanding(self, kind: str, period: str) -> dict[Payee, Decimal]:
        """Advances not recovered by the payouts of the periods before."""
        calendar, left = Calendar(self._plan), {}
        ordinal = calendar.parse(kind, period)
        found = self._rows(
            "SELECT period, employee, unit, currency, advance - recovery FROM bi.payouts "
            f"WHERE {_PERIOD} AND newest AND advance != recovery",
            kind, period,
        )  # fmt: skip
        for key, *names, change in found:
            try:
                earlier = calendar.parse(kind, key) < ordinal
            except (KeyError, ValueError):  # the calendar has this period no more
                earlier = True
            if earlier:
                left[Payee(*names)] = left.get(Payee(*names), Decimal(0)) + change
        return left

    def _rows(self, query: str, kind: str, period: str) -> list[tuple]:
        return self._client.execute(query, {"plan": self._plan.plan, "kind": kind, "period": period})

    def _insert(self, table: str, money: tuple[str, ...], rows: list[tuple], **more: object) -> None:
        """All in one insert. Rows: kind, period, version, payee, values of ``money``."""
        columns = ("plan", "period_kind", "period", "payout_version", "employee", "unit", "currency", *money, *more,
                   "version", "processed_at")  # fmt: skip
        made = datetime.fromtimestamp(self._now / 1000, UTC)
        values = [
            (self._plan.plan, kind, period, version, payee.employee, payee.unit, payee.currency, *amounts,
             *more.values(), self._now, made)
            for kind, period, version, payee, *amounts in rows
        ]  # fmt: skip
        self._client.execute(f"INSERT INTO kpistream.{table} ({', '.join(columns)}) VALUES", values)
