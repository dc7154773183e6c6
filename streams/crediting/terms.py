"""How an event's amount becomes credit: converted at the rate of its day, no more than the guard's cap."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from schemas.event_fields import FOLLOWING, payload_fields
from schemas.money import minor_step, round_half_up, to_fixed
from schemas.plan import Plan
from schemas.plan_crediting import RATE_SCALE
from streams.performance.calendar import day_of

_DAY_MS = 24 * 3600 * 1000
#: No terms: the amount is the credit.
PLAIN = -1
#: The currency is neither the plan's nor one with a rate on that day.
UNKNOWN = -2


class Terms(NamedTuple):
    """``rate``: units of ``into`` for one of ``currency``, times RATE_SCALE; ``cap``: fixed, -1 for none."""

    currency: str
    into: str
    rate: int
    cap: int

    def credited(self, amount: int) -> int:
        """Credit for ``amount`` (fixed), rounded half-up to the minor unit of ``into`` where it is converted."""
        if self.currency != self.into:
            amount = round_half_up(Fraction(amount * self.rate, RATE_SCALE), minor_step(self.into))
        return amount if self.cap < 0 else min(amount, self.cap)

class TermsBook:
    """All terms ever in force, numbered; a number never changes its meaning, so remembered sales may hold it."""

    def __init__(self) -> None:
        self.all: list[Terms] = []
        self._codes: dict[Terms, int] = {}

    def code(self, terms: Terms) -> int:
        """The number of ``terms``."""
        number = self._codes.setdefault(terms, len(self.all))
        if number == len(self.all):
            self.all.append(terms)
        return number


class InForce:
    """The terms of one plan, looked up for whole columns; ``active`` is False where every amount is its credit."""

    def __init__(self, plan: Plan, book: TermsBook) -> None:
        self._currency = plan.currency
        guards = plan.crediting.guards
        types = [name for name in payload_fields(plan) if name not in FOLLOWING]
        self._caps = {name: cap for name in types if (cap := _cap(guards, name)) >= 0}
        self.holds = {name: days * _DAY_MS for name in types if (days := _hold(guards, name))}
        self._plain = {cap: book.code(Terms(plan.currency, plan.currency, RATE_SCALE, cap)) for cap in self._used()[1:]}
        self._rates: dict[str, list[tuple[int, dict[int, int]]]] = {}
        for rate in sorted(plan.rates, key=lambda rate: rate.date):
            scaled = int(rate.rate * RATE_SCALE)
            codes = {cap: book.code(Terms(rate.currency, plan.currency, scaled, cap)) for cap in self._used()}
            self._rates.setdefault(rate.currency, []).append((day_of(rate.date), codes))
        self.active = bool(self._caps or self._rates)

    def _used(self) -> list[int]:
        return [-1, *sorted(set(self._caps.values()))]

    def knows(self, currency: str) -> bool:
        """Whether the currency is the plan's, or has a rate on some day."""
        return currency == self._currency or currency in self._rates

    def times(self, time: np.ndarray, types: tuple[np.ndarray, list[str]]) -> np.ndarray:
        """The times (ms) that count of events at ``time``; ``types``: code by row and names."""
        if not self.holds:
            return time
        codes, names = types
        return time + np.array([*(self.holds.get(name, 0) for name in names), 0], np.int64)[codes]

    def caps(self, types: list[str]) -> np.ndarray:
        """Cap (fixed) of each event type, the largest int64 where there is none; a last entry for no type."""
        most = np.iinfo(np.int64).max
        return np.array([*(self._caps.get(name, most) for name in types), most], np.int64)

    def capped(self, type_: str) -> int:
        """Number of the terms of an event in the plan's own currency, PLAIN where it has no cap."""
        return self._plain.get(self._caps.get(type_, -1), PLAIN)

    def converted(self, currency: str, day: int, type_: str) -> int:
        """Number of the terms of an event in another currency on its local day; UNKNOWN without a rate."""
        codes = None
        for first, found in self._rates.get(currency, ()):
            if first <= day:
                codes = found
        return UNKNOWN if codes is None else codes[self._caps.get(type_, -1)]


def _cap(guards: tuple, type_: str) -> int:
    caps = [to_fixed(one.cap) for one in guards if one.cap is not None and (not one.events or type_ in one.events)]
    return min(caps, default=-1)


def _hold(guards: tuple, type_: str) -> int:
    return max((one.hold_days for one in guards if not one.events or type_ in one.events), default=0)
