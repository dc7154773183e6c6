"""Nudges: somebody is told that the next tier of a tier table is close."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from schemas.plan_fields import Id, Model, Named, Percent

if TYPE_CHECKING:
    from schemas.plan_awards import TierAward


class Nudge(Model):
    """Told once per person, period and tier when the value is close to the next tier of the award ``of``, or when the
    period would end close to it but short of it at the pace so far.

    KPI, period and roles are those of that award; the plan brings the two together.
    """

    kind: Literal["nudge"] = "nudge"
    id: Id
    name: Named
    of: Id
    by: Literal["value", "forecast"] = "value"
    within: Percent
    after: Annotated[int, Field(ge=1, le=366)] = 5
    days_left: Annotated[int, Field(ge=0)] | None = None
    count: Literal["days", "workdays"] = "days"
    rearm: bool = False
    cool_down_days: Annotated[int, Field(ge=0, le=999)] = 0

    settle: ClassVar[str] = "live"
    _about: object = PrivateAttr(None)

    @property
    def about(self) -> TierAward | None:
        """The tier table; None in a faulty plan that has none of this id."""
        return self._about

    @property
    def period(self) -> str:
        """The kind of period of the tier table."""
        return self._about.period if self._about is not None else ""

    @property
    def roles(self) -> tuple[str, ...]:
        """Who can reach the tiers."""
        return self._about.roles if self._about is not None else ()

    def kpi_ids(self) -> tuple[str, ...]:
        """The KPIs it looks at."""
        return (self._about.kpi,) if self._about is not None else ()


def bind_nudges(awards: Iterable) -> None:
    """Give every nudge the tier table that it is about."""
    awards = tuple(awards)
    tables = {award.id: award for award in awards if award.kind == "tiers"}
    for award in awards:
        if isinstance(award, Nudge):
            award._about = tables.get(award.of)
