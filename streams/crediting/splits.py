"""Split events: who shares one, and how its amount is divided to the minor unit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np

from schemas.money import WHOLE, round_half_up, split_largest_remainder

#: Parsed split texts kept at a time; the same colleagues share again and again.
_CACHE_ENTRIES = 100_000

TEAM_FIRST, DEPARTMENT_FIRST, COMPANY_FIRST, OVERLAY = 1, 2, 4, 8
ALL_FIRST = TEAM_FIRST | DEPARTMENT_FIRST | COMPANY_FIRST


class Split(NamedTuple):
    """Payees in order: assignment numbers, shares in ppm, unit_first bits."""

    payees: tuple[int, ...]
    ppm: tuple[int, ...]
    firsts: tuple[int, ...]


class SplitReader:
    """Reads the ``splits`` column under one plan."""

    def __init__(self, first_of: Callable[[str], int | None], unit_of: Callable[[int], tuple[str, str]]) -> None:
        """``first_of``: number of an employee id; ``unit_of``: (team, department) of an assignment number."""
        self._first_of = first_of
        self._unit_of = unit_of
        self._cache: dict[str, Split | None] = {}

    def read(self, text: str) -> Split | None:
        """The split of a JSON text ``[[employee, ppm]…]``; None where an employee is unknown."""
        if text not in self._cache:
            if len(self._cache) >= _CACHE_ENTRIES:
                self._cache.clear()
            self._cache[text] = self._parse(text)
        return self._cache[text]

    def _parse(self, text: str) -> Split | None:
        shares = msgspec.json.decode(text, type=list[tuple[str, int]])
        payees = tuple(self._first_of(employee) for employee, _ in shares)
        if None in payees:
            return None
        return Split(payees, tuple(ppm for _, ppm in shares), unit_firsts(list(map(self._unit_of, payees))))


def unit_firsts(units: list[tuple[str, str]]) -> tuple[int, ...]:
    """unit_first bits of an event's credits, given (team, department) of its payees in order.

    Overlay payees, behind the others, have neither.
    """
    teams, departments, bits = set(), set(), []
    for at, (team, department) in enumerate(units):
        if not team:
            bits.append(OVERLAY)
            continue
        bits.append(
            TEAM_FIRST * ((team, department) not in teams)
            | DEPARTMENT_FIRST * (department not in departments)
            | COMPANY_FIRST * (at == 0)
        )
        teams.add((team, department))
        departments.add(department)
    return tuple(bits)


def split_amounts(amounts: np.ndarray, counts: np.ndarray, ppm: np.ndarray, step: int) -> np.ndarray:
    """schemas.money.split_largest_remainder for many events at once.

    ``amounts``: int64 per event, multiples of 1/10,000; ``counts``: payees per event (at least 1); ``ppm``:
    int64 per payee, events one after another; result: int64 per payee. |amount| ÷ step × 1,000,000 must fit
    an int64. Without overlays.
    """
    starts = np.cumsum(counts) - counts
    event = np.repeat(np.arange(len(counts)), counts)
    steps, odd = np.divmod(np.abs(amounts), step)
    parts, remainders = np.divmod(steps[event] * ppm, WHOLE)
    missing = steps - np.add.reduceat(parts, starts)
    by_remainder = np.lexsort((np.arange(len(ppm)), -remainders, event))
    rank = np.empty(len(ppm), np.int64)
    rank[by_remainder] = np.arange(len(ppm)) - starts[event]
    parts = (parts + (rank < missing[event])) * step
    parts[starts] += odd
    return np.sign(amounts)[event] * parts


def parts_of(total: int, ppm: list[int], overlay: list[bool], step: int) -> list[int]:
    """What each payee of an event of ``total`` (fixed) is credited with: the direct ones share it to the minor unit,
    an overlay, behind them, has its part of it.
    """
    direct = overlay.count(False)
    parts = [total] if direct == 1 else split_largest_remainder(total, ppm[:direct], WHOLE, step)
    return parts + [round_half_up(Fraction(total * share, WHOLE), step) for share in ppm[direct:]]
