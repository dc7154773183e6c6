"""One INSERT from many small pieces: the query and its columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from sinks.columns import KINDS, Column, Values, concatenate

#: Maps of fields that event types of the plan declare: column, kind of value, type of the map.
EXTRA_KINDS = {
    "extra_numbers": ("fixed", "Map(String, Decimal(18, 4))"),
    "extra_strings": ("text", "Map(String, String)"),
    "extra_flags": ("flag", "Map(String, Bool)"),
}
_FIELD = re.compile(r"^[a-z][a-z0-9_]*$")
_BITS = 64


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


@dataclass
class Rows:
    """``count`` rows for one table. ``extras``: (map column, field name) to values."""

    table: Table
    count: int
    values: dict[str, Values]
    extras: dict[tuple[str, str], Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Insert:
    """A query and its columns, ready for the driver: lists of equal length."""

    table: str
    query: str
    data: list[list]
    count: int


def build_insert(pieces: Sequence[Rows]) -> Insert:
    """One insert of all ``pieces`` (of one table). Columns that no piece has are left to the table's default.

    Raises ValueError, naming table and column, where a piece lacks a column that must be there.
    """
    table = pieces[0].table
    used = [column for column in table.columns if any(column.name in piece.values for piece in pieces)]
    extras = sorted({key for piece in pieces for key in piece.extras})
    whole: list[Values] = []
    for column in table.columns:
        parts = [(piece.values.get(column.name), piece.count) for piece in pieces]
        if not column.nullable and any(values is None for values, _ in parts):
            raise ValueError(f"{table.name}.{column.name}: the column is missing")
        if column in used:
            values = concatenate(column.kind, parts)
            if values.nulls is not None and not column.nullable:
                raise ValueError(f"{table.name}.{column.name}: expected a value in every row, found null")
            whole.append(values)
    for name, key in extras:
        kind = EXTRA_KINDS[name][0]
        whole.append(concatenate(kind, [(piece.extras.get((name, key)), piece.count) for piece in pieces]))
    nullable = tuple(values.nulls is not None for values in whole)
    query = _query(table.name, tuple(used), tuple(extras), nullable)
    data = [values.data.tolist() for values in whole]
    data += [mask.tolist() for mask in _masks(whole)]
    return Insert(table.name, query, data, sum(piece.count for piece in pieces))


def _masks(whole: list[Values]) -> list[np.ndarray]:
    """uint64 bit masks: bit i of mask m is set where nullable column 64 m + i is null."""
    nulls = [values.nulls for values in whole if values.nulls is not None]
    masks = []
    for start in range(0, len(nulls), _BITS):
        mask = np.zeros(len(nulls[0]), np.uint64)
        for bit, one in enumerate(nulls[start : start + _BITS]):
            mask |= one.astype(np.uint64) << np.uint64(bit)
        masks.append(mask)
    return masks


@lru_cache(maxsize=256)
def _query(
    table: str, used: tuple[Column, ...], extras: tuple[tuple[str, str], ...], nullable: tuple[bool, ...]
) -> str:
    """INSERT ... SELECT ... FROM input(): wire columns are w0, w1, ... and the masks m0, m1, ..."""
    kinds = [column.kind for column in used] + [EXTRA_KINDS[name][0] for name, _ in extras]
    expressions = []
    nulls = 0
    for number, (kind, may_be_null) in enumerate(zip(kinds, nullable, strict=True)):
        expression = KINDS[kind].expression.format(f"w{number}")
        if may_be_null:
            expression = f"if(bitTest(m{nulls // _BITS}, {nulls % _BITS}), NULL, {expression})"
            nulls += 1
        expressions.append(expression)
    names = [f"`{column.name}`" for column in used]
    selected = expressions[: len(used)]
    for name, expression in _map_expressions(extras, expressions[len(used) :]):
        names.append(name)
        selected.append(expression)
    wires = [f"w{number} {KINDS[kind].type}" for number, kind in enumerate(kinds)]
    wires += [f"m{number} UInt64" for number in range(-(-nulls // _BITS))]
    return (
        f"INSERT INTO kpistream.{table} ({', '.join(names)}) SELECT {', '.join(selected)} "
        f"FROM input('{', '.join(wires)}') FORMAT Native"
    )


def _map_expressions(extras: tuple[tuple[str, str], ...], expressions: list[str]) -> list[tuple[str, str]]:
    """A map per map column, holding the fields that are present in the row."""
    pairs: dict[str, list[str]] = {}
    for (name, key), expression in zip(extras, expressions, strict=True):
        if not _FIELD.match(key):
            raise ValueError(f"field {key!r}: expected lower-case letters, digits and underscores")
        pairs.setdefault(name, []).append(f"'{key}', {expression}")
    return [
        (name, f"CAST(mapFilter((k, v) -> isNotNull(v), map({', '.join(items)})), '{EXTRA_KINDS[name][1]}')")
        for name, items in pairs.items()
    ]
