"""The employees of a team: a sequence of models that keeps columns, and models only of those who have more than an id,
a name and a role.

A model for everyone takes 1.6 KB each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, SerializationInfo, ValidationInfo
from pydantic_core import core_schema

from schemas.plan_attendance import Leave
from schemas.plan_fields import IDENTIFIER, Date, Id, Model
from schemas.plan_moves import Move

_KNOWN = frozenset(["id", "name", "role", "moves", "start", "end", "leave"])
_DATED = ("moves", "start", "end", "leave")
_EMPTY = ((), [])
_ID, _ROLE = itemgetter("id"), itemgetter("role")
_IDENTIFIERS = re.compile(f"(?:{IDENTIFIER[1:-1]}\n)*")
#: What a reader and a writer of control records say to pydantic: rosters of so many people and more stand there by
#: columns. Of 1,000,000 objects in JSON it takes several seconds to make a plan, of columns a few tenths.
BY_COLUMNS = {"rosters": "by columns"}
_LONG = 50


class Employee(Model):
    """A person who is credited."""

    id: Id
    name: str = ""
    role: Id
    #: Changes of team and role, in order of their dates; team and role above hold before the first.
    moves: tuple[Move, ...] = ()
    #: First day, and first day after the last, in the company; with ``leave`` what prorated targets go by.
    start: Date | None = None
    end: Date | None = None
    leave: tuple[Leave, ...] = ()


class _Columns(BaseModel):
    """A long roster in a control record: ``ids`` one after the other, parted by spaces; ``roles`` as many, or the one
    that all have; ``names`` as many, or none; ``dated``: places in the list, ascending, of those who have dates.
    """

    model_config = ConfigDict(extra="forbid")

    ids: str
    roles: str
    names: tuple[str, ...] = ()
    dated: tuple[tuple[int, Employee], ...] = ()


class Roster(Sequence[Employee]):
    """``ids``, ``roles``: by place in the list. A model is made whenever somebody asks for one."""

    __slots__ = ("_names", "_special", "ids", "roles")

    def __init__(self, ids: list[str], names: list[str], roles: list[str], special: dict[int, Employee]) -> None:
        """``special``: models of those who have dates, by place in the list, ascending."""
        kept = {role: role for role in {*roles}}
        self.ids, self.roles = ids, list(map(kept.__getitem__, roles))
        self._names = names if any(names) else None
        self._special = special

    @classmethod
    def of(cls, employees: Iterable[Employee]) -> Roster:
        """From models."""
        if isinstance(employees, Roster):
            return employees
        found = list(employees)
        special = {at: one for at, one in enumerate(found) if any(getattr(one, name) for name in _DATED)}
        return cls([one.id for one in found], [one.name for one in found], [one.role for one in found], special)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        at = range(len(self))[at]
        special = self._special.get(at)
        return special or Employee.model_construct(id=self.ids[at], name=self.name(at), role=self.roles[at])

    def __iter__(self) -> Iterator[Employee]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Roster):
            return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)
        return isinstance(other, tuple) and tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self.ids))

    def __add__(self, more: Iterable[Employee]) -> Roster:
        return Roster.of([*self, *more])

    def __repr__(self) -> str:
        return f"Roster({list(self)!r})"

    def name(self, at: int) -> str:
        """Name of the one at a place in the list, '' for none."""
        return self._names[at] if self._names else ""

    def special(self) -> Iterable[tuple[int, Employee]]:
        """Those who move, join, leave or are away, with their places in the list."""
        return self._special.items()

    def columns(self) -> dict:
        """As ``_Columns``, in JSON objects."""
        roles = {*self.roles}
        found = {"ids": " ".join(self.ids), "roles": " ".join(self.roles if len(roles) > 1 else roles)}
        if self._names:
            found["names"] = self._names
        if self._special:
            dated = ((at, one.model_dump(mode="json", exclude_defaults=True)) for at, one in self._special.items())
            found["dated"] = list(dated)
        return found

    def documents(self, mode: str) -> list[dict]:
        """As JSON or Python objects, without what is not given."""
        names = self._names or [""] * len(self)
        found = [
            {"id": id_, "name": name, "role": role} if name else {"id": id_, "role": role}
            for id_, name, role in zip(self.ids, names, self.roles, strict=True)
        ]
        for at, one in self._special.items():
            found[at] = one.model_dump(mode=mode, exclude_defaults=True)
        return found


def _read(value: object, read_models: Callable[[object], tuple[Employee, ...]], info: ValidationInfo) -> Roster:
    """From whatever a plan has as employees. ``read_models`` is pydantic's way, which says what is wrong, and where."""
    if isinstance(value, Roster):
        return value
    if isinstance(value, dict) and info.context == BY_COLUMNS:
        return _of_columns(_Columns.model_validate(value))
    return (_of_objects(value, read_models) if isinstance(value, list) else None) or Roster.of(read_models(value))


def _of_columns(found: _Columns) -> Roster:
    """Raises ValueError where the columns do not belong together."""
    ids, roles = found.ids.split(" "), found.roles.split(" ")
    if len(roles) == 1:
        roles *= len(ids)
    for name, column in (("ids", ids), ("roles", [*{*roles}])):
        if not _identifiers(column):
            raise ValueError(f"{name}: expected identifiers with a space between each two")
    if len(roles) != len(ids) or len(found.names) not in (0, len(ids)):
        raise ValueError(f"{len(ids)} ids, {len(roles)} roles and {len(found.names)} names: expected as many")
    places = [at for at, _ in found.dated]
    if places != sorted({*places}) or any(ids[at : at + 1] != [one.id] or at < 0 for at, one in found.dated):
        raise ValueError("dated: expected places in the list, ascending, with the employees who stand there")
    return Roster(ids, list(found.names), roles, dict(found.dated))


def _written(roster: Iterable[Employee], info: SerializationInfo) -> list[dict] | dict:
    roster = Roster.of(roster)
    by_columns = info.context == BY_COLUMNS and len(roster) >= _LONG
    return roster.columns() if by_columns else roster.documents(info.mode)


def _of_objects(rows: list, read_models: Callable[[object], tuple[Employee, ...]]) -> Roster | None:
    """None where anything is not as most plans have it."""
    try:
        if {*map(type, rows)} != {dict}:
            return None
        ids, roles = list(map(_ID, rows)), list(map(_ROLE, rows))
        special, names = [], [""] * len(rows)
        if {*map(len, rows)} != {2}:  # 1,000,000 are not looked at one by one for what none of them has
            special = [at for at, one in enumerate(rows) if len(one) != 2 + ("name" in one) and not _undated(one)]
            names = [one.get("name", "") for one in rows]
        if not (_identifiers(ids) and _identifiers([*{*roles}]) and {*map(type, names)} == {str}):
            return None
        models = read_models([rows[at] for at in special]) if special else ()
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return Roster(ids, names, roles, dict(zip(special, models, strict=True)))


def _undated(row: dict) -> bool:
    return (
        row.keys() <= _KNOWN
        and row.get("start") is None
        and row.get("end") is None
        and row.get("moves", ()) in _EMPTY
        and row.get("leave", ()) in _EMPTY
    )


def _identifiers(words: list) -> bool:
    if {*map(type, words)} != {str}:
        return False
    text = "\n".join([*words, ""])
    return text.count("\n") == len(words) and _IDENTIFIERS.fullmatch(text) is not None


class _Rosters:
    """Tells pydantic how rosters are read and written."""

    def __get_pydantic_core_schema__(self, source: object, handler: Callable) -> core_schema.CoreSchema:
        return core_schema.with_info_wrap_validator_function(
            _read,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(_written, info_arg=True),
        )


Employees = Annotated[tuple[Employee, ...], _Rosters()]
