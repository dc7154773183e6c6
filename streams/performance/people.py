"""Employees as the plan in force knows them, by code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from schemas.plan import Plan
from schemas.plan_moves import employees_of
from schemas.plan_once import once_per_plan
from streams.performance.calendar import Calendar, day_of, window_days
from streams.performance.interning import Interner
from streams.performance.running import key_parts, period_key

#: Before every day.
_EVER = -(1 << 31)


class Person(NamedTuple):
    """Where an employee stands."""

    id: str
    name: str
    role: str
    team: str
    department: str


@once_per_plan
def _standing(plan: Plan) -> tuple[dict[str, Person], dict[str, list[tuple[int, Person]]]]:
    """By id everybody after the last of their moves; and of those who move all places, with their first days."""
    people, stations = {}, {}
    for employee, places in employees_of(plan):
        stood = [Person(employee.id, employee.name, place.role, place.team, place.department) for place in places]
        people[employee.id] = stood[-1]
        if len(places) > 1:
            days = [day_of(place.since) if place.since else _EVER for place in places]
            stations[employee.id] = list(zip(days, stood, strict=True))
    return people, stations


class People:
    """Who is in the plan. Somebody who left keeps what was awarded, and gets nothing new.

    Of somebody who moves, each period sees the place in force on the day that ``organisation.standing`` names; a
    rolling window sees the last one.
    """

    def __init__(self, plan: Plan, codes: Interner, calendar: Calendar) -> None:
        self._codes, self._calendar = codes, calendar
        self._people, self._stations = _standing(plan)
        self._day = -1 if plan.organisation.standing == "period_end" else 0
        self._roles = np.empty(0, object)
        self._moves = np.empty(0, bool)

    def __contains__(self, employee: str) -> bool:
        return employee in self._people

    def ids(self) -> list[str]:
        """Everyone in the plan, in its order."""
        return list(self._people)

    def code(self, employee: str) -> int:
        """The code of an employee's id."""
        return self._codes.code(employee)

    def key(self, employee: str, kind: str, period: str) -> int | None:
        """The period key of somebody's period, by its text; None where the calendar has not such a period."""
        try:
            ordinal = 0 if window_days(kind) else self._calendar.parse(kind, period)
        except (KeyError, ValueError):
            return None
        return int(period_key(self.code(employee), ordinal))

    def person(self, code: int) -> Person:
        """The employee with ``code`` after the last move; someone outside the plan has no role and no unit."""
        employee = self._codes.names[code]
        return self._people.get(employee) or Person(employee, "", "", "", "")

    def standing(self, code: int, kind: str, ordinal: int) -> Person:
        """The employee with ``code`` as the period of ``kind`` sees them."""
        stations = self._stations.get(self._codes.names[code])
        if stations is None or window_days(kind):
            return self.person(code)
        day = self._calendar.span(kind, ordinal)[self._day]
        return [person for first, person in stations if first <= day][-1]

    def ordered(self, keys: Iterable[int]) -> list[int]:
        """Period keys by employee id and period: codes depend on the history of restarts, their names do not."""
        parts = ((self._codes.names[key_parts(key)[0]], key_parts(key)[1], key) for key in keys)
        return [key for *_, key in sorted(parts)]

    def eligible(self, roles: tuple[str, ...], kind: str, keys: np.ndarray) -> np.ndarray:
        """Bool per key of a period of ``kind``: its employee is in the plan and, where ``roles`` are given, has one."""
        known = len(self._roles)
        if known < len(self._codes):
            more = [self._people[name].role if name in self._people else None for name in self._codes.names[known:]]
            self._roles = np.concatenate([self._roles, np.array(more, object)])
            moves = [name in self._stations for name in self._codes.names[known:]]
            self._moves = np.concatenate([self._moves, np.array(moves, bool)])
        codes = key_parts(keys)[0]
        held = self._roles[codes]
        if not roles:
            return np.array([role is not None for role in held.tolist()])
        if self._stations:
            for at in np.flatnonzero(self._moves[codes]).tolist():
                held[at] = self.standing(int(codes[at]), kind, key_parts(int(keys[at]))[1]).role
        return np.array([role in roles for role in held.tolist()])
