"""Awards that compare the people of a unit: honours, first to reach, bonus pools."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.plan_conditions import Condition
from schemas.plan_fields import Id, Measure, Model, Named, Number, Percent, Period

#: Where people are compared with each other.
Within = Literal["team", "department", "company"]
Places = Annotated[int, Field(ge=1, le=999)]


class Honour(Model):
    """The best of a unit by a KPI or a score, among those who meet the conditions."""

    kind: Literal["honour"] = "honour"
    id: Id
    name: Named
    kpi: Id
    period: Period
    by: Literal["value", "attainment"] = "value"
    top: Places
    ties: Literal["competition", "dense"] = "competition"
    unit: Within = "company"
    all: tuple[Condition, ...] = ()
    prize: Number | None = None
    roles: tuple[Id, ...] = ()
    settle: Literal["period_end", "live"] = "period_end"

    compares_people: ClassVar[bool] = True

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs, or scorecards, that it looks at."""
        return (self.kpi, *(condition.kpi for condition in self.all))


class First(Model):
    """The first people of a unit, or the first teams or departments in it, in whose period the conditions hold, in the
    order of the KPI updates.
    """

    kind: Literal["first"] = "first"
    id: Id
    name: Named
    period: Period
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    places: Places
    contenders: Literal["person", "team", "department"] = "person"
    unit: Within = "company"
    prize: Number | None = None
    share: Literal["unit", "equal"] = "unit"
    roles: tuple[Id, ...] = ()
    settle: Literal["sticky", "live"] = "sticky"

    compares_people: ClassVar[bool] = True

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs, or scorecards, that it looks at."""
        return tuple(condition.kpi for condition in (*self.all, *self.any))


class PoolFloor(Model):
    """What the unit must have reached for its pool to be paid: a bound (inclusive) on attainment or on the value.

    With fewer than ``min_sample`` events behind the value it is not reached.
    """

    attainment: Percent | None = None
    value: Measure | None = None
    min_sample: Annotated[int, Field(ge=0)] = 0


class Pool(Model):
    """Money of a unit for a period, shared among its members."""

    kind: Literal["pool"] = "pool"
    id: Id
    name: Named
    period: Period
    unit: Within = "company"
    amount: Number | None = None
    rate: Percent | None = None
    kpi: Id | None = None
    floor: PoolFloor | None = None
    share_by: Id | None = None
    all: tuple[Condition, ...] = ()
    roles: tuple[Id, ...] = ()
    settle: Literal["period_end", "live"] = "period_end"

    compares_people: ClassVar[bool] = True

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs, or scorecards, that it looks at: the unit's own first, then those of members."""
        named = (self.kpi, *self.member_kpis())
        return tuple(kpi for kpi in named if kpi is not None)

    def member_kpis(self) -> tuple[str, ...]:
        """Those of them that members are looked at by."""
        return (*([self.share_by] if self.share_by else []), *(condition.kpi for condition in self.all))
