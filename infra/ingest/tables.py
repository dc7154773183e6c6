"""Tables of an import: rows with typed, computed and joined values, filtered, reduced to last rows or groups."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from infra.ingest.expressions import Compiled, compile_expression
from infra.ingest.functions import text_of
from infra.ingest.mapping_models import Mapping, Table, TimeColumn

Key = tuple[str, ...]
Convert = Callable[[str], Any]


class RowError(ValueError):
    """A row cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not used: where it stands and why not."""

    file: str
    line: int
    reason: str


@dataclass
class Counts:
    """What became of the rows of one table."""

    rows: int = 0
    filtered: int = 0
    superseded: int = 0
    rejected: int = 0


class Row:
    """One row: raw cells, values on demand. ``line`` is where it begins in its file, of a group the first row's."""

    __slots__ = ("_busy", "_cells", "_values", "line", "table")

    def __init__(self, table: LoadedTable, line: int, cells: list[str], values: dict[str, Any] | None = None):
        self.table, self.line, self._cells, self._values, self._busy = table, line, cells, values or {}, None

    def value(self, name: str) -> Any:
        """Value of column or computed field ``name``; None where missing."""
        values = self._values
        if name not in values:
            values[name] = self._find(name)
        return values[name]

    def _find(self, name: str) -> Any:
        field = self.table.fields.get(name)
        if field is None:
            return self.table.convert(name, self._cells)
        if self._busy == name:
            raise RowError(f"field {name} is defined by itself")
        self._busy = name
        return field(self)

    def add(self, name: str, part: Decimal, context: Context) -> None:
        """Add to a group's sum."""
        self._values[name] = context.add(self._values[name], part)

    def joined(self, join: str, name: str) -> Any:
        """Value of ``name`` in the row joined as ``join``, None where an optional join found none."""
        partner = self.table.partner(self, join)
        return None if partner is None else partner.value(name)


class LoadedTable:
    """A table while and after its file is read: converters, compiled fields, rows, indexes for joins."""

    def __init__(self, name: str, spec: Table, mapping: Mapping, file: str, header: list[str],
                 used: frozenset[str], find: Callable):
        self.name, self.spec, self.file, self.counts = name, spec, file, Counts()
        self.fields: dict[str, Compiled] = {key: compile_expression(text) for key, text in spec.fields.items()}
        self._on = {key: [compile_expression(text) for text in join.on] for key, join in spec.join.items()}
        self._header, self._find_table = header, find
        self._kept = [index for index, column in enumerate(header) if column in used]
        self._position = {header[index]: place for place, index in enumerate(self._kept)}
        self._missing = frozenset(mapping.missing if spec.missing is None else spec.missing)
        self._convert = {column: _converter(mapping, spec, kind) for column, kind in spec.types.items()}
        self._indexes: dict[tuple[str, ...], dict[Key, Row | RowError]] = {}
        self.rows: list[Row] = []
        self.broken: dict[Key, RowError] = {}  # groups that a rejected row would have belonged to
        self.used: set[Key] = set()  # keys that some row of another table asked for

    def row(self, line: int, cells: list[str]) -> Row:
        """A row with only those cells that some expression of the mapping may ask for: rows stay in memory."""
        return Row(self, line, [cells[index] for index in self._kept])

    def convert(self, name: str, cells: list[str]) -> Any:
        """The typed value of a raw cell, None where it stands for a missing one; raises RowError."""
        position = self._position.get(name)
        if position is None:
            raise KeyError(name)
        text = cells[position].strip()
        if text in self._missing:
            return None
        convert = self._convert.get(name)
        if convert is None:
            return text
        try:
            return convert(text)
        except ValueError as error:
            raise RowError(f"{name}: {error}") from error

    def partner(self, row: Row, join: str) -> Row | None:
        """The row that ``join`` leads to; raises RowError where there must be one and is none."""
        spec = self.spec.join[join]
        values = [on(row) for on in self._on[join]]
        table = self._find_table(spec.table)
        partner = None
        if None not in values:
            partner = table.lookup(spec.key, tuple(text_of(value) for value in values))
        if partner is None and not spec.optional:
            shown = ["(missing)" if value is None else text_of(value) for value in values]
            wanted = ", ".join(f"{key}={value}" for key, value in zip(spec.key, shown, strict=True))
            raise RowError(f"no row in {spec.table} with {wanted}")
        return partner

    def lookup(self, columns: tuple[str, ...], key: Key) -> Row | None:
        """The row whose ``columns`` are ``key``; raises RowError where it is broken or not the only one."""
        if columns not in self._indexes:
            self._indexes[columns] = self._index(columns)
        self.used.add(key)
        found = self._indexes[columns].get(key) or self.broken.get(key)
        if isinstance(found, RowError):
            raise RowError(str(found))
        return found

    def _index(self, columns: tuple[str, ...]) -> dict[Key, Row | RowError]:
        index: dict[Key, Row | RowError] = {}
        for row in self.rows:
            values = [row.value(column) for column in columns]
            if None in values:
                continue
            key = tuple(text_of(value) for value in values)
            if key in index:
                shown = ", ".join(f"{column}={part}" for column, part in zip(columns, key, strict=True))
                index[key] = RowError(f"more than one row in {self.name} with {shown}")
            else:
                index[key] = row
        return index

    def columns(self) -> Iterator[str]:
        """Names that expressions on this table's rows may use."""
        if self.spec.group is not None:
            yield from (*self.spec.group.by, *self.spec.group.sum)
            yield from filter(None, [self.spec.group.count])
        else:
            yield from (*self._header, *self.fields)


def _converter(mapping: Mapping, spec: Table, kind: str | TimeColumn) -> Convert:
    if isinstance(kind, TimeColumn):
        return _time_converter(kind.time, ZoneInfo(kind.timezone or mapping.timezone))
    if kind == "boolean":
        return _boolean_converter(mapping)
    return _comma_number if spec.decimal_mark == "," else _number


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "")) if "," in text else Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"expected a number, found {text!r}") from error
    if not number.is_finite() or "_" in text:
        raise ValueError(f"expected a number, found {text!r}")
    return number


def _comma_number(text: str) -> Decimal:
    return _number(text.replace(".", "").replace(",", "."))


def _boolean_converter(mapping: Mapping) -> Convert:
    def convert(text: str) -> bool:
        if text in mapping.true:
            return True
        if text in mapping.false:
            return False
        raise ValueError(f"expected one of {', '.join((*mapping.true, *mapping.false))}, found {text!r}")

    return convert


def _time_converter(pattern: str, zone: ZoneInfo) -> Convert:
    """Local time by ``pattern``; an offset in the text itself wins over ``zone``."""

    @lru_cache(maxsize=10_000)  # dates repeat, and strptime is slow
    def convert(text: str) -> datetime:
        try:
            when = datetime.strptime(text, pattern)
        except ValueError as error:
            raise ValueError(f"expected a time such as {pattern}, found {text!r}") from error
        return when if when.tzinfo else when.replace(tzinfo=zone)

    return convert
