"""Overlays of a plan: who else is credited with an event, outside the totals of units.

An overlay payee is an assignment without team and department, so a sale is remembered with it among its payees and
refunds follow; that is also what tells it from the payees who share the event.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import NamedTuple

import numpy as np

from schemas.money import WHOLE
from schemas.plan import Plan
from schemas.plan_overlays import Overlay
from streams.crediting.matching import matching
from streams.crediting.segments import Segment
from streams.crediting.splits import Split, unit_firsts
from streams.organisation import Assignment, Numbered
from streams.performance.calendar import day_of, days_of

#: Before every day.
_EVER = -(1 << 31)
#: Answers kept at a time; the same people sell again and again.
_CACHE_ENTRIES = 100_000


class _Person(NamedTuple):
    """Somebody whom an overlay may credit: first days of the places held, their assignments, overlay numbers."""

    since: list[int]
    places: list[Assignment]
    numbers: list[int]

    def at(self, day: int) -> int:
        """Which of the places holds on a day."""
        return max(bisect_right(self.since, day) - 1, 0)


class Overlays:
    """The overlays of one plan."""

    def __init__(self, plan: Plan, people: Numbered) -> None:
        """``assignments`` are those of ``people`` and, behind them, of the overlay payees."""
        self._rules = plan.crediting.overlays
        self._zone = plan.timezone
        found = [_candidates(plan, overlay, people) for overlay in self._rules]
        outside = (one._replace(team="", department="") for some in found for _, held in some for one in held)
        self.assignments, numbers = people.assignments.extended(outside)
        number = iter(numbers.tolist())
        self._people = [
            [_Person(since, places, list(islice(number, len(places)))) for since, places in some] for some in found
        ]
        self._known: dict[tuple, tuple[tuple[int, int], ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, segment: Segment, payees: dict[int, Split], payee: np.ndarray, good: np.ndarray) -> None:
        """Adds overlay payees to the matching rows that are ``good``: to ``payees``, by row, for all that have any.

        ``payee``: the assignment of each row that nobody shares.
        """
        masks = [good & matching(segment.table, overlay.events, overlay.where) for overlay in self._rules]
        rows = np.flatnonzero(np.logical_or.reduce(masks))
        matched = np.array([mask[rows] for mask in masks]).T.tolist()
        days = days_of(segment.time[rows], self._zone).tolist()
        for row, which, day in zip(rows.tolist(), map(tuple, matched), days, strict=True):
            own = payees.get(row) or Split((int(payee[row]),), (WHOLE,), ())
            more = self._of(which, own.payees, day)
            if more:
                numbers = (*own.payees, *(number for number, _ in more))
                firsts = unit_firsts(list(map(self.assignments.unit, numbers)))
                payees[row] = Split(numbers, (*own.ppm, *(ppm for _, ppm in more)), firsts)

    def _of(self, which: tuple[bool, ...], direct: tuple[int, ...], day: int) -> tuple[tuple[int, int], ...]:
        """(overlay number, ppm) of everyone whom the matching overlays credit, beside ``direct``."""
        key = which, direct, day
        if key not in self._known:
            if len(self._known) >= _CACHE_ENTRIES:
                self._known.clear()
            self._known[key] = tuple(self._found(which, [self.assignments[one] for one in direct], day))
        return self._known[key]

    def _found(self, which: tuple[bool, ...], direct: list[Assignment], day: int):
        had = {one.employee for one in direct}
        for matches, overlay, people in zip(which, self._rules, self._people, strict=True):
            for person in people if matches else ():
                at = person.at(day)
                place = person.places[at]
                if place.employee not in had and _reached(overlay, place, direct):
                    had.add(place.employee)
                    yield person.numbers[at], int(overlay.share * WHOLE)


def _candidates(plan: Plan, overlay: Overlay, people: Numbered) -> list[tuple[list[int], list[Assignment]]]:
    """Everyone whom ``overlay`` may ever credit under ``plan``, in the plan's order: first days, and places held."""
    found = []
    for position, employee in enumerate(people.roll.ids()):
        held = people.roll.places(position)
        if overlay.employee == employee or overlay.role in [place.role for place in held]:
            places = [Assignment(employee, one.team, one.department, one.role, plan.currency) for one in held]
            found.append(([day_of(one.since) if one.since else _EVER for one in held], places))
    return found


def _reached(overlay: Overlay, place: Assignment, direct: list[Assignment]) -> bool:
    """Whether ``overlay`` credits somebody who stands at ``place`` with an event of ``direct``."""
    if overlay.employee is not None:
        return True
    unit = overlay.within
    near = unit == "company" or any(getattr(one, unit) == getattr(place, unit) for one in direct)
    return place.role == overlay.role and near
