"""Scorecards: the few weighted KPIs that a role, or a unit, is judged by, and the score they make."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from schemas.plan_fields import Id, Model, Named, Percent, Period
from schemas.plan_units import UnitKind


class ScorecardKpi(Model):
    """One KPI of a scorecard: its part of the score, and the attainment beyond which it adds no more.

    With fewer than ``min_sample`` events behind its value it has no attainment.
    """

    kpi: Id
    weight: Percent
    cap: Percent = Decimal(1)
    min_sample: Annotated[int, Field(ge=0)] = 0


class Scorecard(Model):
    """The score is the sum of weight × the lesser of attainment and cap, in percent."""

    id: Id
    name: Named
    roles: tuple[Id, ...] = ()
    #: Whether people have the score; and the kinds of units that have it, from their own values and targets.
    persons: bool = True
    units: tuple[UnitKind, ...] = ()
    period: Period
    kpis: Annotated[tuple[ScorecardKpi, ...], Field(min_length=1)]
    #: What a KPI without attainment (no value or no target) does: score 0, or leave its weight to the others.
    missing: Literal["zero", "redistribute"] = "zero"

    @property
    def unit(self) -> str:
        """What scores are measured in, as for a KPI."""
        return "percent"


def kpis_behind(cards: Iterable[Scorecard], names: Iterable[str]) -> set[str]:
    """The KPIs that make up ``names``, of which some may be scorecards."""
    parts = {card.id: {part.kpi for part in card.kpis} for card in cards}
    return set().union(*(parts.get(name, {name}) for name in names))
