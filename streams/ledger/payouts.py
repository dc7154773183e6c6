"""The payout of a period: what each payee is due, from the earning lines posted in it and from draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

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
    """A payee's row of a payout; ``outstanding``: advances still to be recovered after it."""

    payee: Payee
    lines: int
    earned: Decimal
    guarantee: Decimal = _NONE
    advance: Decimal = _NONE
    recovery: Decimal = _NONE
    outstanding: Decimal = _NONE

    @property
    def amount(self) -> Decimal:
        """What is due in all; negative where more was taken back than earned."""
        return self.earned + self.guarantee + self.advance - self.recovery


def totals(parts: Iterable[tuple[Payee, int, Decimal]]) -> dict[Payee, tuple[int, Decimal]]:
    """Number and sum of earning lines by payee, from lines or from partial sums, in any order."""
    found: dict[Payee, tuple[int, Decimal]] = {}
    for payee, lines, amount in parts:
        before = found.get(payee, (0, _NONE))
        found[payee] = before[0] + lines, before[1] + amount
    return found


def payout(
    earned: Mapping[Payee, tuple[int, Decimal]],
    draws: Mapping[str, Draw],
    outstanding: Mapping[Payee, Decimal],
    currency: str,
    known: Iterable[Payee] = (),
) -> list[Due]:
    """The rows of a period's payout by payee; draws are in the plan's ``currency``.

    Whoever has a draw is paid it, also without any line. ``known``: payees of the version before, who keep a row even
    where nothing is left of it, so that every version says all.
    """
    payees = {*earned, *known, *(Payee(employee, "", currency) for employee in draws)}
    rows = []
    for payee in sorted(payees):
        lines, sum_ = earned.get(payee, (0, _NONE))
        before = outstanding.get(payee, _NONE)
        draw = draws.get(payee.employee) if payee.currency == currency else None
        more = drawn(draw, sum_, before)
        rows.append(
            Due(payee, lines, sum_, more.guarantee, more.advance, more.recovery, before + more.advance - more.recovery)
        )
    return rows


def payments(due: Iterable[Due], paid: Mapping[Payee, Decimal]) -> list[tuple[Payee, Decimal]]:
    """What is still to be paid, or to be taken back: the due amounts less what was paid for the period before.

    Whoever was paid and is due nothing any more gives it back.
    """
    amounts = dict.fromkeys(paid, _NONE) | {row.payee: row.amount for row in due}
    open_ = ((payee, amounts[payee] - paid.get(payee, _NONE)) for payee in sorted(amounts))
    return [(payee, amount) for payee, amount in open_ if amount]
