"""Filters of KPIs and SPIFFs over credits, by row."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np

from schemas.interning import Interner
from schemas.money import to_fixed
from schemas.plan_filters import Comparison, Where
from streams.performance.credit_rows import CreditRows, FieldColumn


class Passed(NamedTuple):
    """Bool by row: filters let it through as it stands; and as it stood before a correction, None where it makes no
    difference which.
    """

    now: np.ndarray
    before: np.ndarray | None


def passed(wheres: tuple[Where, ...], rows: CreditRows) -> Passed:
    """What holds every condition of ``wheres``; nothing that a limit on the same customer leaves out does."""
    masks = [_mask(where, rows, rows.filters) for where in wheres]
    before = None
    if rows.restated is not None and any("amount" in where for where in wheres):
        fields = rows.filters | {"amount": rows.restated.before}
        before = rows.restated.rows & np.logical_and.reduce([_mask(where, rows, fields) for where in wheres])
    return Passed(np.logical_and.reduce(masks), before)


def _mask(where: Where, rows: CreditRows, fields: dict[str, FieldColumn]) -> np.ndarray:
    mask = where_mask(where, fields, rows.strings, len(rows))
    return mask if rows.left_out is None else mask & ~rows.left_out


def where_mask(where: Where, fields: dict[str, FieldColumn], strings: dict[str, Interner], rows: int) -> np.ndarray:
    """Bool per row: every condition of ``where`` holds; a row without the field never matches."""
    mask = np.ones(rows, bool)
    for name, wanted in where.items():
        column = fields.get(name)
        if column is None:
            return np.zeros(rows, bool)
        mask &= column.valid & _matches(column, wanted, strings.get(name))
    return mask


def _matches(column: FieldColumn, wanted: object, strings: Interner | None) -> np.ndarray:
    if isinstance(wanted, Comparison):
        return _within(column, wanted)
    options = wanted if isinstance(wanted, tuple) else (wanted,)
    if column.kind == "string":
        codes = [strings.find(str(option)) for option in options]
        return np.isin(column.values, [code for code in codes if code >= 0])
    return np.isin(column.values, [number for option in options if (number := _fixed(option, column.kind)) is not None])


def _within(column: FieldColumn, bounds: Comparison) -> np.ndarray:
    mask = np.full(len(column.values), column.kind == "number")
    if bounds.gt is not None:
        mask &= column.values > to_fixed(bounds.gt)
    if bounds.gte is not None:
        mask &= column.values >= to_fixed(bounds.gte)
    if bounds.lt is not None:
        mask &= column.values < to_fixed(bounds.lt)
    if bounds.lte is not None:
        mask &= column.values <= to_fixed(bounds.lte)
    return mask


def _fixed(option: object, kind: str) -> int | None:
    """A filter value as the column keeps it; None where it cannot equal any value of that column."""
    if kind == "boolean":
        return int(option) if isinstance(option, bool) else None
    try:
        return None if isinstance(option, bool) else to_fixed(Decimal(option))
    except (ValueError, InvalidOperation):
        return None
