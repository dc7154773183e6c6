"""Employees as the plan in force knows them, by code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from schemas.interning import Interner
from schemas.plan import Plan
from schemas.plan_moves import Place, place_at
from schemas.plan_roll import roll_of
from streams.performance.calendar import Calendar, date_of, window_days
from streams.performance.running import key_parts, period_key

#: The role's number of who is not in the plan.
_NOBODY = -1


class Person(NamedTuple):
    """Where an employee stands."""

    id: str
    name: str
    role: str
    team: str
    department: str


class People:
    """Who is in the plan. Somebody who left keeps what was awarded, and gets nothing new.

    Of somebody who moves, each period sees the place in force on the day that ``organisation.standing`` names; a
    rolling window sees the last one.
    """

    def __init__(self, plan: Plan, codes: Interner, calendar: Calendar) -> None:
        self._codes, self._calendar = codes, calendar
        self._roll = roll_of(plan)
        self._day = -1 if plan.organisation.standing == "period_end" else 0
        self._role_of = np.empty(0, np.int32)
        self._moves = np.empty(0, bool)
        #: Ids and positions (−1: not in the plan) of those of whom much is asked just now, by code.
        self._asked: dict[int, tuple[str, int]] = {}

    def __contains__(self, employee: str) -> bool:
        return employee in self._roll

    def ids(self) -> list[str]:
        """Everyone in the plan, in its order."""
        return list(self._roll.ids())

    def code(self, employee: str) -> int:
        """The code of an employee's id."""
        return self._codes.code(employee)

    def id(self, code: int) -> str:
        """The id of the employee with ``code``."""
        return self._known(code)[0]

    def look_up(self, codes: np.ndarray) -> None:
        """``codes`` are asked for next: by column it takes less than one by one, where there are many people."""
        names = self._codes.column(codes)
        found = zip(names.to_pylist(), self._roll.positions(names).tolist(), strict=True)
        self._asked = dict(zip(codes.tolist(), found, strict=True))

    def _known(self, code: int) -> tuple[str, int]:
        found = self._asked.get(code)
        if found is None:
            employee = self._codes.names[code]
            position = self._roll.position(employee)
            found = employee, -1 if position is None else position
        return found

    def key(self, employee: str, kind: str, period: str) -> int | None:
        """The period key of somebody's period, by its text; None where the calendar has not such a period."""
        ordinal = 0 if window_days(kind) else self._calendar.find(kind, period)
        return None if ordinal is None else int(period_key(self.code(employee), ordinal))

    def person(self, code: int) -> Person:
        """The employee with ``code`` after the last move; someone outside the plan has no role and no unit."""
        return self._person(*self._known(code))

    def _person(self, employee: str, position: int, standing: Place | None = None) -> Person:
        if position < 0:
            return Person(employee, "", "", "", "")
        name, last = self._roll.named(position)
        place = standing or last
        return Person(employee, name, place.role, place.team, place.department)

    def standing(self, code: int, kind: str, ordinal: int) -> Person:
        """The employee with ``code`` as the period of ``kind`` sees them."""
        employee, position = self._known(code)
        if position not in self._roll.moving or window_days(kind):
            return self._person(employee, position)
        day = date_of(self._calendar.span(kind, ordinal)[self._day])
        return self._person(employee, position, place_at(self._roll.moving[position], day))

    def ordered(self, keys: Iterable[int]) -> list[int]:
        """Period keys by employee id and period: codes depend on the history of restarts, their names do not."""
        parts = ((self._codes.names[key_parts(key)[0]], key_parts(key)[1], key) for key in keys)
        return [key for *_, key in sorted(parts)]

    def taking_part(self, rule, keys: Iterable[int]) -> list[int]:
        """Of period keys those whose employee has a part in a rule, as ``ordered``."""
        known = np.array(list(keys), np.int64)
        return self.ordered(known[self.eligible(rule.roles, rule.period, known)].tolist())

    def eligible(self, roles: tuple[str, ...], kind: str, keys: np.ndarray) -> np.ndarray:
        """Bool per key of a period of ``kind``: its employee is in the plan and, where ``roles`` are given, has one."""
        if len(self._role_of) < len(self._codes):
            self._look_up()
        codes = key_parts(keys)[0]
        held = self._role_of[codes]
        if not roles:
            return held != _NOBODY
        numbers, _ = self._roll.last_roles
        wanted = [numbers[role] for role in roles if role in numbers]
        found = np.isin(held, wanted)
        if self._roll.moving:
            for at in np.flatnonzero(self._moves[codes]).tolist():
                found[at] = self.standing(int(codes[at]), kind, key_parts(int(keys[at]))[1]).role in roles
        return found

    def _look_up(self) -> None:
        """The roles of employees who have got their code since."""
        positions = self._roll.positions(self._codes.column(np.arange(len(self._role_of), len(self._codes))))
        _, last = self._roll.last_roles
        roles = np.full(len(positions), _NOBODY, np.int32)
        known = np.flatnonzero(positions >= 0)
        roles[known] = last[positions[known]]
        self._role_of = np.concatenate([self._role_of, roles])
        self._moves = np.concatenate([self._moves, np.isin(positions, list(self._roll.moving))])
