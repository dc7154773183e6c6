"""The organisation of a plan, seen from its employees; and the names that credits are written with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.event_identity import partition_key_hash
from schemas.plan import Plan
from schemas.plan_once import once_per_plan
from schemas.plan_roll import Roll, roll_of
from schemas.topics import partition_of


class Assignment(NamedTuple):
    """Where an employee stands when credited, and the currency of the plan then in force."""

    employee: str
    team: str
    department: str
    role: str
    currency: str


class Assignments(Sequence[Assignment]):
    """All assignments ever credited, numbered; a number never changes its meaning, so remembered sales may hold it.

    A value: ``extended`` gives another one, and partitions with the same past share theirs. ``columns[name]`` is the
    int32 name code by assignment and ``names[name]`` the pyarrow strings by code, for employee, team, department,
    role, currency; ``partition`` is the credits partition by assignment, uint8 where these are few.
    """

    PLACE = ("employee", "team", "department", "role")
    COLUMNS = (*PLACE, "currency")

    def __init__(self, partitions: int, columns: dict[str, np.ndarray], names: dict[str, pa.Array], partition) -> None:
        self._partitions, self.columns, self.names, self.partition = partitions, columns, names, partition

    @classmethod
    @lru_cache(maxsize=8)
    def none(cls, partitions: int) -> Assignments:
        """No assignment yet; credits have so many ``partitions``. The same object each time."""
        columns = {name: np.empty(0, np.int32) for name in cls.COLUMNS}
        names = {name: pa.array([], pa.string()) for name in cls.COLUMNS}
        return cls(partitions, columns, names, np.empty(0, np.uint8 if partitions <= 256 else np.int32))

    def __len__(self) -> int:
        return len(self.partition)

    def __getitem__(self, number: int) -> Assignment:
        return Assignment(*(self.names[name][int(self.columns[name][number])].as_py() for name in self.COLUMNS))

    def rows(self, first: int) -> Iterator[Assignment]:
        """Those from number ``first`` on."""
        words = (
            self.names[name].take(pa.array(self.columns[name][first:])).to_pylist() for name in self.COLUMNS
        )
        return map(Assignment._make, zip(*words, strict=True))

    def unit(self, number: int) -> tuple[str, str]:
        """Team and department of an assignment."""
        return tuple(self.names[name][int(self.columns[name][number])].as_py() for name in ("team", "department"))

    def extended(self, assignments: Iterable[Assignment]) -> tuple[Assignments, np.ndarray]:
        """With ``assignments`` as well, and their numbers (int32); those that are new are numbered in their order."""
        asked = list(assignments)
        if not asked:
            return self, np.empty(0, np.int32)
        columns, names = {}, {}
        for name, words in zip(self.COLUMNS, zip(*asked, strict=True), strict=True):
            codes, names[name] = _interned(self.names[name], words)
            columns[name] = np.concatenate([self.columns[name], codes])
        keys = columns["currency"].astype(np.int64)
        for name in self.PLACE[::-1]:  # together one number; as small as there are combinations, so it cannot overflow
            keys = np.unique(keys, return_inverse=True)[1] * len(names[name]) + columns[name]
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        appeared = first[which]
        new = appeared == np.arange(len(keys))
        new[: len(self)] = True
        number = (np.cumsum(new) - 1).astype(np.int32)[appeared]
        if new.sum() == len(self):
            return self, number[len(self) :]
        added = pa.array(columns["employee"][len(self) :][new[len(self) :]])
        people = names["employee"].take(added).to_pylist()
        targets = [partition_of(partition_key_hash(one), self._partitions) for one in people]
        grown = Assignments(
            self._partitions, {name: column[new] for name, column in columns.items()}, names,
            np.concatenate([self.partition, np.array(targets, self.partition.dtype)]),
        )  # fmt: skip
        return grown, number[len(self) :]


def _interned(known: pa.Array, words: Sequence[str]) -> tuple[np.ndarray, pa.Array]:
    """int32 codes of ``words``, and the names by code: ``known`` and then those that are new, in their order."""
    code_of = {name: code for code, name in enumerate(known.to_pylist())}
    before = len(code_of)
    for word in words:
        code_of.setdefault(word, len(code_of))
    codes = np.fromiter(map(code_of.__getitem__, words), np.int32, len(words))
    if len(code_of) == before:
        return codes, known
    return codes, pa.concat_arrays([known, pa.array(list(islice(code_of, before, None)), pa.string())])


class Numbered(NamedTuple):
    """A plan's people among the ``assignments``: ``numbers`` (int32) of all places, one person's after the other's in
    the order of the ``roll``, and where in it each begins (``starts``, by position).
    """

    roll: Roll
    assignments: Assignments
    numbers: np.ndarray
    starts: np.ndarray

    def first(self, employee: str, default: int | None = None) -> int | None:
        """The number of somebody's first assignment."""
        position = self.roll.position.get(employee)
        return default if position is None else int(self.numbers[self.starts[position]])

    def of(self, position: int) -> list[int]:
        """The numbers of the places of one person, in order of time."""
        start = self.starts[position]
        return self.numbers[start : start + len(self.roll.places(position))].tolist()


@once_per_plan
def numbered(plan: Plan, assignments: Assignments) -> Numbered:
    """The plan's people numbered, behind ``assignments``."""
    roll = roll_of(plan)
    held = np.ones(len(roll), np.int32)
    held[list(roll.moving)] = [len(places) for places in roll.moving.values()]
    grown, numbers = assignments.extended(assignments_of(plan))
    return Numbered(roll, grown, numbers, (np.cumsum(held) - held).astype(np.int32))


def assignments_of(plan: Plan) -> Iterator[Assignment]:
    """The assignments of everybody, in the plan's order and that of their moves."""
    roll = roll_of(plan)
    for group in roll.groups:
        listed = zip(group.employees.ids, group.employees.roles, strict=True)
        for position, (employee, role) in enumerate(listed, start=group.first):
            if position in roll.moving:
                yield from (
                    Assignment(employee, place.team, place.department, place.role, plan.currency)
                    for place in roll.moving[position]
                )
            else:
                yield Assignment(employee, group.team, group.department, role, plan.currency)
