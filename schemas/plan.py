"""The plan: organisation, KPIs, targets, awards. One document, versioned, carried in-band through the topics.

Models check one field at a time; what spans fields is checked in plan_file.py, which knows line numbers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_attendance import Weekday
from schemas.plan_awards import Award
from schemas.plan_crediting import Crediting, Rate
from schemas.plan_decomposition import Decomposition
from schemas.plan_draws import Draw
from schemas.plan_employees import Employees
from schemas.plan_fields import Date, Id, Key, Measure, Model, Named, Percent, Period
from schemas.plan_filters import Where
from schemas.plan_fiscal import Fiscal
from schemas.plan_managers import Handover
from schemas.plan_nudge import bind_nudges
from schemas.plan_scorecards import Scorecard
from schemas.plan_units import UnitKind

CALENDAR_KINDS = ("day", "week", "month", "quarter", "year")


class Team(Model):
    """The lowest organisational unit."""

    id: Id
    name: Named | None = None
    manager: Id | None = None
    handovers: tuple[Handover, ...] = ()
    employees: Employees = ()


class Department(Model):
    """A department and its teams."""

    id: Id
    name: Named | None = None
    manager: Id | None = None
    handovers: tuple[Handover, ...] = ()
    teams: tuple[Team, ...] = ()


class Organisation(Model):
    """Company → department → team → employee."""

    company: Id
    name: Named | None = None
    #: Who leads the company as a whole; departments and teams have theirs.
    manager: Id | None = None
    handovers: tuple[Handover, ...] = ()
    departments: tuple[Department, ...]
    #: The day of a period whose team and role decide on its targets and awards; credits go by the event's own day.
    standing: Literal["period_end", "period_start"] = "period_end"
    #: What a plan that says anew who stood where on past days does to what was credited on them.
    backdated: Literal["keep", "move"] = "keep"


class EventType(Model):
    """An event type of the plan's own: its fields beside ``employee``, which every payload may carry."""

    name: Named | None = None
    fields: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Literal["string", "number", "boolean"]]
    required: tuple[str, ...] = ()


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


#: What counts where the target in force changes within a period.
Change = Literal["day_weighted", "latest", "first"]


class Target(Model):
    """What those it applies to should reach on a KPI in each period, or in the one named by ``at``.

    The most specific wins: employee over role over team over department over everyone, then ``at`` over none.
    With ``start`` or ``end`` it is in force from the one to the day before the other.
    """

    kpi: Id
    period: Period
    value: Measure
    at: Key | None = None
    employee: Id | None = None
    role: Id | None = None
    team: Id | None = None
    department: Id | None = None
    #: The target is for units of this kind as a whole, not for each person.
    unit: UnitKind | None = None
    start: Date | None = None
    end: Date | None = None
    #: None: as the plan's ``target_change``.
    change: Change | None = None
    #: What of it somebody has who is not in force on every day of a period.
    prorate: Literal["none", "days", "workdays"] = "none"
    #: Parts of it in the first, second, … period after somebody's start; all of it from then on.
    ramp: tuple[Percent, ...] = ()


class CustomPeriod(Model):
    """A period of a company's own calendar: from ``start`` to the day before ``end`` or the next start."""

    key: Annotated[Key, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
    start: Date
    end: Date | None = None


class Plan(Model):
    """The whole plan. ``version`` grows with every change; the topics carry each version once."""

    plan: Id
    version: Annotated[int, Field(ge=1)] = 1
    timezone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    organisation: Organisation
    events: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], EventType] = {}
    calendars: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], tuple[CustomPeriod, ...]] = {}
    fiscal: Fiscal | None = None
    workdays: tuple[Weekday, ...] = ()
    holidays: tuple[Date, ...] = ()
    crediting: Crediting = Crediting()
    rates: tuple[Rate, ...] = ()
    #: What comes for a closed period: counts there and is paid as an adjustment, or counts in the open one.
    late: Literal["event_date", "process_date"] = "event_date"
    kpis: Annotated[tuple[Kpi, ...], Field(min_length=1)]
    targets: tuple[Target, ...] = ()
    scorecards: tuple[Scorecard, ...] = ()
    target_change: Change = "day_weighted"
    decompositions: tuple[Decomposition, ...] = ()
    awards: tuple[Award, ...] = ()
    draws: tuple[Draw, ...] = ()

    def model_post_init(self, context: object) -> None:
        """Bring nudges together with what they are about."""
        bind_nudges(self.awards)
