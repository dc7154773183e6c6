"""Payouts in ClickHouse, which commands read and add to, and payments, which they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from decimal import Decimal

from clickhouse_driver import Client

from schemas.payouts import Payment
from schemas.plan import Plan
from streams.ledger.draws import draws_of
from streams.ledger.payments import paid_for, payments, recorded
from streams.ledger.payouts import Basis, Due, Payee, Version, payouts, totals
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
        self._insert(kind, [one for one in made if one.new])
        return made

    def pay(
        self, kind: str, period: str, logged: Iterable[Payment]
    ) -> tuple[int, list[Payment], list[Payment]]:
        """What the newest payout is due beyond what was paid for the period: its version, the payments to record, and
        those of any period that the table has and the log has not. Nothing is written.

        ``logged`` is all that the topic holds. The table may lag behind it, and has payments from before there was the
        topic.
        """
        newest, log = self._newest(kind, period), recorded(logged)
        unlogged = [one for key, one in recorded(self._stored()).items() if key not in log]
        paid = paid_for([*log.values(), *unlogged], self._plan.plan, kind, period)
        made = [
            Payment(self._plan.plan, kind, period, newest.number, *astuple(payee), f"{amount:.4f}", self._now)
            for payee, amount in payments(newest.rows, paid)
        ]
        return newest.number, made, unlogged

    def behind(self, published: Mapping[tuple[str, str], int]) -> tuple[str, int] | None:
        """A period and version of those ``published`` by (kind, period) that the table does not hold yet."""
        found = self._client.execute(
            "SELECT period_kind, period, max(payout_version) FROM bi.payouts WHERE plan = %(plan)s GROUP BY 1, 2",
            {"plan": self._plan.plan},
        )
        held = {(kind, period): version for kind, period, version in found}
        missing = (key for key, version in sorted(published.items()) if held.get(key, 0) < version)
        key = next(missing, None)
        return None if key is None else (key[1], published[key])

    def _stored(self) -> list[Payment]:
        """Payments of the table, of all plans."""
        found = self._client.execute(
            "SELECT plan, period_kind, period, payout_version, employee, unit, currency, amount, "
            "toUnixTimestamp64Milli(paid_at) FROM bi.payments"
        )
        return [Payment(*names, f"{amount:.4f}", paid_at) for *names, amount, paid_at in found]

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
            ordinal = calendar.find(kind, key)
            if ordinal is not None:  # else the calendar has this period no more: it is a former one
                later[ordinal] = key
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

    def _insert(self, kind: str, versions: Iterable[Version]) -> None:
        """All in one insert."""
        made = datetime.fromtimestamp(self._now / 1000, UTC)
        rows = [
            (self._plan.plan, kind, one.period, one.number, *astuple(row.payee),
             *(getattr(row, name) for name in _MONEY), self._plan.version, self._now, made)
            for one in versions for row in one.rows
        ]  # fmt: skip
        columns = (
            "plan", "period_kind", "period", "payout_version", "employee", "unit", "currency", *_MONEY, "plan_version",
            "version", "processed_at",
        )  # fmt: skip
        if rows:
            self._client.execute(f"INSERT INTO kpistream.payouts ({', '.join(columns)}) VALUES", rows)
