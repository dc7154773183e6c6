"""Values as business systems write them, to the form that events carry.

Every function raises ValueError with what was expected.
"""
from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from schemas.money import DECIMALS, SCALE
from schemas.rules import decimal_of
from schemas.times import TIME_BEFORE, TIME_FROM, ms_of, time_of

_DIGITS = 40
_EXACT = Context(prec=3 * _DIGITS)


def text_of(value: Any) -> str:
    """A JSON scalar as text: 1001 → "1001", 2.50 → "2.50", true → "true"."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and -20 < value.adjusted() < 20:
        return f"{value:f}"
    raise ValueError("expected a text or a number")


def decimal_text(value: Any, decimal_separator: str, group_separator: str) -> Decimal:
    """A number, or a text of one such as 1.234,50, as Decimal."""
    if isinstance(value, str):
        value = value.strip()
        if group_separator:
            value = _ungrouped(value, decimal_separator, group_separator)
        if decimal_separator != ".":
            if "." in value:
                raise ValueError(f"expected a number with decimal separator {decimal_separator}")
            value = value.replace(decimal_separator, ".")
    return decimal_of(value)


def _ungrouped(text: str, decimal_separator: str, group_separator: str) -> str:
    whole, point, decimals = text.partition(decimal_separator)
    groups = rf"[+-]?(?:\d{{1,3}}(?:{re.escape(group_separator)}\d{{3}})+|\d+)"
    if not re.fullmatch(groups, whole, re.ASCII):
        raise ValueError(f"expected groups of three digits set apart by {group_separator!r}")
    return whole.replace(group_separator, "") + point + decimals


def exact_division(number: Decimal, divisor: int) -> str:
    """The quotient as text, exact to four decimals; an inexact one is an error, never rounded."""
    if divisor == 1:
        return str(number)
    if len(number.as_tuple().digits) > _DIGITS or not -_DIGITS < number.adjusted() < _DIGITS:
        raise ValueError(f"expected a number of at most {_DIGITS} digits")
    fixed = Fraction(number) * SCALE / divisor
    if fixed.denominator != 1:
        raise ValueError(f"expected a number that divides by {divisor} within {DECIMALS} decimals")
    return str(Decimal(fixed.numerator).scaleb(-DECIMALS, _EXACT))


def from_epoch(value: Any, ms_per_unit: int) -> str:
    """RFC 3339 of seconds or milliseconds since the epoch."""
    number = decimal_of(value)
    if not number.is_finite() or number.adjusted() > 15:
        raise ValueError("expected seconds or milliseconds since 1970")
    ms = int(number * ms_per_unit)
    if not ms_of(TIME_FROM) <= ms < ms_of(TIME_BEFORE):
        raise ValueError("expected a time from 1990-01-01 to 2099-12-31 UTC")
    return time_of(ms).isoformat()


def from_format(value: Any, formats: tuple[str, ...], zone: str | None) -> str:
    """RFC 3339 of a text in the first of the strptime formats that fits; a zone in the text comes first."""
    text = text_of(value)
    for pattern in formats:
        try:
            found = datetime.strptime(text, pattern)
            local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone or "UTC"))
            return local.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"expected a time written as {' or '.join(formats)}")
