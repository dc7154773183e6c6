"""Streaks: conditions that hold in several periods in a row, or in so many out of the last few."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.plan_conditions import Condition, Settle
from schemas.plan_fields import Id, Model, Named, Number, Period


class Streak(Model):
    """Reached by the period with which its conditions have held often enough: a bonus, a promotion, or both."""

    kind: Literal["streak"] = "streak"
    id: Id
    name: Named
    period: Period
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    periods: Annotated[int, Field(ge=2, le=60)]
    out_of: Annotated[int, Field(ge=2, le=60)] | None = None
    each: Literal["run", "period"] = "run"
    without_workdays: Literal["skip", "count"] = "skip"
    without_target: Literal["skip", "count"] = "count"
    bonus: Number | None = None
    promotion: bool = False
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False

    #: As a threshold award without them.
    margin: ClassVar[None] = None
    cool_down_days: ClassVar[int] = 0

    @property
    def window(self) -> int:
        """How many periods it looks back over, the present one among them."""
        return self.out_of or self.periods

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return tuple(condition.kpi for condition in (*self.all, *self.any))
