"""The plan: organisation, KPIs, targets, awards. One document, versioned, carried in-band through the topics.

Models check one field at a time; what spans fields is checked in plan_file.py, which knows line numbers.
Percentages (attainments, rates) are always written with a % sign, so that 80 and 0.8 cannot be confused.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from schemas.money import MAX_UNITS, to_fixed

_PERCENT = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*%\s*$")
_PERIOD = re.compile(r"^(day|week|month|quarter|year|rolling_[1-9]\d{0,2}d|[a-z][a-z0-9_]*)$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$"

CALENDAR_KINDS = ("day", "week", "month", "quarter", "year")


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


def _text(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Named = Annotated[Text, BeforeValidator(_text)]


class Employee(Model):
    """A person who is credited."""

    id: Id
    name: str = ""
    role: Id


class Team(Model):
    """The lowest organisational unit."""

    id: Id
    name: Named | None = None
    employees: tuple[Employee, ...] = ()


class Department(Model):
    """A department and its teams."""

    id: Id
    name: Named | None = None
    teams: tuple[Team, ...] = ()


class Organisation(Model):
    """Company → department → team → employee."""

    company: Id
    name: Named | None = None
    departments: tuple[Department, ...]


class EventType(Model):
    """An event type of the plan's own: its fields beside ``employee``, which every payload may carry."""

    fields: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Literal["string", "number", "boolean"]]
    required: tuple[str, ...] = ()


class Comparison(Model):
    """A filter by order: every bound given must hold."""

    gt: Number | None = None
    gte: Number | None = None
    lt: Number | None = None
    lte: Number | None = None


def _scalar(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


#: Compared with a field by the field's own type: text 3.5 matches the number 3.5 of a number field.
Scalar = Annotated[bool | int | str, BeforeValidator(_scalar)]
Filter = Comparison | tuple[Scalar, ...] | Scalar
Where = dict[str, Filter]


class Part(Model):
    """One side of a ratio: the count of matching events, or the sum of ``field`` over them.

    ``events`` narrows the KPI's own events (none: all of them); the KPI's own ``where`` holds as well.
    """

    events: tuple[Id, ...] = ()
    field: str | None = None
    where: Where = {}


class Kpi(Model):
    """One published definition of a KPI."""

    id: Id
    name: Named
    description: Named | None = None
    aggregate: Literal["sum", "count", "mean", "ratio", "distinct", "min", "max"]
    events: Annotated[tuple[Id, ...], Field(min_length=1)]
    field: str | None = None
    where: Where = {}
    numerator: Part | None = None
    denominator: Part | None = None
    unit: Literal["money", "count", "percent", "points", "minutes", "hours", "days", "number"] = "number"
    direction: Literal["up", "down"] = "up"
    #: Attainment where lower is better and the value is 0, since target ÷ 0 is undefined.
    attainment_at_zero: Percent = Decimal(1)
    #: Calendar periods whose values are published beside those that targets and awards use.
    periods: tuple[Period, ...] = ()


class Target(Model):
    """What those it applies to should reach on a KPI in each period, or in the one named by ``at``.

    The most specific wins: employee over role over team over department over everyone, then ``at`` over none.
    """

    kpi: Id
    period: Period
    value: Measure
    at: Key | None = None
    employee: Id | None = None
    role: Id | None = None
    team: Id | None = None
    department: Id | None = None


class Tier(Model):
    """A lower bound (inclusive), on attainment or on the value, and what it pays."""

    attainment: Percent | None = None
    value: Measure | None = None
    rate: Percent | None = None
    amount: Number | None = None
    name: Named | None = None


class Condition(Model):
    """One KPI at or beyond a bound, in the KPI's good direction, with enough events behind it."""

    kpi: Id
    attainment: Percent | None = None
    value: Measure | None = None
    min_sample: Annotated[int, Field(ge=0)] = 0


Settle = Literal["live", "sticky", "period_end"]


class TierAward(Model):
    """A tier table on one KPI: an award for each tier whose bound is not 0, money as ``pays`` says."""

    kind: Literal["tiers"] = "tiers"
    id: Id
    name: Named
    kpi: Id
    period: Period
    pays: Literal["marginal", "slab", "flat", "nothing"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False


class ThresholdAward(Model):
    """Reached when all (or any) conditions hold at once: a bonus, eligibility for promotion, or both."""

    kind: Literal["threshold"] = "threshold"
    id: Id
    name: Named
    period: Period
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    bonus: Number | None = None
    promotion: bool = False
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False


Award = Annotated[TierAward | ThresholdAward, Field(discriminator="kind")]


class CustomPeriod(Model):
    """A period of a company's own calendar: from ``start`` to the day before ``end`` or the next start."""

    key: Annotated[Key, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
    start: Date
    end: Date | None = None


class Crediting(Model):
    """How credit is given."""

    #: The day a refund counts on: its own, or the day of the sale it takes back.
    refund_date: Literal["refund", "sale"] = "refund"
    #: Days after its arrival for which an event is remembered: a repeated source + id is dropped as a duplicate, a
    #: refund finds its sale.
    horizon_days: Annotated[int, Field(ge=1, le=400)] = 35


class Plan(Model):
    """The whole plan. ``version`` grows with every change; the topics carry each version once."""

    plan: Id
    version: Annotated[int, Field(ge=1)] = 1
    timezone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    organisation: Organisation
    events: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], EventType] = {}
    calendars: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], tuple[CustomPeriod, ...]] = {}
    crediting: Crediting = Crediting()
    kpis: Annotated[tuple[Kpi, ...], Field(min_length=1)]
    targets: tuple[Target, ...] = ()
    awards: tuple[Award, ...] = ()
