"""A payee's row of a payout as JSON: what goes to the topic ``payouts``, for HR and for the table."""

from __future__ import annotations

import msgspec


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


def encode_payout(payout: Payout) -> bytes:
    """JSON of one row."""
    return msgspec.json.encode(payout)


_DECODER = msgspec.json.Decoder(Payout)


def decode_payout(value: bytes) -> Payout:
    """A row from its JSON; raises msgspec.DecodeError."""
    try:
        return _DECODER.decode(value)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
