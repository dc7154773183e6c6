"""What a plan says about crediting, as look-ups for whole columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.event_fields import FOLLOWING
from schemas.money import WHOLE, minor_step
from schemas.plan import Plan
from streams.crediting.chunks import NOT_A_SALE, SPLIT, TERMS
from streams.crediting.moved import Moved
from streams.crediting.overlays import Overlays
from streams.crediting.profiles import Profiles, profiles_of
from streams.crediting.segments import Segment
from streams.crediting.splits import Split, SplitReader
from streams.crediting.terms import UNKNOWN, InForce, TermsBook
from streams.organisation import Assignments, numbered
from streams.performance.calendar import day_of, days_of
from streams.performance.customer_limits import limited_events

#: Codes of ``Judged.reason``; 0 is a good row.
ROW_REASONS = ("", "no_plan", "no_employee", "unknown_employee", "currency_mismatch")
_NO_PLAN, _NO_EMPLOYEE, _UNKNOWN, _CURRENCY = range(1, 5)
_UNNAMED, _NOBODY = -3, NOT_A_SALE


class Rules:
    """The plan in force, with its employees numbered in ``assignments``, behind those of the plans before it."""

    def __init__(self, plan: Plan, assignments: Assignments, book: TermsBook, profiles: Profiles) -> None:
        self.currency = plan.currency
        self.step = minor_step(plan.currency)
        self.horizon_minutes = plan.crediting.horizon_days * 24 * 60
        self.refund_date = plan.crediting.refund_date
        self.correction_date = plan.crediting.correction_date
        self.limited = limited_events(plan)
        self.timezone = plan.timezone
        self.terms = InForce(plan, book)
        self.book = book
        self.kept_fields = profiles.of(plan)
        people = numbered(plan, assignments)
        self.first_of, self.firsts_of = people.first, people.firsts
        stations: dict[int, tuple[list[int], list[int]]] = {}
        for position, places in people.roll.moving.items():
            first, *later = people.of(position)
            stations[first] = [day_of(place.since) for place in places[1:]], later
        self.overlays = Overlays(plan, people)
        self.assignments = self.overlays.assignments
        self.moved = Moved(stations, plan.timezone, self.assignments)
        self.backdated = plan.organisation.backdated == "move"
        self.splits = SplitReader(self.first_of, self.assignments.unit)

    def now_at(self, payees: tuple[tuple[int, int], ...], sold: int) -> tuple[tuple[int, int], ...]:
        """``payees`` (assignment number, ppm) of a sale that counts at ``sold`` (ms), where this plan has them then."""
        if not self.backdated:
            return payees
        day = self._sold_on(sold)
        return tuple((self._place(number, day), ppm) for number, ppm in payees)

    def named(self, employee: str, splits: str | None, sold: int) -> tuple[tuple[int, int], ...] | None:
        """Those whom a correction names, as ``now_at``; empty where it names nobody, None where one is unknown."""
        if splits:
            found = self.splits.read(splits)
            payees = found and tuple(zip(found.payees, found.ppm, strict=True))
        elif employee:
            first = self.first_of(employee)
            payees = None if first is None else ((first, WHOLE),)
        else:
            payees = ()
        if not payees:
            return payees
        day = self._sold_on(sold)
        return tuple((self.moved.on(first, day), ppm) for first, ppm in payees)

    def sold_at(self, counted: int) -> int:
        """When a sale happened that counts at ``counted`` (ms), as far as the plan in force can tell."""
        return counted - self.terms.holds.get("sale", 0)

    def _sold_on(self, sold: int) -> int:
        return int(days_of(np.array([self.sold_at(sold)]), self.timezone)[0])

    def _place(self, number: int, day: int) -> int:
        held = self.assignments[number]
        first = self.first_of(held.employee)
        if first is None or not held.team or held.currency != self.currency:
            return number
        return self.moved.on(first, day)


@dataclass(slots=True)
class Judged:
    """Per row of a segment what follows from the row and the plan alone.

    ``reason``: code in ROW_REASONS; ``payee``: assignment number, SPLIT, or NOT_A_SALE where there is none;
    ``amount``: fixed, 0 where missing; ``refund``: whatever is about a sale (FOLLOWING); ``splits``: by row.
    ``credited``: what of the amount is credit; ``time``: ms, the time that counts; ``terms``: number in the book where
    ``credited`` is not simply ``amount``, by row. ``profile``: as for a sale (profiles.py); None where there are none.
    """

    reason: np.ndarray  # uint8
    payee: np.ndarray  # int32
    amount: np.ndarray  # int64
    sale: np.ndarray  # bool
    refund: np.ndarray  # bool
    credited: np.ndarray  # int64
    time: np.ndarray  # int64
    splits: dict[int, Split] = field(default_factory=dict)
    terms: dict[int, int] = field(default_factory=dict)
    profile: np.ndarray | None = None  # int32

    def shares(self, row: int) -> list[tuple[int, int]]:
        """(assignment number, ppm) by payee of a row, as memory keeps them: behind its terms, where it has any."""
        split = self.splits.get(row)
        payees = [(int(self.payee[row]), WHOLE)] if split is None else list(zip(split.payees, split.ppm, strict=True))
        return [(self.terms[row], TERMS), *payees] if row in self.terms else payees


def judge(segment: Segment, rules: Rules | None) -> Judged:
    """Looks at every row by itself; whom what is about a sale credits, the sale says, or a correction of it."""
    rows = len(segment)
    types = _dictionary(segment.table, "type")
    amount = _numbers(segment.table, "data.amount", rows)
    judged = Judged(
        reason=np.zeros(rows, np.uint8),
        payee=np.full(rows, NOT_A_SALE, np.int32),
        amount=amount,
        credited=amount,
        time=segment.time if rules is None else rules.terms.times(segment.time, types),
        sale=_where(types, lambda name: name == "sale"),
        refund=_where(types, FOLLOWING.__contains__),
    )
    if rules is None:
        judged.reason[:] = _NO_PLAN
        return judged
    _judge_currency(segment, rules, judged, types)
    _judge_employee(segment, rules, judged)
    judged.profile = profiles_of(segment, rules.kept_fields)
    return judged


def _judge_currency(segment: Segment, rules: Rules, judged: Judged, types: tuple[np.ndarray, list[str]]) -> None:
    other = np.zeros(len(segment), bool)
    if "data.currency" in segment.table.schema.names:
        currencies = _dictionary(segment.table, "data.currency")
        other = _where(currencies, lambda name: name != rules.currency)
        strange = _where(currencies, lambda name: not rules.terms.knows(name)) if rules.terms.active else other
        judged.reason[strange] = _CURRENCY
    if rules.terms.active:
        _limit(rules, judged, other, types)
        foreign = np.flatnonzero(other & ~judged.refund & (judged.reason == 0))
        if len(foreign):
            _convert(segment, rules, judged, foreign, currencies, types)


def _limit(rules: Rules, judged: Judged, other: np.ndarray, types: tuple[np.ndarray, list[str]]) -> None:
    """Caps what is in the plan's own currency."""
    codes, names = types
    limited = np.minimum(judged.amount, rules.terms.caps(names)[codes])
    rows = np.flatnonzero((limited != judged.amount) & ~other & ~judged.refund)
    if len(rows):
        judged.credited = judged.amount.copy()
        judged.credited[rows] = limited[rows]
        judged.terms |= {row: rules.terms.capped(names[codes[row]]) for row in rows.tolist()}


def _convert(
    segment: Segment,
    rules: Rules,
    judged: Judged,
    rows: np.ndarray,
    currencies: tuple[np.ndarray, list[str]],
    types: tuple[np.ndarray, list[str]],
) -> None:
    """Credit at the rate of each event's local day."""
    judged.credited = judged.credited.copy()
    for row, day in zip(rows.tolist(), days_of(segment.time[rows], rules.timezone).tolist(), strict=True):
        code = rules.terms.converted(currencies[1][currencies[0][row]], day, types[1][types[0][row]])
        if code == UNKNOWN:
            judged.reason[row] = _CURRENCY
            continue
        judged.terms[row] = code
        judged.credited[row] = rules.book.all[code].credited(int(judged.amount[row]))


def _judge_employee(segment: Segment, rules: Rules, judged: Judged) -> None:
    codes, names = _coded(segment.table, "employee")
    known = rules.firsts_of(names, _NOBODY)
    known[pc.binary_length(names).to_numpy() == 0] = _UNNAMED
    payee = np.append(known, np.int32(_UNNAMED))[codes]
    payee[judged.refund] = _UNNAMED
    unnamed = (payee == _UNNAMED) & ~judged.refund
    if "splits" in segment.table.schema.names:
        _judge_splits(segment, rules, judged, payee, unnamed)
    judged.reason[unnamed] = _NO_EMPLOYEE
    judged.reason[payee == _NOBODY] = _UNKNOWN
    payee[payee == _UNNAMED] = NOT_A_SALE
    payee[list(judged.splits)] = SPLIT
    judged.payee = rules.moved.payees(payee, segment.time)
    judged.splits = rules.moved.splits(judged.splits, segment.time)
    if rules.overlays:
        rules.overlays.add(segment, judged.splits, judged.payee, (judged.reason == 0) & ~judged.refund)
        judged.payee[list(judged.splits)] = SPLIT


def _judge_splits(
    segment: Segment, rules: Rules, judged: Judged, payee: np.ndarray, unnamed: np.ndarray
) -> None:
    column = segment.table.column("splits")
    rows = np.flatnonzero(column.is_valid().to_numpy() & ~judged.refund)
    for row, text in zip(rows.tolist(), column.take(pa.array(rows)).to_pylist(), strict=True):
        split = rules.splits.read(text)
        unnamed[row] = False
        if split is None:
            payee[row] = _NOBODY
        elif payee[row] != _NOBODY:
            judged.splits[row] = split


def _dictionary(table: pa.Table, name: str) -> tuple[np.ndarray, list[str]]:
    """Codes by row (-1 for null, which picks the last of any array) and the strings by code."""
    codes, names = _coded(table, name)
    return codes, names.to_pylist()


def _coded(table: pa.Table, name: str) -> tuple[np.ndarray, pa.StringArray]:
    column = _array(table, name)
    indices = column.indices.fill_null(-1) if column.indices.null_count else column.indices
    return indices.to_numpy(), column.dictionary


def _where(column: tuple[np.ndarray, list[str]], test) -> np.ndarray:
    codes, names = column
    return np.array([*map(test, names), False], bool)[codes]


def _numbers(table: pa.Table, name: str, rows: int) -> np.ndarray:
    if name not in table.schema.names:
        return np.zeros(rows, np.int64)
    column = _array(table, name)
    return (column.fill_null(0) if column.null_count else column).to_numpy()


def _array(table: pa.Table, name: str) -> pa.Array:
    """The one chunk of a combined column."""
    return table.column(name).chunk(0)
