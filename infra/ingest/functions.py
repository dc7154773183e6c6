"""The functions that mapping expressions may call: name → (function, fewest and most arguments)."""
from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

_WIDE = Context(prec=50)
_MICROSECOND = timedelta(microseconds=1)
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


class ValueMissing(ValueError):
    """A value that is needed is missing in the row."""


def text_of(value: Any) -> str:
    """``value`` as people write it: a datetime at midnight as its date, a number without an exponent."""
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def round_to(value: Decimal, decimals: Decimal) -> Decimal:
    """``value`` with that many decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-int(decimals)), rounding=ROUND_HALF_UP, context=_WIDE)


def _span(start: datetime, end: datetime, unit: timedelta) -> Decimal:
    # Through UTC: datetimes of one zone subtract by the wall clock, which is wrong across a change of the clock.
    microseconds = (end.astimezone(UTC) - start.astimezone(UTC)) // _MICROSECOND
    return _WIDE.divide(Decimal(microseconds), Decimal(unit // _MICROSECOND))


def days(start: datetime, end: datetime) -> Decimal:
    """Calendar days from ``start`` to ``end``, by their dates; negative where end comes first."""
    return Decimal((end.date() - start.date()).days)


def minutes(start: datetime, end: datetime) -> Decimal:
    """Elapsed minutes from ``start`` to ``end``, with fraction."""
    return _span(start, end, timedelta(minutes=1))


def hours(start: datetime, end: datetime) -> Decimal:
    """Elapsed hours from ``start`` to ``end``, with fraction."""
    return _span(start, end, timedelta(hours=1))


def add_days(when: datetime, count: Decimal) -> datetime:
    """The same time of day ``count`` days later."""
    return when + timedelta(days=int(count))


def number(value: Any) -> Decimal:
    """A text read as a number."""
    return value if isinstance(value, Decimal) else Decimal(value.strip())


def slug(value: Any) -> str:
    """Lower case with hyphens, fit for an id: ``Group 70`` → ``group-70``."""
    return _NOT_IN_ID.sub("-", text_of(value).lower()).strip("-")


def either(*values: Any) -> Any:
    """The first value that is not missing, or None."""
    return next((value for value in values if value is not None), None)


FUNCTIONS: dict[str, tuple[Any, tuple[int, int]]] = {
    "round": (round_to, (2, 2)),
    "abs": (abs, (1, 1)),
    "min": (min, (2, 9)),
    "max": (max, (2, 9)),
    "number": (number, (1, 1)),
    "text": (text_of, (1, 1)),
    "days": (days, (2, 2)),
    "hours": (hours, (2, 2)),
    "minutes": (minutes, (2, 2)),
    "add_days": (add_days, (2, 2)),
    "date": (lambda when: when.date().isoformat(), (1, 1)),
    "slug": (slug, (1, 1)),
    "lower": (lambda value: value.lower(), (1, 1)),
    "upper": (lambda value: value.upper(), (1, 1)),
    "replace": (lambda value, old, new: value.replace(old, new), (3, 3)),
    "contains": (lambda value, part: part in value, (2, 2)),
    "either": (either, (1, 9)),
}
#: Functions that may be given missing values.
NULL_SAFE = frozenset({"either"})
