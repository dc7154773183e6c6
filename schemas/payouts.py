"""A payee's row of a payout, and one of a payment, as JSON: the topics ``payouts`` and ``payments``."""

from __future__ import annotations

import msgspec

from schemas.json_decoding import decoder


class Payout(msgspec.Struct, frozen=True):
    """What one payee is due for a period, in one version of its payout.

    Amounts are decimal texts in ``currency``; amount = earned + guarantee + advance - recovery. Of the versions of a
    period the highest holds; the same row sent twice says the same.
    """

    plan: str
    plan_version: int  # in force when the payout was made
    period_kind: str
    period: str
    payout_version: int
    employee: str  # '' where a unit itself is paid
    unit: str  # team:id, department:id or company where a unit itself is paid
    currency: str
    lines: int  # earning lines posted in the period
    earned: str
    guarantee: str
    advance: str
    recovery: str
    amount: str
    outstanding: str  # advances still to be recovered after it
    draw: str  # the draw that held, '' for none
    made_at: int  # ms since the epoch


class Payment(msgspec.Struct, frozen=True):
    """What was recorded as paid to one payee for a period, beyond what was recorded for it before.

    ``amount`` is a decimal text in ``currency``, negative where money was taken back.
    """

    plan: str
    period_kind: str
    period: str
    payout_version: int  # of the payout that was paid
    employee: str  # '' where a unit itself was paid
    unit: str
    currency: str
    amount: str
    paid_at: int  # ms since the epoch

    @property
    def key(self) -> tuple[str, str, str, int, str, str, str]:
        """What makes it one payment: recorded twice it is the same, of two records the later holds."""
        return (
            self.plan, self.period_kind, self.period, self.payout_version, self.employee, self.unit, self.currency,
        )  # fmt: skip


def encode_payout(row: Payout | Payment) -> bytes:
    """JSON of one row."""
    return msgspec.json.encode(row)


_PAYOUT, _PAYMENT = decoder(Payout), decoder(Payment)


def decode_payout(value: bytes | None) -> Payout:
    """A payout's row from its JSON; raises msgspec.DecodeError."""
    return _PAYOUT(value)


def decode_payment(value: bytes | None) -> Payment:
    """A payment from its JSON; raises msgspec.DecodeError."""
    return _PAYMENT(value)
