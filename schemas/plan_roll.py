"""Everybody in a plan by a position, kept once for all stages and partitions of a process: columns, and objects only
for those who move.

Of 1,000,000 employees an object each, for every stage and partition, would take gigabytes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.interning import Interner
from schemas.plan import Plan
from schemas.plan_employees import Employee, Roster
from schemas.plan_moves import Place, places_of
from schemas.plan_once import once_per_plan


class Group(NamedTuple):
    """A team's employees as listed; ``first``: the position of the first of them."""

    first: int
    team: str
    department: str
    employees: Roster


class Roll:
    """``groups``: the teams in the plan's order; ``moving``: the places of those who move, by position."""

    def __init__(self, plan: Plan) -> None:
        department_of = {team.id: one.id for one in plan.organisation.departments for team in one.teams}
        self.groups: list[Group] = []
        self.moving: dict[int, list[Place]] = {}
        first = 0
        for department in plan.organisation.departments:
            for team in department.teams:
                employees = Roster.of(team.employees)
                self.groups.append(Group(first, team.id, department.id, employees))
                for at, employee in employees.special():
                    places = places_of(employee, team.id, department_of)
                    if len(places) > 1:
                        self.moving[first + at] = places
                first += len(employees)
        self._positions = Interner(self.ids())
        self._moving = list(self.moving)
        self._firsts = [group.first for group in self.groups]
        self._size = first
        self._places: dict[tuple[str, str], Place] = {}

    def __len__(self) -> int:
        return self._size

    def ids(self) -> Iterator[str]:
        """Everybody's id, by position."""
        return chain.from_iterable(group.employees.ids for group in self.groups)

    def special(self) -> dict[str, Employee]:
        """Those who move, join, leave or are away, by id."""
        return {employee.id: employee for group in self.groups for _, employee in group.employees.special()}

    def __contains__(self, employee: str) -> bool:
        return self._positions.find(employee) >= 0

    def position(self, employee: str) -> int | None:
        """The position of an employee, None of who is not in the plan."""
        found = self._positions.find(employee)
        return None if found < 0 else found

    def positions(self, employees: pa.StringArray) -> np.ndarray:
        """int64 positions of employees, −1 of who is not in the plan."""
        return self._positions.find_all(employees)

    @cached_property
    def last_roles(self) -> tuple[dict[str, int], np.ndarray]:
        """Numbers of the roles, and everybody's after the last move (int32, by position)."""
        listed = chain.from_iterable(group.employees.roles for group in self.groups)
        coded = pa.array(list(listed), pa.string()).dictionary_encode()
        numbers = {role: number for number, role in enumerate(coded.dictionary.to_pylist())}
        found = coded.indices.to_numpy().copy()
        for position, places in self.moving.items():
            found[position] = numbers.setdefault(places[-1].role, len(numbers))
        return numbers, found

    def named(self, position: int) -> tuple[str, Place]:
        """The employee's name, '' for none, and the place after the last move."""
        group, moved = self._group(position), self.moving.get(position)
        return group.employees.name(position - group.first), moved[-1] if moved else self._place(group, position)

    def places(self, position: int) -> list[Place]:
        """The places that somebody has had and will have, in order of time."""
        return self.moving.get(position) or [self._listed(position)]

    def candidates(self, kind: str, unit: str) -> Iterator[tuple[str, list[Place]]]:
        """All who may ever stand in a team, a department, or the company, with their places, in the plan's order."""
        for group in self.groups:
            listed = range(group.first, group.first + len(group.employees))
            if kind != "company" and getattr(group, kind) != unit:
                moving = self.moving_in(group)
                listed = [at for at in moving if any(getattr(one, kind) == unit for one in self.moving[at])]
            for position in listed:
                yield group.employees.ids[position - group.first], self.places(position)

    def moving_in(self, group: Group) -> list[int]:
        """Positions, ascending, of those listed in a team who move."""
        after = group.first + len(group.employees)
        return self._moving[bisect_left(self._moving, group.first) : bisect_left(self._moving, after)]

    def _group(self, position: int) -> Group:
        return self.groups[bisect_right(self._firsts, position) - 1]

    def _listed(self, position: int) -> Place:
        return self._place(self._group(position), position)

    def _place(self, group: Group, position: int) -> Place:
        key = group.team, group.employees.roles[position - group.first]
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = Place(None, group.team, group.department, key[1])
        return place


@once_per_plan
def roll_of(plan: Plan) -> Roll:
    """The plan's roll."""
    return Roll(plan)
