"""The payout of a period: what each payee is due, from the earning lines posted in it and from draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from schemas.payouts import Payout
from schemas.plan import Plan
from schemas.plan_draws import Draw
from streams.ledger.draws import drawn

_NONE = Decimal(0)


@dataclass(frozen=True, order=True)
class Payee:
    """Who is paid in which currency: an employee, or a unit itself (``team:north``, ``company``)."""

    employee: str
    unit: str
    currency: str

    @classmethod
    def of(cls, employee: str, team: str, department: str, currency: str) -> Payee:
        """The payee of an earning line, which names the unit it is paid to where it names no employee."""
        if employee:
            return cls(employee, "", currency)
        return cls("", f"team:{team}" if team else f"department:{department}" if department else "company", currency)


@dataclass(frozen=True)
class Due:
    """A payee's row of a payout; ``outstanding``: advances still to be recovered after it; ``draw``: its id, or ''."""

    payee: Payee
    lines: int
    earned: Decimal
    guarantee: Decimal = _NONE
    advance: Decimal = _NONE
    recovery: Decimal = _NONE
    outstanding: Decimal = _NONE
    draw: str = field(default="", compare=False)

    @property
    def amount(self) -> Decimal:
        """What is due in all; negative where more was taken back than earned."""
        return self.earned + self.guarantee + self.advance - self.recovery


@dataclass(frozen=True)
class Version:
    """A version of a period's payout; ``number`` 0 and no rows: nobody is due anything. ``made_ms``: since the epoch;
    ``new``: made just now, and not known from before.
    """

    period: str
    number: int
    plan_version: int
    made_ms: int
    rows: list[Due]
    new: bool = False


@dataclass(frozen=True)
class Basis:
    """What a period's payout follows from, beside advances of the periods before it: number and sum of lines by payee,
    draws by employee, and ``known``, the payees of the version before. Those keep a row even where nothing is left of
    it, so that every version says all.
    """

    earned: Mapping[Payee, tuple[int, Decimal]]
    draws: Mapping[str, Draw]
    known: Iterable[Payee] = ()


def totals(parts: Iterable[tuple[Payee, int, Decimal]]) -> dict[Payee, tuple[int, Decimal]]:
    """Number and sum of earning lines by payee, from lines or from partial sums, in any order."""
    found: dict[Payee, tuple[int, Decimal]] = {}
    for payee, lines, amount in parts:
        before = found.get(payee, (0, _NONE))
        found[payee] = before[0] + lines, before[1] + amount
    return found


def payouts(periods: Iterable[Basis], outstanding: Mapping[Payee, Decimal], currency: str) -> list[list[Due]]:
    """The rows of the payouts of periods in a row, by payee; what one leaves to be recovered the next one finds.

    ``outstanding``: advances of the periods before them. Draws are in the plan's ``currency``.
    """
    left, made = dict(outstanding), []
    for basis in periods:
        rows = payout(basis, left, currency)
        left |= {row.payee: row.outstanding for row in rows}
        made.append(rows)
    return made


def payout(basis: Basis, outstanding: Mapping[Payee, Decimal], currency: str) -> list[Due]:
    """The rows of one period's payout. Whoever has a draw is paid it, also without any line."""
    payees = {*basis.earned, *basis.known, *(Payee(employee, "", currency) for employee in basis.draws)}
    rows = []
    for payee in sorted(payees):
        lines, sum_ = basis.earned.get(payee, (0, _NONE))
        before = outstanding.get(payee, _NONE)
        draw = basis.draws.get(payee.employee) if payee.currency == currency else None
        more = drawn(draw, sum_, before)
        left = before + more.advance - more.recovery
        rows.append(
            Due(payee, lines, sum_, more.guarantee, more.advance, more.recovery, left, draw.id if draw else "")
        )
    return rows


def records(plan: Plan, kind: str, version: Version) -> list[Payout]:
    """The rows of a version as they are published."""
    return [
        Payout(
            plan.plan, version.plan_version, kind, version.period, version.number, row.payee.employee, row.payee.unit,
            row.payee.currency, row.lines,
            *(f"{value:.4f}" for value in (
                row.earned, row.guarantee, row.advance, row.recovery, row.amount, row.outstanding,
            )),
            row.draw, version.made_ms,
        )
        for row in version.rows
    ]  # fmt: skip
