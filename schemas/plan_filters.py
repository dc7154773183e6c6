"""Filters on the fields of an event: what ``where`` says."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from schemas.plan_fields import Model, Number


class Comparison(Model):
    """A filter by order: every bound given must hold."""

    gt: Number | None = None
    gte: Number | None = None
    lt: Number | None = None
    lte: Number | None = None


def _scalar(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


#: Compared with a field by the field's own type: text 3.5 matches the number 3.5 of a number field.
Scalar = Annotated[bool | int | str, BeforeValidator(_scalar)]
Filter = Comparison | tuple[Scalar, ...] | Scalar
Where = dict[str, Filter]
