"""One INSERT from many small pieces: the query and its columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import NamedTuple

import pyarrow as pa

from sinks.columns import Column, concatenate, native, native_objects, plain

#: Maps of fields that event types of the plan declare: column, kind of value, type of the map.
EXTRA_KINDS = {
    "extra_numbers": ("fixed", "Map(String, Decimal(18, 4))"),
    "extra_strings": ("text", "Map(String, String)"),
    "extra_flags": ("flag", "Map(String, Bool)"),
}
_SIGNED = range(-(2**63), 2**63)
_ROOM = {"int": _SIGNED, "fixed": _SIGNED, "time": _SIGNED, "uint": range(2**64)}
_FIELD = re.compile(r"^[a-z][a-z0-9_]*$")


@dataclass(frozen=True)
class Origin:
    """Where a record lies in Kafka; ``timestamp``: ms since the epoch, the broker's."""

    topic: str
    partition: int
    offset: int
    timestamp: int


@dataclass(frozen=True)
class Table:
    """A table of the database kpistream and what is loaded into it."""

    name: str
    columns: tuple[Column, ...]

    @cached_property
    def row(self) -> Callable[[dict[str, object]], tuple]:
        """Takes the values of a row out of a dict, in the order of the columns."""
        return itemgetter(*(column.name for column in self.columns))

    @cached_property
    def numbers(self) -> list[tuple[int, Column, range]]:
        """Place of each number in a row, and what there is room for."""
        placed = enumerate(self.columns)
        return [(place, column, _ROOM[column.kind]) for place, column in placed if column.kind in _ROOM]


@dataclass
class Rows:
    """``count`` rows for one table. ``extras``: (map column, field name) to values."""

    table: Table
    count: int
    values: dict[str, pa.Array]
    extras: dict[tuple[str, str], pa.Array] = field(default_factory=dict)


@dataclass
class Objects:
    """Rows of Python objects: text as str or bytes, numbers as int, None for null. They become columns together with
    those of other records: by itself, a record of a single row would cost what thousands of rows cost.
    """

    table: Table
    rows: list[tuple]

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.rows)


class NativeColumns(NamedTuple):
    """``count`` rows, each column in the native format of its type.

    NativeClient's ``execute`` takes them as the data of an insert.
    """

    count: int
    columns: tuple[bytes, ...]


@dataclass(frozen=True)
class Insert:
    """A query and the ``count`` rows of its columns."""

    table: str
    query: str
    data: NativeColumns
    count: int


def build_insert(pieces: Sequence[Rows] | Sequence[Objects]) -> Insert:
    """One insert of all ``pieces`` (of one table and kind). Columns without any value are left to the table's default.

    Raises ValueError, naming table and column, where a piece lacks a column that must be there.
    """
    table, count = pieces[0].table, sum(piece.count for piece in pieces)
    wires: dict[str, tuple[str, bytes]] = {}
    extras: dict[tuple[str, str], tuple[str, bytes]] = {}
    if isinstance(pieces[0], Objects):
        listed = zip(*(row for piece in pieces for row in piece.rows), strict=True)
        for column, items in zip(table.columns, listed, strict=True):
            if _holds(table, column, items.count(None), count):
                wires[column.name] = native_objects(column.kind, items)
    else:
        for column in table.columns:
            parts = [(piece.values.get(column.name), piece.count) for piece in pieces]
            if not column.nullable and any(values is None for values, _ in parts):
                raise ValueError(f"{table.name}.{column.name}: the column is missing")
            if all(values is None for values, _ in parts):
                continue
            whole = concatenate(column.kind, parts)
            if _holds(table, column, whole.null_count, count):
                wires[column.name] = native(column.kind, whole)
        for name, key in sorted({key for piece in pieces for key in piece.extras}):
            kind = EXTRA_KINDS[name][0]
            whole = concatenate(kind, [(piece.extras.get((name, key)), piece.count) for piece in pieces])
            extras[name, key] = native(kind, plain(kind, whole))  # the values of a map are of one type
    types = tuple(type_ for type_, _ in (*wires.values(), *extras.values()))
    contents = tuple(content for _, content in (*wires.values(), *extras.values()))
    query = _query(table.name, tuple(wires), tuple(extras), types)
    return Insert(table.name, query, NativeColumns(count, contents), count)


def _holds(table: Table, column: Column, nulls: int, count: int) -> bool:
    """Whether there is anything in a column of so many nulls; raises ValueError where there may be none."""
    if nulls and not column.nullable:
        raise ValueError(f"{table.name}.{column.name}: expected a value in every row, found null")
    return nulls < count


@lru_cache(maxsize=256)
def _query(table: str, used: tuple[str, ...], extras: tuple[tuple[str, str], ...], types: tuple[str, ...]) -> str:
    """INSERT ... SELECT ... FROM input(): wire columns are w0, w1, ..., of which the server makes the table's types."""
    wires = [f"w{number}" for number in range(len(types))]
    names = [f"`{name}`" for name in used]
    selected = wires[: len(used)]
    for name, expression in _map_expressions(extras, wires[len(used) :]):
        names.append(name)
        selected.append(expression)
    declared = ", ".join(f"{wire} {type_}" for wire, type_ in zip(wires, types, strict=True)).replace("'", "\\'")
    return (
        f"INSERT INTO kpistream.{table} ({', '.join(names)}) SELECT {', '.join(selected)} "
        f"FROM input('{declared}') FORMAT Native"
    )


def _map_expressions(extras: tuple[tuple[str, str], ...], wires: list[str]) -> list[tuple[str, str]]:
    """A map per map column, holding the fields that are present in the row."""
    pairs: dict[str, list[str]] = {}
    for (name, key), wire in zip(extras, wires, strict=True):
        if not _FIELD.match(key):
            raise ValueError(f"field {key!r}: expected lower-case letters, digits and underscores")
        pairs.setdefault(name, []).append(f"'{key}', {wire}")
    return [
        (name, f"CAST(mapFilter((k, v) -> isNotNull(v), map({', '.join(items)})), '{EXTRA_KINDS[name][1]}')")
        for name, items in pairs.items()
    ]
