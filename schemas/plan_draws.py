"""Draws: what somebody is paid at least, as an advance on later earnings or as a guarantee."""

from __future__ import annotations

from typing import Literal

from schemas.plan_fields import Date, Id, Model, Number, Period


class Draw(Model):
    """The least that a person's payout of a period comes to; the first of the plan that fits a person holds."""

    id: Id
    period: Period
    amount: Number
    kind: Literal["recoverable", "guarantee"] = "recoverable"
    roles: tuple[Id, ...] = ()
    employees: tuple[Id, ...] = ()
    start: Date | None = None
    end: Date | None = None
