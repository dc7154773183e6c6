"""Payouts and payments in ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from clickhouse_driver import Client

from schemas.plan import Plan
from streams.ledger.draws import draws_of
from streams.ledger.payouts import Basis, Due, Payee, Version, payments, payouts, totals
from streams.performance.calendar import Calendar

_MONEY = ("lines", "earned", "guarantee", "advance", "recovery", "outstanding", "draw")
_PERIOD = "plan = %(plan)s AND period_kind = %(kind)s"


class PayoutTables:
    """Payouts and payments of one plan. ``now_ms`` is when what is written was made."""

    def __init__(self, client: Client, plan: Plan, now_ms: int) -> None:
        self._client, self._plan, self._now = client, plan, now_ms

    def make(self, kind: str, period: str) -> list[Version]:
        """The payout of a period from the lines as they are, and those of the later periods that have one already.

        What an earlier period advances the later ones recover, so they are made anew with it, all in one insert. Where
        nothing has changed the newest version stands.
        """
        keys = [period, *self._made_after(kind, period)]
        known = {key: self._newest(kind, key) for key in keys}
        earned = self._earned(kind, keys)
        bases = [
            Basis(earned[key], draws_of(self._plan, kind, key), [row.payee for row in known[key].rows]) for key in keys
        ]
        made = []
        for key, rows in zip(keys, payouts(bases, self._outstanding(kind, keys), self._plan.currency), strict=True):
            before = known[key]
            same = not rows or rows == before.rows
            made.append(
                before if same else Version(key, before.number + 1, self._plan.version, self._now, rows, new=True)
            )
        self._insert("payouts", _MONEY, [
            (kind, one.period, one.number, row.payee, *(getattr(row, name) for name in _MONEY))
            for one in made if one.new for row in one.rows
        ], plan_version=self._plan.version)  # fmt: skip
        return made

    def pay(self, kind: str, period: str) -> tuple[int, list[tuple[Payee, Decimal]]]:
        """Record what the newest payout is due beyond what was paid for the period; its version, and the payments."""
        newest = self._newest(kind, period)
        found = self._rows(
            "SELECT employee, unit, currency, sum(amount) FROM bi.payments "
            f"WHERE {_PERIOD} AND period = %(period)s GROUP BY employee, unit, currency",
            kind, period=period,
        )  # fmt: skip
        made = payments(newest.rows, {Payee(*payee): amount for *payee, amount in found})
        self._insert("payments", ("amount",), [(kind, period, newest.number, *one) for one in made])
        return newest.number, made

    def _newest(self, kind: str, period: str) -> Version:
        """The newest payout of a period; version 0 before the first."""
        found = self._rows(
            "SELECT payout_version, plan_version, toUnixTimestamp64Milli(made_at), employee, unit, currency, "
            f"{', '.join(_MONEY)} FROM bi.payouts WHERE {_PERIOD} AND period = %(period)s AND newest "
            "ORDER BY employee, unit, currency",
            kind, period=period,
        )  # fmt: skip
        if not found:
            return Version(period, 0, self._plan.version, self._now, [])
        return Version(period, *found[0][:3], [Due(Payee(*row[3:6]), *row[6:]) for row in found])

    def _made_after(self, kind: str, period: str) -> list[str]:
        """Later periods that have a payout, in their order."""
        calendar, later = Calendar(self._plan), {}
        for (key,) in self._rows(f"SELECT DISTINCT period FROM bi.payouts WHERE {_PERIOD}", kind):
            try:
                later[calendar.parse(kind, key)] = key
            except (KeyError, ValueError):  # the calendar has this period no more: it is a former one
                continue
        return [later[ordinal] for ordinal in sorted(later) if ordinal > calendar.parse(kind, period)]

    def _earned(self, kind: str, periods: Sequence[str]) -> dict[str, dict[Payee, tuple[int, Decimal]]]:
        """Lines posted in each period, but those of draws, which the payouts make.

        A line without money, which only tells what a cap withholds, is one too.
        """
        found = self._rows(
            "SELECT posted_in, employee, team, department, currency, count(), sum(amount) FROM bi.earnings "
            f"WHERE {_PERIOD} AND posted_in IN %(periods)s AND reason NOT IN ('guarantee', 'advance', 'recovery') "
            "GROUP BY posted_in, employee, team, department, currency",
            kind, periods=list(periods),
        )  # fmt: skip
        return {
            period: totals((Payee.of(*names), lines, sum_) for key, *names, lines, sum_ in found if key == period)
            for period in periods
        }

    def _outstanding(self, kind: str, periods: Sequence[str]) -> dict[Payee, Decimal]:
        """Advances not recovered by the payouts of other periods than ``periods``."""
        found = self._rows(
            "SELECT employee, unit, currency, sum(advance - recovery) FROM bi.payouts "
            f"WHERE {_PERIOD} AND newest AND period NOT IN %(periods)s GROUP BY employee, unit, currency",
            kind, periods=list(periods),
        )  # fmt: skip
        return {Payee(*names): left for *names, left in found}

    def _rows(self, query: str, kind: str, **more: object) -> list[tuple]:
        return self._client.execute(query, {"plan": self._plan.plan, "kind": kind, **more})

    def _insert(self, table: str, values: tuple[str, ...], rows: list[tuple], **more: object) -> None:
        """All in one insert. Rows: kind, period, version, payee, ``values``."""
        if not rows:
            return
        columns = ("plan", "period_kind", "period", "payout_version", "employee", "unit", "currency", *values, *more,
                   "version", "processed_at")  # fmt: skip
        made = datetime.fromtimestamp(self._now / 1000, UTC)
        whole = [
            (self._plan.plan, kind, period, version, payee.employee, payee.unit, payee.currency, *given,
             *more.values(), self._now, made)
            for kind, period, version, payee, *given in rows
        ]  # fmt: skip
        self._client.execute(f"INSERT INTO kpistream.{table} ({', '.join(columns)}) VALUES", whole)
