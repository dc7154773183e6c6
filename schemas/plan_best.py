"""Personal best: somebody's period is better than every one of their earlier periods."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.plan_conditions import Settle
from schemas.plan_fields import Id, Model, Named, Number, Percent, Period


class PersonalBest(Model):
    """Reached by a value better than in all earlier periods that count, of which there must be enough."""

    kind: Literal["personal_best"] = "personal_best"
    id: Id
    name: Named
    kpi: Id
    period: Period
    min_periods: Annotated[int, Field(ge=1, le=999)] = 3
    min_sample: Annotated[int, Field(ge=0)] = 0
    ahead: Percent | None = None
    bonus: Number | None = None
    roles: tuple[Id, ...] = ()
    settle: Settle = "live"
    rearm: bool = False

    #: Not eligibility for a promotion, which a threshold award or a streak gives.
    promotion: ClassVar[bool] = False

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return (self.kpi,)
