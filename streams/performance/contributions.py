"""What a credit adds to a KPI: which rows count, and their numerators and denominators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from schemas.money import SCALE
from schemas.moved import BEFORE, UNIT_BITS
from schemas.plan import Kpi, Part
from streams.performance.cells import LEVELS, UnitColumns
from streams.performance.credit_rows import CreditRows
from streams.performance.filters import Passed, passed

#: Aggregates whose value is the numerator alone; the denominator counts the sample.
ADDITIVE = frozenset({"sum", "count", "distinct"})
#: Bits of unit_first by level, and the one of overlays, which add nothing to units.
_FIRST_IN = tuple(1 << level for level in range(len(LEVELS)))
OVERLAY = 1 << len(LEVELS)
#: So many of LEVELS may lose a person to another one; the company has everybody.
_CARRIED = 2
#: What counts once: an event by itself; a sale that somebody has by a correction, and had ahead of it.
ONCE = ("event", "sale", "sale_before")
#: What counts, and the event that may say that somebody else has it.
_SALE, _RENAMES = "sale", "correction"


class Moves(NamedTuple):
    """Sales that somebody gets or loses by a correction, int64 (fixed) by row: of the person, of each of LEVELS.

    ``carried``: what more the person's team and department would get or lose, were it to go with whoever has the sale
    also where the unit has it before and after (carried.py).
    """

    own: np.ndarray
    units: tuple[np.ndarray, ...]
    carried: tuple[np.ndarray, ...]

    def at(self, rows: np.ndarray) -> Moves:
        """Those of ``rows``."""
        of_units = (tuple(unit[rows] for unit in units) for units in (self.units, self.carried))
        return Moves(self.own[rows], *of_units)


@dataclass(slots=True)
class Contribution:
    """``rows`` (ascending) of the batch that count, with int64 fixed-point contributions.

    For distinct KPIs ``members`` holds the uint64 hashes and ``numerator`` is filled once their novelty is known.
    ``moved``: what of numerator and denominator are sales that changed hands; None where none are.
    """

    rows: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    members: np.ndarray | None = None
    moved: tuple[Moves | None, Moves | None] | None = None


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
    if kpi.aggregate == "ratio":
        return _ratio(kpi, rows)
    passing, match = passed((kpi.where,), rows), types[rows.type]
    if kpi.aggregate == "count":
        return _count(match & passing.now, _moves(kpi.events, rows, passing))
    column = rows.fields.get(kpi.field) if kpi.field else None
    if kpi.field:
        if column is None:
            return None
        match = match & column.valid
    values, counted = column.values, passing.now
    if kpi.aggregate == "sum":
        values, counted = _values(kpi.field, kpi.events, rows, passing)
    chosen = np.flatnonzero(match & counted)
    if not len(chosen):
        return None
    ones = np.full(len(chosen), SCALE, np.int64)
    values = values[chosen]
    if kpi.aggregate == "distinct":
        members = rows.strings[kpi.field].hashes()[values]
        return Contribution(chosen, np.zeros(len(chosen), np.int64), ones, members)
    return Contribution(chosen, values, ones)


def _count(match: np.ndarray, moves: Moves | None) -> Contribution | None:
    """One for each event; what changes hands is taken from one and given to the other."""
    chosen = np.flatnonzero(match if moves is None else match | _moved_rows(moves))
    if not len(chosen):
        return None
    own = np.where(match[chosen], SCALE, 0)
    if moves is None:
        return Contribution(chosen, own, own)
    moves = moves.at(chosen)
    ones = np.where(match[chosen] | (moves.own != 0), SCALE, 0)  # none where it moves in a unit alone
    return Contribution(chosen, own + moves.own, ones, moved=(moves, None))


def _moved_rows(moves: Moves) -> np.ndarray:
    """Bool per row: somebody, or a unit, gets a sale or loses it."""
    return np.logical_or.reduce([moves.own != 0, *(unit != 0 for unit in (*moves.units, *moves.carried))])


def _moves(events: tuple[str, ...], rows: CreditRows, passing: Passed) -> Moves | None:
    """What changes hands, or comes into a filter's bounds or leaves them; None where no sales are counted, none do."""
    if _SALE not in events or (rows.moved is None and passing.before is None):
        return None
    moved = np.zeros(len(rows), np.int64) if rows.moved is None else rows.moved
    own = np.where(passing.now, np.sign(moved) * SCALE, 0)
    units = [np.where(np.abs(moved) & bit, own, 0) for bit in UNIT_BITS]
    carried = [np.zeros(len(rows), np.int64)] * _CARRIED
    now, before = _in_hand(rows, passing)
    if passing.before is not None:
        # by parts of the sale: who has it now is counted anew, who had it no more
        told, first = rows.restated.rows, rows.unit_first
        own = np.where(told, _difference(now, before), own)
        units = [
            np.where(told, _difference(now & (first & bit != 0), before & (first >> BEFORE & bit != 0)), unit)
            for bit, unit in zip(_FIRST_IN, units, strict=True)
        ]
    elif rows.restated is not None:
        told, first = rows.restated.rows, rows.unit_first
        carried = [
            np.where(told, _difference(now & (first & bit != 0), before & (first >> BEFORE & bit != 0)) - unit, 0)
            for bit, unit in zip(_FIRST_IN[:_CARRIED], units, strict=False)
        ]
    moves = Moves(own, tuple(units), tuple(carried))
    return moves if _moved_rows(moves).any() else None


def _in_hand(rows: CreditRows, passing: Passed) -> tuple[np.ndarray, np.ndarray]:
    """Bool per row, of corrections: the person has the sale from now on and it counts; had it before and it did."""
    if rows.restated is None:
        return np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    told = rows.restated.rows
    now = passing.now & told & rows.restated.has
    if passing.before is not None:
        return now, passing.before
    return now, passing.now & told & (rows.moved <= 0 if rows.moved is not None else True)


def _difference(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    return (now.astype(np.int64) - before) * SCALE


def _values(
    field: str | None, events: tuple[str, ...], rows: CreditRows, passing: Passed
) -> tuple[np.ndarray, np.ndarray]:
    """Values of a field by row, and rows that count: of a sale that a correction brings within the filter's bounds all
    that is left, and the same back where it takes it out of them.
    """
    values = rows.fields[field].values
    if passing.before is None or field != "amount" or not {_SALE, _RENAMES} <= set(events):
        return values, passing.now
    restated = rows.restated
    now = passing.now & restated.has
    turned = restated.rows & (now != passing.before)
    return np.where(turned, np.where(now, values + restated.had, -restated.had), values), passing.now | turned


def unit_contribution(kpi: Kpi, rows: CreditRows, part: Contribution, carried: bool) -> UnitColumns:
    """What the rows add to the totals of their team, department and company.

    A split event counts once in each of them, its amounts add up by themselves; overlays are outside totals.
    ``carried``: a sale that changes hands within a unit does so in what each adds to it.
    """
    first = rows.unit_first[part.rows]
    shares = None
    if np.bitwise_or.reduce(first) & OVERLAY:
        shares = first & OVERLAY == 0
    always = int(np.bitwise_and.reduce(first))
    sides = _sides(kpi, part)
    return tuple(
        None
        if always & bit and part.moved is None
        else tuple(
            _once(field, values, first & bit, shares)
            if moves is None
            # a unit loses or gets a sale only with the row that says so; all else is as ever
            else _once(field, values - moves.own, first & bit, shares) + _of_unit(moves, level, carried)
            for field, values, moves in sides
        )
        for level, bit in enumerate(_FIRST_IN)
    )


def _sides(kpi: Kpi, part: Contribution) -> list[tuple[str | None, np.ndarray, Moves | None]]:
    """Field, values and moves above and below the line."""
    top, bottom = kpi.field, None
    if kpi.aggregate == "ratio":
        top, bottom = kpi.numerator.field, kpi.denominator.field
    return list(zip((top, bottom), (part.numerator, part.denominator), part.moved or (None, None), strict=True))


def _of_unit(moves: Moves, level: int, carried: bool) -> np.ndarray:
    return moves.units[level] + moves.carried[level] if carried and level < _CARRIED else moves.units[level]


def counted_once(kpi: Kpi, part: Contribution, units: UnitColumns) -> tuple[np.ndarray, np.ndarray]:
    """By row of ``part`` what an event counts once in a unit, numerator and denominator, whoever of its people brings
    it; and what of that, or of a sale that changes hands, is in ``units``, by LEVELS. Amounts add up by themselves.
    """
    once = np.zeros((2, len(part.rows)), np.int64)
    told = np.zeros((len(LEVELS), 2, len(part.rows)), np.int64)
    own = part.numerator, part.denominator
    for side, (field, values, moves) in enumerate(_sides(kpi, part)):
        if field != "amount" and (side or kpi.aggregate != "distinct"):  # of which units count the members
            told[:, side] = [(pair or own)[side] for pair in units]
            once[side] = values if moves is None else values - moves.own
    return once, told


def in_hand(kpi: Kpi, rows: CreditRows) -> np.ndarray:
    """By row what a sale counts that somebody has by a correction, and what it counted that they had ahead of it: both
    numerator and denominator.
    """
    found = np.zeros((2, 2, len(rows)), np.int64)
    parts = [kpi.numerator, kpi.denominator] if kpi.aggregate == "ratio" else [kpi]
    for side, part in enumerate(parts):
        counts = part.field is None and (kpi.aggregate in ("count", "ratio"))
        if counts and _SALE in (part.events or kpi.events):
            wheres = (kpi.where,) if part is kpi else (kpi.where, part.where)
            now, before = _in_hand(rows, passed(wheres, rows))
            found[:, side] = now * SCALE, before * -SCALE
    return found


def carried_within(part: Contribution) -> Iterator[tuple[int, list[int]]]:
    """Each row by which a sale changes hands within a unit, by its place in ``part``: what more its team and its
    department would have of it, above and below the line.
    """
    if part.moved is None:
        return
    sides = [[0] * len(part.rows)] * _CARRIED
    above, below = (sides if moves is None else moves.carried for moves in part.moved)
    columns = np.array([column for pair in zip(above, below, strict=True) for column in pair])
    for at in np.flatnonzero(columns.any(axis=0)).tolist():
        yield at, columns[:, at].tolist()


def _once(field: str | None, values: np.ndarray, first: np.ndarray, shares: np.ndarray | None) -> np.ndarray:
    if field == "amount":
        return values if shares is None else np.where(shares, values, 0)
    return np.where(first, values, 0)


def _ratio(kpi: Kpi, rows: CreditRows) -> Contribution | None:
    numerator, counted, above = _part(kpi, kpi.numerator, rows)
    denominator, measured, below = _part(kpi, kpi.denominator, rows)
    chosen = np.flatnonzero(counted | measured)
    if not len(chosen):
        return None
    moved = None
    if above is not None or below is not None:
        moved = tuple(side and side.at(chosen) for side in (above, below))
    return Contribution(chosen, numerator[chosen], denominator[chosen], moved=moved)


def _part(kpi: Kpi, part: Part, rows: CreditRows) -> tuple[np.ndarray, np.ndarray, Moves | None]:
    """Values and whether there is one, by row; what of the values are sales that changed hands, None for nothing."""
    names, events = rows.type_names, part.events or kpi.events
    wanted = np.isin(rows.type, [names.find(name) for name in events])
    passing = passed((kpi.where, part.where), rows)
    if part.field is None:
        match, moves = wanted & passing.now, _moves(events, rows, passing)
        ones = np.where(match, SCALE, 0)
        return (ones, match, None) if moves is None else (ones + moves.own, match | _moved_rows(moves), moves)
    column = rows.fields.get(part.field)
    if column is None:
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), bool), None
    values, counted = _values(part.field, events, rows, passing)
    match = wanted & column.valid & counted
    return np.where(match, values, 0), match, None
