"""The rows whose fate hangs on those before them, one by one in log order: refunds and what they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from runtime.records import Out
from schemas.money import minor_step
from schemas.moved import BEFORE
from streams.crediting.decide import Fates, Refund
from streams.crediting.letters import dead_letter
from streams.crediting.memory import Remembered
from streams.crediting.profiles import UNKNOWN
from streams.crediting.refunds import Parked
from streams.crediting.restated import Payees, differences, moved_numbers, restated
from streams.crediting.rules import Judged
from streams.crediting.segments import Segment
from streams.crediting.sources import APPLIED, DEAD, DUPLICATE, PARKED
from streams.crediting.splits import ALL_FIRST, unit_firsts
from streams.crediting.standing import Standing
from streams.crediting.state import State
from streams.crediting.terms import PLAIN, Terms

#: The largest ``payee`` that a credits block can hold.
MAX_NUMBER = np.iinfo(np.int16).max
#: Order of dead letters at one row: first what the row's time makes forgotten, then the row and what it
#: releases.
_FORGOTTEN, _DECIDED = 0, 1


@dataclass(slots=True)
class RefundCredits:
    """Credits of refunds as columns. ``at``: row whose position they travel under; ``data``: row that holds
    the refund's own fields, counted on from the segment's into ``released``.

    ``sold``: the payee's part of the sale as it came (fixed), ``now``: as last corrected. Of a correction ``before``:
    that part ahead of it, None for who comes to the sale, and ``had``: what was left of it, 0 for these. ``moved``:
    schemas/moved.py, None where nobody is named, and then ``sold_at`` (ms), when the sale happened, too. ``known``: of
    the sale's fields (``Profiles.known``).
    """

    at: list[int] = field(default_factory=list)
    payee: list[int] = field(default_factory=list)
    data: list[int] = field(default_factory=list)
    assignment: list[int] = field(default_factory=list)
    ppm: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    sold: list[int] = field(default_factory=list)
    now: list[int] = field(default_factory=list)
    before: list[int | None] = field(default_factory=list)
    had: list[int | None] = field(default_factory=list)
    moved: list[int | None] = field(default_factory=list)
    sold_at: list[int | None] = field(default_factory=list)
    known: list[dict[str, tuple[str | None, tuple[str, ...]]]] = field(default_factory=list)


class InOrder:
    """Walks ``fates.walk``. Afterwards: ``credits``; ``released``, the parked refunds that were applied, and
    ``released_at``, the rows of their sales; ``reasons`` of dead rows that their own columns do not tell;
    ``letters`` of parked ones as (row, phase, record).
    """

    def __init__(self, segment: Segment, judged: Judged, fates: Fates, state: State) -> None:
        self._segment, self._judged, self._fates, self._state = segment, judged, fates, state
        self._recorded: dict[bytes, int] = {}  # ids applied here → seen
        self._sales: dict[bytes, Remembered] = {}  # sales applied here
        self.credits = RefundCredits()
        self.released: list[Parked] = []
        self.released_at: list[int] = []
        self.reasons: dict[int, str] = {}
        self.letters: list[tuple[int, int, Out]] = []

    def run(self) -> None:
        """Decides every row of the walk, then forgets what the segment's last row makes too old."""
        fates = self._fates
        for row in fates.walk.tolist():
            floor = int(fates.floor[row])
            self._forget(floor)
            hash_ = self._segment.event_hash(row)
            if fates.known[row] or hash_ in self._state.parked or self._recorded.get(hash_, -1) >= floor:
                fates.status[row] = DUPLICATE
            elif self._judged.reason[row]:
                fates.status[row] = DEAD
            elif row in fates.refunds:
                fates.status[row] = self._refund(row, hash_, fates.refunds[row])
            else:
                fates.status[row] = APPLIED
                self._apply(row, hash_)
        self._forget(int(fates.floor[-1]))

    def _forget(self, floor: int) -> None:
        for parked in self._state.parked.forget(floor):
            row = int(np.searchsorted(self._fates.floor, parked.seen, "right"))  # the first that is too late
            self._dismiss(row, _FORGOTTEN, parked, "sale_not_found")

    def _apply(self, row: int, hash_: bytes) -> None:
        self._recorded[hash_] = int(self._fates.seen[row])
        if not self._judged.sale[row]:
            return
        sale = self._sales[hash_] = self._sale_at(row)
        number = len(sale.payees)
        for parked in self._state.parked.release(hash_):
            number += self._release(row, parked, sale, number)

    def _sale_at(self, row: int) -> Remembered:
        judged = self._judged
        amount, seen = int(judged.amount[row]), int(self._fates.seen[row])
        profile = UNKNOWN if judged.profile is None else int(judged.profile[row])
        return Remembered.of(int(judged.time[row]), amount, seen, judged.shares(row), profile)

    def _refund(self, row: int, hash_: bytes, refund: Refund) -> int:
        """The status of a refund row, after doing what it asks for."""
        sale = self._sale_of(row, refund)
        if sale is None:
            self._park(row, hash_, refund)
            return PARKED
        time = int(self._segment.time[row])
        reason = self._change(refund, sale, _Place(at=row, payee=0, data=row, time=time))
        if reason:
            self.reasons[row] = reason
            return DEAD
        self._recorded[hash_] = int(self._fates.seen[row])
        return APPLIED

    def _sale_of(self, row: int, refund: Refund) -> Remembered | None:
        sale = self._sales.get(refund.sale)
        if sale is not None and sale.seen >= self._fates.floor[row]:
            return sale
        if refund.sale in self._recorded and self._recorded[refund.sale] >= self._fates.floor[row]:
            return Remembered(0, 0, 0, ())  # seen here, but not a sale
        if refund.chunk >= 0:
            return self._state.memory.get(refund.chunk, refund.place)
        return None

    def _park(self, row: int, hash_: bytes, refund: Refund) -> None:
        source = self._state.ledger.source(int(self._segment.source[row]))
        values = self._segment.table.slice(row, 1).to_pylist()[0]
        values = {name: values[name] for name in sorted(values) if values[name] is not None}
        seen, position = int(self._fates.seen[row]), self._segment.position(row)
        self._state.parked.park(
            Parked(hash_, refund.sale, source.topic, source.partition, seen, position, values)
        )

    def _release(self, row: int, parked: Parked, sale: Remembered, number: int) -> int:
        """Applies a parked refund under its sale's position; how many credits that gave."""
        values = parked.row
        refund, given = Refund.of(parked.sale, values), len(self.credits.at)
        data = len(self._segment) + len(self.released)
        reason = self._change(
            refund, sale, _Place(at=row, payee=number, data=data, time=parked.row["time"])
        )
        if reason:
            self._dismiss(row, _DECIDED, parked, reason)
            return 0
        self._recorded[parked.hash] = parked.seen
        self.released.append(parked)
        self.released_at.append(row)
        self._state.ledger.settle(parked.topic, parked.partition, APPLIED)
        return len(self.credits.at) - given

    def _dismiss(self, row: int, phase: int, parked: Parked, reason: str) -> None:
        self.letters.append((row, phase, dead_letter(reason, parked.topic, parked.partition, parked.row)))
        self._state.ledger.settle(parked.topic, parked.partition, DEAD)

    def _change(self, refund: Refund, sale: Remembered, place: _Place) -> str:
        """Credits everybody concerned with what changes for them; or the reason why not."""
        if not sale.payees:
            return "not_a_sale"
        rules, assignments = self._state.rules, self._state.assignments
        before = self._state.standings.of(refund.sale, sale.seen, sale.amount)
        held = rules.now_at(before.payees or sale.payees, sale.time)
        currency, terms = assignments[held[0][0]].currency, self._terms(sale.terms)
        if refund.currency is not None and refund.currency != (terms.currency if terms else currency):
            return "currency_mismatch"
        after = before.after(refund.type, refund.amount)
        if isinstance(after, str):
            return after
        named = rules.named(refund.employee, refund.splits, sale.time)
        if named is None:
            return "unknown_employee"
        if named and rules.currency != currency:  # the plan's is another one since
            return "currency_mismatch"
        if refund.type == "correction" and sale.terms < 0 and after.terms < 0:
            after = after._replace(terms=self._cap_now(currency))
        payees = restated(held, named, assignments)
        if named:
            after = after._replace(payees=payees)
        as_sold = Standing(sale.amount)
        overlay = {number: not assignments[number].team for number, _ in (*held, *payees)}
        had, have, sold, sold_before, now, was = (
            one.credit(
                terms or self._terms(one.terms), [ppm for _, ppm in some],
                [overlay[number] for number, _ in some], minor_step(currency),
            )
            for one, some in (
                (before, held), (after, payees), (as_sold, payees), (as_sold, held), (after.whole(), payees),
                (before.whole(), held),
            )
        )  # fmt: skip
        changes = differences(held, had, payees, have)
        if place.payee + len(changes) > MAX_NUMBER + 1:
            return "too_many_refunds"
        self._state.standings.set(refund.sale, sale.seen, after)
        self._credit(changes, place, self._counts_at(refund.type, place.time, sale.time))
        columns, gone = self.credits, [number for number, *_ in changes[len(payees) :]]
        came, stood = _by_number(held, sold_before), _by_number(held, was)
        columns.sold += sold + [came[number] for number in gone]
        columns.now += now + [stood[number] for number in gone]
        everybody = [number for number, *_ in changes]
        self._restate(refund.type == "correction", everybody, held, stood, _by_number(held, had))
        columns.moved += moved_numbers(held, payees, assignments) if named else [None] * len(changes)
        columns.known += [self._state.profiles.known(sale.profile)] * len(changes)
        columns.sold_at += [rules.sold_at(sale.time) if named else None] * len(changes)
        return ""

    def _restate(
        self, corrected: bool, numbers: list[int], held: Payees, stood: dict[int, int], had: dict[int, int]
    ) -> None:
        """Says of a correction how the sale stood before it: of everybody, and who came first in each unit."""
        columns, count = self.credits, len(numbers)
        columns.before += [stood.get(number) if corrected else None for number in numbers]
        columns.had += [had.get(number, 0) if corrected else None for number in numbers]
        if corrected:
            units = [self._state.assignments.unit(number) for number, _ in held]
            first = _by_number(held, unit_firsts(units))
            for at, number in enumerate(numbers, start=len(columns.first) - count):
                columns.first[at] |= (first.get(number, 0) & ALL_FIRST) << BEFORE

    def _credit(self, changes: list[tuple[int, int, int]], place: _Place, time: int) -> None:
        columns, assignments = self.credits, self._state.assignments
        units = [assignments.unit(number) for number, *_ in changes]
        columns.at += [place.at] * len(changes)
        columns.payee += range(place.payee, place.payee + len(changes))
        columns.data += [place.data] * len(changes)
        columns.assignment += [number for number, *_ in changes]
        columns.ppm += [ppm for _, ppm, _ in changes]
        columns.first += unit_firsts(units)
        columns.amount += [change for *_, change in changes]
        columns.time += [time] * len(changes)

    def _terms(self, number: int) -> Terms | None:
        return self._state.terms.all[number] if number >= 0 else None

    def _cap_now(self, currency: str) -> int:
        """Terms for a sale that no cap had touched when it came: those of the plan in force, should it have a cap."""
        rules = self._state.rules
        return rules.terms.capped("sale") if rules.currency == currency else PLAIN

    def _counts_at(self, type_: str, own: int, sold: int) -> int:
        """The time (ms) that counts of what changes a sale; not before it was credited, where credit waits."""
        rules = self._state.rules
        if (rules.refund_date if type_ == "refund" else rules.correction_date) == "sale":
            return sold
        return max(own, sold) if "sale" in rules.terms.holds else own


def _by_number(payees: Payees, parts: Sequence[int]) -> dict[int, int]:
    return dict(zip((number for number, _ in payees), parts, strict=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a refund's credits go: rows as in RefundCredits, the first payee number, its own time (ms)."""

    at: int
    payee: int
    data: int
    time: int
