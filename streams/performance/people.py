"""Employees as the plan in force knows them, by code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from schemas.plan import Plan
from streams.performance.interning import Interner
from streams.performance.running import key_parts


class Person(NamedTuple):
    """Where an employee stands now."""

    id: str
    name: str
    role: str
    team: str
    department: str


class People:
    """Who is in the plan. Somebody who left keeps what was awarded, and gets nothing new."""

    def __init__(self, plan: Plan, codes: Interner) -> None:
        self._codes = codes
        self._people = {
            employee.id: Person(employee.id, employee.name, employee.role, team.id, department.id)
            for department in plan.organisation.departments
            for team in department.teams
            for employee in team.employees
        }
        self._roles = np.empty(0, object)

    def __contains__(self, employee: str) -> bool:
        return employee in self._people

    def ids(self) -> list[str]:
        """Everyone in the plan, in its order."""
        return list(self._people)

    def person(self, code: int) -> Person:
        """The employee with ``code``; someone outside the plan has no role and no unit."""
        employee = self._codes.names[code]
        return self._people.get(employee) or Person(employee, "", "", "", "")

    def ordered(self, keys: Iterable[int]) -> list[int]:
        """Period keys by employee id and period: codes depend on the history of restarts, their names do not."""
        parts = ((self._codes.names[key_parts(key)[0]], key_parts(key)[1], key) for key in keys)
        return [key for *_, key in sorted(parts)]

    def eligible(self, roles: tuple[str, ...], keys: np.ndarray) -> np.ndarray:
        """Bool per period key: its employee is in the plan and, where ``roles`` are given, has one of them."""
        known = len(self._roles)
        if known < len(self._codes):
            more = [self._people[name].role if name in self._people else None for name in self._codes.names[known:]]
            self._roles = np.concatenate([self._roles, np.array(more, object)])
        held = self._roles[key_parts(keys)[0]]
        if not roles:
            return np.array([role is not None for role in held.tolist()])
        return np.array([role in roles for role in held.tolist()])
