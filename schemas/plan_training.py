"""Training: a course is recommended to somebody whose KPI stays below pace, or below a bound in several periods."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.plan_fields import Id, Measure, Model, Named, Percent, Period


class Training(Model):
    """An award without money, once per person and period at most: the KPI stands below what one of the bounds asks."""

    kind: Literal["training"] = "training"
    id: Id
    name: Named
    course: Named
    kpi: Id
    period: Period
    below_pace: Percent | None = None
    after: Annotated[int, Field(ge=1)] = 5
    below_attainment: Percent | None = None
    below_value: Measure | None = None
    periods: Annotated[int, Field(ge=1, le=60)] = 1
    min_sample: Annotated[int, Field(ge=0)] = 0
    roles: tuple[Id, ...] = ()
    settle: Literal["live", "sticky"] = "live"

    rearm: ClassVar[bool] = False

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return (self.kpi,)
