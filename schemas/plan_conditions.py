"""What awards of several kinds have in common: a condition on a KPI, and what a fall back below it does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_fields import Id, Measure, Model, Percent


class Condition(Model):
    """One KPI at or beyond a bound, in the KPI's good direction, with enough events behind it."""

    kpi: Id
    attainment: Percent | None = None
    value: Measure | None = None
    min_sample: Annotated[int, Field(ge=0)] = 0


Settle = Literal["live", "sticky", "period_end"]
