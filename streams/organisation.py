"""The organisation of a plan, seen from its employees; and the names that credits are written with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.event_identity import partition_key_hashes
from schemas.interning import Interner
from schemas.plan import Plan
from schemas.plan_once import once_per_plan
from schemas.plan_roll import Roll, roll_of


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

    def since(self, first: int) -> list[pa.StringArray]:
        """Those from number ``first`` on, by column."""
        return [self.names[name].take(pa.array(self.columns[name][first:])) for name in self.COLUMNS]

    def unit(self, number: int) -> tuple[str, str]:
        """Team and department of an assignment."""
        return tuple(self.names[name][int(self.columns[name][number])].as_py() for name in ("team", "department"))

    def extended(self, assignments: Iterable[Assignment]) -> tuple[Assignments, np.ndarray]:
        """With ``assignments`` as well, and their numbers (int32); those that are new are numbered in their order."""
        return self.with_columns([pa.array(column, pa.string()) for column in zip(*assignments, strict=True)])

    def _numbers(self, columns: dict[str, np.ndarray], names: dict[str, pa.Array]) -> np.ndarray:
        """int64 numbers of the rows of ``columns``, whose first ones are those known, in order of first appearance.

        With 1,000,000 employees most starts have one of the first two cases, which take no second.
        """
        known, rows = len(self), np.arange(len(columns["employee"]))
        if len(names["employee"]) == len(rows):  # everybody once
            return rows
        if len(rows) == 2 * known and all(np.array_equal(*np.split(column, 2)) for column in columns.values()):
            return rows % known
        keys = columns["currency"].astype(np.int64)
        for name in self.PLACE[::-1]:  # together one number, as small as there are combinations: it cannot overflow
            keys = _by_appearance(keys) * len(names[name]) + columns[name]
        return _by_appearance(keys)

    def with_columns(
        self, asked: Sequence[pa.StringArray | pa.DictionaryArray]
    ) -> tuple[Assignments, np.ndarray]:
        """As ``extended``, given by column: the employees as strings, the others as these or by codes of distinct ones.
        """
        if not asked or not len(asked[0]):
            return self, np.empty(0, np.int32)
        known, columns, names = len(self), {}, {}
        for name, words in zip(self.COLUMNS, asked, strict=True):
            codes, names[name] = _interned(self.names[name], words)
            columns[name] = np.concatenate([self.columns[name], codes])
        numbers = self._numbers(columns, names)
        new = np.diff(np.maximum.accumulate(numbers), prepend=-1) > 0
        if new.sum() == known:
            return self, numbers[known:].astype(np.int32)
        people = asked[0].filter(pa.array(new[known:]))
        targets = partition_key_hashes(people) % np.uint64(self._partitions)  # as schemas.topics.partition_of
        grown = Assignments(
            self._partitions, {name: column[new] for name, column in columns.items()}, names,
            np.concatenate([self.partition, targets.astype(self.partition.dtype)]),
        )  # fmt: skip
        return grown, numbers[known:].astype(np.int32)


def _by_appearance(keys: np.ndarray) -> np.ndarray:
    """int64 numbers of the keys, in the order in which each is first there."""
    return pa.array(keys).dictionary_encode().indices.to_numpy().astype(np.int64)


def _interned(known: pa.Array, words: pa.StringArray | pa.DictionaryArray) -> tuple[np.ndarray, pa.Array]:
    """int32 codes of ``words``, and the names by code: ``known`` and then those that are new, in their order."""
    if isinstance(words, pa.DictionaryArray):
        codes, names = _interned(known, words.dictionary)
        return codes[words.indices.to_numpy()], names
    found = Interner(known)
    codes = found.codes(words)
    return codes.astype(np.int32), found.column(np.arange(len(found)))


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
        position = self.roll.position(employee)
        return default if position is None else int(self.numbers[self.starts[position]])

    def firsts(self, employees: pa.StringArray, default: int) -> np.ndarray:
        """``first`` of many, int32."""
        positions = self.roll.positions(employees)
        known = positions >= 0
        numbers = np.full(len(employees), default, np.int32)
        numbers[known] = self.numbers[self.starts[positions[known]]]
        return numbers

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
    grown, numbers = assignments.with_columns(_columns_of(roll, plan.currency))
    return Numbered(roll, grown, numbers, (np.cumsum(held) - held).astype(np.int32))


def _columns_of(roll: Roll, currency: str) -> list[pa.Array]:
    """The assignments of everybody by column, in the plan's order and that of their moves."""
    ids: list[str] = []
    roles: list[str] = []
    runs: list[tuple[str, str, int]] = []  # so many in a team of a department
    for group in roll.groups:
        at = 0
        for moving in [*roll.moving_in(group), group.first + len(group.employees)]:
            stop = moving - group.first
            ids += group.employees.ids[at:stop]
            roles += group.employees.roles[at:stop]
            runs.append((group.team, group.department, stop - at))
            for place in roll.moving.get(moving, ()) if stop < len(group.employees) else ():
                ids.append(group.employees.ids[stop])
                roles.append(place.role)
                runs.append((place.team, place.department, 1))
            at = stop + 1
    teams, departments, counts = zip(*runs, strict=True) if runs else ((), (), ())
    units = (_coded(words, counts) for words in (teams, departments))
    return [pa.array(ids, pa.string()), *units, pa.array(roles, pa.string()), _coded([currency], [len(ids)])]


def _coded(words: Sequence[str], counts: Sequence[int]) -> pa.DictionaryArray:
    """Each of ``words`` as many times, one after the other."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    codes = np.repeat(np.array([numbers[word] for word in words], np.int32), counts)
    return pa.DictionaryArray.from_arrays(codes, pa.array(numbers, pa.string()))
