"""SPIFFs: money for certain events between two dates, beside what KPIs pay."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.plan_fields import Date, Id, Model, Named, Number, Percent, Period
from schemas.plan_filters import Where


class Spiff(Model):
    """Pays for each event by itself: an amount, a rate of a field, or both; a refund takes its sale's part back."""

    kind: Literal["spiff"] = "spiff"
    id: Id
    name: Named
    period: Period
    events: Annotated[tuple[Id, ...], Field(min_length=1)]
    where: Where = {}
    start: Date | None = None
    end: Date | None = None
    amount: Number | None = None
    rate: Percent | None = None
    field: str | None = None
    cap: Number | None = None
    roles: tuple[Id, ...] = ()

    #: It pays, and awards nothing.
    settle: ClassVar[str] = "live"
    rearm: ClassVar[bool] = False

    def kpi_ids(self) -> tuple[str, ...]:
        """No KPI: it looks at events."""
        return ()

    def fields(self) -> frozenset[str]:
        """The payload fields that it reads; by ``amount`` a refund takes back."""
        return frozenset((*self.where, "amount", *([self.field] if self.field else ())))
