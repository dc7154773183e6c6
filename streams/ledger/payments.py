"""Payments: what the log says was paid, and what is still to be paid. The log is the truth; tables follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.payouts import Payment
from streams.ledger.payouts import Due, Payee

_NONE = Decimal(0)


def payments(due: Iterable[Due], paid: Mapping[Payee, Decimal]) -> list[tuple[Payee, Decimal]]:
    """What is still to be paid, or to be taken back: the due amounts less what was paid for the period before.

    Whoever was paid and is due nothing any more gives it back.
    """
    amounts = dict.fromkeys(paid, _NONE) | {row.payee: row.amount for row in due}
    open_ = ((payee, amounts[payee] - paid.get(payee, _NONE)) for payee in sorted(amounts))
    return [(payee, amount) for payee, amount in open_ if amount]


def recorded(payments: Iterable[Payment]) -> dict[tuple, Payment]:
    """Payments by their key; of several records of one the one made last holds, as in the table."""
    found: dict[tuple, Payment] = {}
    for one in payments:
        before = found.get(one.key)
        if before is None or one.paid_at >= before.paid_at:
            found[one.key] = one
    return found


def paid_for(payments: Iterable[Payment], plan: str, kind: str, period: str) -> dict[Payee, Decimal]:
    """What each payee was paid for a period in all, over all versions of its payout."""
    found: dict[Payee, Decimal] = {}
    for one in payments:
        if (one.plan, one.period_kind, one.period) == (plan, kind, period):
            payee = Payee(one.employee, one.unit, one.currency)
            found[payee] = found.get(payee, _NONE) + Decimal(one.amount)
    return found
