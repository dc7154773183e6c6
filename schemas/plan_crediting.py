"""How credit is given: refunds, memory, exchange rates, guards."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from schemas.plan_fields import Date, Id, Model, Number, Period
from schemas.plan_overlays import Overlay

#: Rates are kept as whole counts of ten-thousand-millionths, so that yen to dinar still has seven digits.
RATE_SCALE = 10**10
_MAX_RATE = 10**6


def _rate(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError("expected a number")
    try:
        rate = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("expected a number, such as 7.1234") from error
    if not rate.is_finite() or not 0 < rate <= _MAX_RATE:
        raise ValueError(f"expected a number above 0 and at most {_MAX_RATE}")
    if rate * RATE_SCALE != int(rate * RATE_SCALE):
        raise ValueError("expected at most 10 decimals")
    return rate


class Rate(Model):
    """What one unit of ``currency`` is worth in the plan's, from ``date`` to the next date of that currency."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    date: Date
    rate: Annotated[Decimal, BeforeValidator(_rate), PlainSerializer(lambda rate: f"{rate:f}")]


class Guard(Model):
    """A limit on what events of these types (none: all) are credited with, and when. The strictest holds."""

    events: tuple[Id, ...] = ()
    #: The most that is credited of one event's amount, in the plan's currency.
    cap: Number | None = None
    #: Credit counts so many times 24 hours after the event.
    hold_days: Annotated[int, Field(ge=0, le=400)] = 0
    #: How many events of one customer count per person in each period ``per``, for KPIs and awards.
    same_customer: Annotated[int, Field(ge=1)] | None = None
    per: Period = "day"


class Crediting(Model):
    """How credit is given."""

    #: The day a refund counts on: its own, or the day of the sale it takes back.
    refund_date: Literal["refund", "sale"] = "refund"
    #: The day a correction or cancellation counts on: that of the sale it is about, or its own.
    correction_date: Literal["sale", "correction"] = "sale"
    #: Days after its arrival for which an event is remembered: a repeated source + id is dropped as a duplicate, a
    #: refund finds its sale.
    horizon_days: Annotated[int, Field(ge=1, le=400)] = 35
    guards: tuple[Guard, ...] = ()
    overlays: tuple[Overlay, ...] = ()
