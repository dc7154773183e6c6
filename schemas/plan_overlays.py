"""Overlays: credit for people who help with what others sell, outside the totals of units."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_fields import Id, Model, Percent
from schemas.plan_filters import Where


class Overlay(Model):
    """Whoever it names is credited with ``share`` of each matching event, beside those who share the event itself."""

    events: Annotated[tuple[Id, ...], Field(min_length=1)]
    where: Where = {}
    employee: Id | None = None
    role: Id | None = None
    #: Of those with ``role``: who stands in the same team (department, company) as somebody who is credited directly.
    within: Literal["team", "department", "company"] = "team"
    #: Of the event's credited amount.
    share: Percent = Decimal(1)
