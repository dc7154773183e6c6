"""The organisation of a plan, seen from its employees; and the names that credits are written with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.event_identity import partition_key_hash
from schemas.plan import Plan
from schemas.plan_moves import employees_of
from schemas.plan_once import once_per_plan
from schemas.topics import partition_of


class Assignment(NamedTuple):
    """Where an employee stands when credited, and the currency of the plan then in force."""

    employee: str
    team: str
    department: str
    role: str
    currency: str


@once_per_plan
def assignments_of(plan: Plan) -> list[tuple[list[date | None], list[Assignment]]]:
    """By employee of ``plan``, in the plan's order: first dates (None: from the beginning) and assignments."""
    return [
        (
            [place.since for place in places],
            [Assignment(employee.id, place.team, place.department, place.role, plan.currency) for place in places],
        )
        for employee, places in employees_of(plan)
    ]


class Assignments:
    """All assignments ever credited, numbered; a number never changes its meaning, so remembered sales may
    hold it.

    After ``freeze()``: ``columns[name]`` is the int32 name code by assignment and ``names[name]`` the pyarrow
    strings by code, for employee, team, department, role, currency; ``partition`` is the credits partition by
    assignment.
    """

    PLACE = ("employee", "team", "department", "role")
    COLUMNS = (*PLACE, "currency")

    def __init__(self, credit_partitions: int) -> None:
        self._credit_partitions = credit_partitions
        self._codes: dict[Assignment, int] = {}
        self._interned: dict[str, dict[str, int]] = {name: {} for name in self.COLUMNS}
        self._columns: dict[str, list[int]] = {name: [] for name in self.COLUMNS}
        self._partitions: list[int] = []
        self.all: list[Assignment] = []
        self.freeze()

    def __len__(self) -> int:
        return len(self.all)

    def code(self, assignment: Assignment) -> int:
        """The number of ``assignment``; call ``freeze()`` after the last of a series."""
        known = self._codes.get(assignment)
        return self.extend([assignment])[0] if known is None else known

    def extend(self, assignments: Iterable[Assignment]) -> list[int]:
        """Their numbers; those that are new are numbered in their order. Call ``freeze()`` afterwards."""
        asked = list(assignments)
        numbers = list(map(self._codes.get, asked))
        if None not in numbers:
            return numbers
        new = list(dict.fromkeys(one for one, number in zip(asked, numbers, strict=True) if number is None))
        self._codes.update(zip(new, range(len(self.all), len(self.all) + len(new)), strict=True))
        self.all += new
        for name, names in zip(self.COLUMNS, zip(*new, strict=True), strict=True):
            codes = self._interned[name]
            for one in names:
                codes.setdefault(one, len(codes))
            self._columns[name] += map(codes.__getitem__, names)
        keys = (partition_key_hash(one.employee) for one in new)
        self._partitions += [partition_of(key, self._credit_partitions) for key in keys]
        return list(map(self._codes.__getitem__, asked))

    def freeze(self) -> None:
        """Rebuilds the arrays from what has been numbered so far."""
        self.columns = {name: np.array(codes, np.int32) for name, codes in self._columns.items()}
        self.names = {name: pa.array(list(self._interned[name]), pa.string()) for name in self.COLUMNS}
        self.partition = np.array(self._partitions, np.int32)
