"""Field types of the plan: percentages, numbers, dates, ids, texts. Each refuses what could be misread.

Percentages (attainments, rates) are always written with a % sign, so that 80 and 0.8 cannot be confused.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from schemas.money import MAX_UNITS, to_fixed

_PERCENT = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*%\s*$")
_PERIOD = re.compile(r"^(day|week|month|quarter|year|rolling_[1-9]\d{0,2}d|[a-z][a-z0-9_]*)$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$"

#: Keeps every comparison of attainments and every rate within exact arithmetic.
_MAX_PERCENT = 10**6
_MAX_TEXT = 40


def _percent(value: object) -> Decimal:
    """The ratio that a percentage stands for: 80% is 0.8; at most four decimals of a percent."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT or not (found := _PERCENT.match(value)):
        raise ValueError("expected a percentage with its sign, such as 80%")
    percent = Decimal(found[1])
    if abs(percent) > _MAX_PERCENT:
        raise ValueError(f"expected a percentage of at most {_MAX_PERCENT}%")
    to_fixed(percent)
    return percent / 100


def _percent_text(value: Decimal) -> str:
    return f"{(value * 100).normalize():f}%"


def _number(value: object) -> Decimal:
    """A decimal number with at most four decimals, from a number or a text; never through a float."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError("expected a number")
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        raise ValueError("expected a number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(_no_number(value)) from error
    if not number.is_finite():
        raise ValueError("expected a number")
    if number and (number.adjusted() > _MAX_TEXT or abs(number) > MAX_UNITS * 1000):
        raise ValueError(f"expected a number of at most {MAX_UNITS * 1000}")
    to_fixed(number)
    return number


def _no_number(value: object) -> str:
    if isinstance(value, str) and _PERCENT.match(value):
        return "expected a number, not a percentage"
    return "expected a number, such as 1200 or 99.50, without separators or currency"


def _measure(value: object) -> Decimal:
    """A KPI's value: a number; KPIs of unit percent are measured in percent, so 95% and 95 are the same."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return _percent(value) * 100
    return _number(value)


def _written(value: object) -> object:
    """Ids that look like numbers keep the text they were written as: 007 stays 007."""
    return getattr(value, "text", value)


def _date(value: object) -> object:
    """Dates are written out; a bare number would be taken for seconds since the epoch."""
    if isinstance(value, date) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("expected a date such as 2026-03-31")


Percent = Annotated[Decimal, BeforeValidator(_percent), PlainSerializer(_percent_text)]
Number = Annotated[Decimal, BeforeValidator(_number), PlainSerializer(lambda n: f"{n:f}")]
Measure = Annotated[Decimal, BeforeValidator(_measure), PlainSerializer(lambda n: f"{n:f}")]
Id = Annotated[str, BeforeValidator(_written), Field(pattern=IDENTIFIER)]
Key = Annotated[str, BeforeValidator(_written)]
Date = Annotated[date, BeforeValidator(_date)]
Period = Annotated[str, Field(pattern=_PERIOD.pattern)]


class Model(BaseModel):
    """Base: unknown fields are errors, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Model):
    """A name or description in the languages that alerts and pages speak."""

    en: str
    zh: str = ""

    def by_language(self) -> dict[str, str]:
        """The texts that there are."""
        return {"en": self.en, "zh": self.zh} if self.zh else {"en": self.en}


def _text(value: object) -> object:
    if isinstance(value, (dict, Text)):
        return value
    if isinstance(value, str):
        return {"en": value}
    written = getattr(value, "text", "")
    raise ValueError(
        f'expected a text; write "{written}" with quotes' if written else "expected a text, or {en: …, zh: …}"
    )


Named = Annotated[Text, BeforeValidator(_text)]
