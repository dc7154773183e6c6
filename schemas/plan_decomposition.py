"""Decomposition: a company's goal cut into parts for departments, teams and people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.plan_fields import Id, Key, Measure, Model, Number, Percent, Period


class Portion(Model):
    """One part: a department, a team or a person, and how much of what stands above it.

    All parts of one whole say it in the same way: by ``share``, by ``history`` or by hand (``value``).
    """

    department: Id | None = None
    team: Id | None = None
    employee: Id | None = None
    #: A weight among its siblings.
    share: Number | None = None
    #: What the unit reached before, such as last year; a weight as well.
    history: Number | None = None
    #: By hand.
    value: Measure | None = None
    #: What its own parts sum to.
    over_assign: Percent | None = None
    parts: tuple[Portion, ...] = ()

    def unit(self) -> tuple[str, str]:
        """Kind and id of the first unit it names; ('', '') where it names none."""
        named = ((kind, getattr(self, kind)) for kind in ("department", "team", "employee"))
        return next(((kind, id_) for kind, id_ in named if id_ is not None), ("", ""))

    def amounts(self) -> list[str]:
        """The names of the settings that say how much it is."""
        return [name for name in ("share", "history", "value") if getattr(self, name) is not None]


class Decomposition(Model):
    """The company's goal on a KPI, and its parts. Each comes to a target, of a person or of a unit."""

    kpi: Id
    period: Period
    at: Key | None = None
    value: Measure
    over_assign: Percent | None = None
    parts: Annotated[tuple[Portion, ...], Field(min_length=1)]
