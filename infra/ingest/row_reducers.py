"""What a table makes of its rows while they are read: all of them, the last of each key, sums by key."""
from __future__ import annotations

from decimal import Context, Decimal

from infra.ingest.expressions import compile_expression
from infra.ingest.functions import text_of
from infra.ingest.mapping_models import Table
from infra.ingest.tables import Key, LoadedTable, Row, RowError

_WIDE = Context(prec=50)


def _key(row: Row, columns: tuple[str, ...]) -> Key:
    values = [row.value(column) for column in columns]
    if None in values:
        raise RowError(f"{columns[values.index(None)]} is missing")
    return tuple(text_of(value) for value in values)


class AllRows:
    """Every row as it comes."""

    def __init__(self):
        self._rows: list[Row] = []

    def add(self, table: LoadedTable, row: Row) -> None:
        """Take in a row; raises RowError where it cannot be."""
        self._rows.append(row)

    def broken(self, table: LoadedTable, row: Row) -> None:
        """Nothing else depends on a rejected row."""

    def rows(self, table: LoadedTable) -> list[Row]:
        """The rows that the table ends up with."""
        return self._rows


class LastRows:
    """The last row of each key, in the order in which the keys first appeared.

    A rejected row breaks its key: it may have been the last one.
    """

    def __init__(self, spec: Table):
        self._key, self._order = spec.last_by.key, compile_expression(spec.last_by.order)
        self._last: dict[Key, tuple[Decimal, Row]] = {}

    def add(self, table: LoadedTable, row: Row) -> None:
        """Take in a row; raises RowError where it cannot be."""
        key, order = _key(row, self._key), self._order(row)
        if order is None:
            raise RowError("the value that orders the rows of a key is missing")
        if key in self._last:
            table.counts.superseded += 1
        if key not in self._last or order >= self._last[key][0]:
            self._last[key] = (order, row)

    def broken(self, table: LoadedTable, row: Row) -> None:
        """A row was rejected."""
        _break(table, row, self._key)

    def rows(self, table: LoadedTable) -> list[Row]:
        """The rows that the table ends up with."""
        return _whole(table, {key: row for key, (_, row) in self._last.items()})


class Groups:
    """Sums by key. A rejected row breaks its key: a sum that lacks a part must not pass for the whole."""

    def __init__(self, spec: Table):
        self._spec = spec.group
        self._sums = {name: compile_expression(text) for name, text in spec.group.sum.items()}
        self._groups: dict[Key, Row] = {}

    def add(self, table: LoadedTable, row: Row) -> None:
        """Take in a row; raises RowError where it cannot be."""
        key = _key(row, self._spec.by)
        parts = {name: part(row) for name, part in self._sums.items()}
        wrong = [name for name, part in parts.items() if not isinstance(part, Decimal)]
        if wrong:
            raise RowError(f"{wrong[0]}: expected a number to add up, found {parts[wrong[0]]!r}")
        if self._spec.count:
            parts[self._spec.count] = Decimal(1)
        if key not in self._groups:
            values = {column: row.value(column) for column in self._spec.by}
            self._groups[key] = Row(table, row.line, [], values | parts)
            return
        group = self._groups[key]
        for name, part in parts.items():
            group.add(name, part, _WIDE)

    def broken(self, table: LoadedTable, row: Row) -> None:
        """A row was rejected."""
        _break(table, row, self._spec.by)

    def rows(self, table: LoadedTable) -> list[Row]:
        """The rows that the table ends up with."""
        return _whole(table, self._groups)


def _break(table: LoadedTable, row: Row, columns: tuple[str, ...]) -> None:
    try:
        key = _key(row, columns)
    except ValueError:
        return
    table.broken.setdefault(key, RowError(f"line {row.line} of {table.file} was rejected"))


def _whole(table: LoadedTable, rows: dict[Key, Row]) -> list[Row]:
    """The rows without those whose key is broken."""
    return [row for key, row in rows.items() if key not in table.broken]
