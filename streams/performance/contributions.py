"""What a credit adds to a KPI: which rows count, and their numerators and denominators."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from schemas.money import SCALE, to_fixed
from schemas.moved import UNIT_BITS
from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from streams.performance.cells import LEVELS, UnitColumns
from streams.performance.credit_rows import CreditRows, FieldColumn
from streams.performance.interning import Interner

#: Aggregates whose value is the numerator alone; the denominator counts the sample.
ADDITIVE = frozenset({"sum", "count", "distinct"})
#: Bits of unit_first by level, and the one of overlays, which add nothing to units.
_FIRST_IN = tuple(1 << level for level in range(len(LEVELS)))
_OVERLAY = 1 << len(LEVELS)
#: What counts, and the event that may say that somebody else has it.
_SALE, _RENAMES = "sale", "correction"


@dataclass(slots=True)
class Contribution:
    """``rows`` (ascending) of the batch that count, with int64 fixed-point contributions.

    For distinct KPIs ``members`` holds the uint64 hashes and ``numerator`` is filled once their novelty is known.
    ``moved``: where sales changed hands, the number that says so by row (schemas/moved.py), and what of numerator and
    denominator comes of it.
    """

    rows: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    members: np.ndarray | None = None
    moved: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


def kpi_event_types(kpi: Kpi) -> frozenset[str]:
    """Every event type that can touch ``kpi``."""
    parts = [part for part in (kpi.numerator, kpi.denominator) if part]
    counting = kpi.aggregate == "count" or any(part.field is None for part in parts)
    changes = [_RENAMES] if counting and _SALE in kpi.events else []
    return frozenset(kpi.events).union(changes, *(part.events for part in parts))


def kpi_fields(kpi: Kpi) -> frozenset[str]:
    """Every payload field that ``kpi`` reads."""
    parts = [part for part in (kpi.numerator, kpi.denominator) if part]
    fields = set(kpi.where) | {kpi.field} | {part.field for part in parts}
    return frozenset((fields | {name for part in parts for name in part.where}) - {None})


def contribution(kpi: Kpi, rows: CreditRows, types: np.ndarray) -> Contribution | None:
    """Contributions of ``rows`` to ``kpi``; ``types`` maps a type code to whether kpi.events has it. None if none."""
    where = _mask(kpi.where, rows)
    if kpi.aggregate == "ratio":
        return _ratio(kpi, rows, where)
    match = types[rows.type] & where
    if kpi.aggregate == "count":
        return _count(match, _moves(kpi.events, rows, where), rows)
    column = rows.fields.get(kpi.field) if kpi.field else None
    if kpi.field:
        if column is None:
            return None
        match &= column.valid
    chosen = np.flatnonzero(match)
    if not len(chosen):
        return None
    ones = np.full(len(chosen), SCALE, np.int64)
    values = column.values[chosen]
    if kpi.aggregate == "distinct":
        members = rows.strings[kpi.field].hashes()[values]
        return Contribution(chosen, np.zeros(len(chosen), np.int64), ones, members)
    return Contribution(chosen, values, ones)


def _count(match: np.ndarray, moves: np.ndarray | None, rows: CreditRows) -> Contribution | None:
    """One for each event; what changes hands is taken from one and given to the other."""
    chosen = np.flatnonzero(match if moves is None else match | (moves != 0))
    if not len(chosen):
        return None
    ones = np.full(len(chosen), SCALE, np.int64)
    if moves is None or not moves.any():
        return Contribution(chosen, ones, ones)
    moves = moves[chosen]
    moved = rows.moved[chosen], moves, np.zeros(len(chosen), np.int64)
    return Contribution(chosen, np.where(match[chosen], SCALE, 0) + moves, ones, moved=moved)


def _moves(events: tuple[str, ...], rows: CreditRows, where: np.ndarray) -> np.ndarray | None:
    """±1 (fixed) per row that brings a sale or takes it away, else 0; None where no sales are counted or none moved."""
    if rows.moved is None or _SALE not in events:
        return None
    return np.where(where, np.sign(rows.moved) * SCALE, 0)


def unit_contribution(kpi: Kpi, rows: CreditRows, part: Contribution) -> UnitColumns:
    """What the rows add to the totals of their team, department and company.

    A split event counts once in each of them, its amounts add up by themselves; overlays are outside totals.
    """
    first = rows.unit_first[part.rows]
    shares = None
    if np.bitwise_or.reduce(first) & _OVERLAY:
        shares = first & _OVERLAY == 0
    always = int(np.bitwise_and.reduce(first))
    top, bottom = kpi.field, None
    if kpi.aggregate == "ratio":
        top, bottom = kpi.numerator.field, kpi.denominator.field
    if part.moved is not None:
        return _moved_in_units((top, bottom), part, first, shares)
    return tuple(
        None
        if always & bit
        else (_once(top, part.numerator, first & bit, shares), _once(bottom, part.denominator, first & bit, shares))
        for bit in _FIRST_IN
    )


def _moved_in_units(
    fields: tuple[str | None, str | None], part: Contribution, first: np.ndarray, shares: np.ndarray | None
) -> UnitColumns:
    """A unit loses or gets a sale only with the row that says so; all else is as ever."""
    numbers, *moves = part.moved
    sides = list(zip(fields, (part.numerator, part.denominator), moves, strict=True))
    return tuple(
        tuple(
            _once(field, values - moved, first & bit, shares) + np.where(np.abs(numbers) & unit, moved, 0)
            for field, values, moved in sides
        )
        for bit, unit in zip(_FIRST_IN, UNIT_BITS, strict=True)
    )


def _once(field: str | None, values: np.ndarray, first: np.ndarray, shares: np.ndarray | None) -> np.ndarray:
    if field == "amount":
        return values if shares is None else np.where(shares, values, 0)
    return np.where(first, values, 0)


def _ratio(kpi: Kpi, rows: CreditRows, where: np.ndarray) -> Contribution | None:
    numerator, counted, above = _part(kpi, kpi.numerator, rows, where)
    denominator, measured, below = _part(kpi, kpi.denominator, rows, where)
    chosen = np.flatnonzero(counted | measured)
    if not len(chosen):
        return None
    moved = None
    if above is not None or below is not None:
        none = np.zeros(len(chosen), np.int64)
        moved = rows.moved[chosen], *(none if side is None else side[chosen] for side in (above, below))
    return Contribution(chosen, numerator[chosen], denominator[chosen], moved=moved)


def _part(
    kpi: Kpi, part: Part, rows: CreditRows, where: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Values and whether there is one, by row; what of the values are sales that changed hands, None for nothing."""
    names, events = rows.type_names, part.events or kpi.events
    wanted = np.isin(rows.type, [names.find(name) for name in events])
    where = where & _mask(part.where, rows)
    match = where & wanted
    if part.field is None:
        ones, moves = np.where(match, SCALE, 0), _moves(events, rows, where)
        return (ones, match, None) if moves is None else (ones + moves, match | (moves != 0), moves)
    column = rows.fields.get(part.field)
    if column is None:
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), bool), None
    match = match & column.valid
    return np.where(match, column.values, 0), match, None


def _mask(where: Where, rows: CreditRows) -> np.ndarray:
    mask = where_mask(where, rows.filters, rows.strings, len(rows))
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
