"""Reads the tables of a mapping from its input files, each once, when first asked for."""
from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal

from infra.ingest.expressions import compile_expression, names_in
from infra.ingest.functions import text_of
from infra.ingest.import_mapping import MappingError, MappingFile, Table
from infra.ingest.input_files import BadRow, InputFile, choose_file, read_rows
from infra.ingest.tables import Key, LoadedTable, Rejected, Row, RowError

_WIDE = Context(prec=50)
#: Called with a table's name, the bytes read since the last call, the bytes in all.
OnProgress = Callable[[str, int, int], None]


class Tables:
    """The tables by name, and every row that had to be rejected."""

    def __init__(self, mapping: MappingFile, files: list[InputFile], on_progress: OnProgress):
        self._mapping, self._on_progress = mapping, on_progress
        self._files = {name: choose_file(files, spec.file) for name, spec in mapping.mapping.tables.items()}
        self._loaded: dict[str, LoadedTable] = {}
        self._loading: list[str] = []
        self._reasons: dict[Rejected, None] = {}
        self._rejected_rows: set[tuple[str, int]] = set()

    def load(self, name: str) -> LoadedTable:
        """The table called ``name``; raises MappingError where its file does not fit the mapping."""
        if name in self._loaded:
            return self._loaded[name]
        if name in self._loading:
            raise MappingError(f"{self._mapping.path}: tables need each other: {' → '.join([*self._loading, name])}")
        self._loading.append(name)
        table = self._read(name)
        self._loading.pop()
        self._loaded[name] = table
        return table

    def tables(self) -> list[LoadedTable]:
        """The tables loaded so far."""
        return list(self._loaded.values())

    def reject(self, table: LoadedTable, line: int, reason: str) -> None:
        """Note that a row was not used."""
        if (table.name, line) not in self._rejected_rows:
            self._rejected_rows.add((table.name, line))
            table.counts.rejected += 1
        self._reasons[Rejected(table.file, line, reason)] = None

    @property
    def rejected(self) -> list[Rejected]:
        """Every row that was not used, by file and line; one with two different reasons is there twice."""
        return sorted(self._reasons, key=lambda rejected: (rejected.file, rejected.line, rejected.reason))

    def check_names(self, table: LoadedTable, expression: str | None, place: tuple[str | int, ...]) -> None:
        """Raises MappingError, with the line, where ``expression`` uses a column that there is not."""
        if expression is not None:
            self._load_joined(table, expression)
            self._check(table, expression, place, set(table.columns()), after_group=True)

    def _check(self, table: LoadedTable, text: str, place: tuple, known: set[str], after_group: bool = False) -> None:
        columns, joined = names_in(text)
        where = self._mapping.where(place)
        for column in sorted(columns - known):
            raise MappingError(f"{where}: {table.file} has no column {column!r}; it has {', '.join(sorted(known))}")
        for join, column in sorted(joined):
            spec = None if after_group and table.spec.group else table.spec.join.get(join)
            if spec is None:
                raise MappingError(f"{where}: table {table.name} has no join {join!r} here")
            partner = self._loaded.get(spec.table)
            if partner is not None and column not in set(partner.columns()):
                raise MappingError(f"{where}: {partner.file} has no column {column!r}")

    def _read(self, name: str) -> LoadedTable:
        spec, file = self._mapping.mapping.tables[name], self._files[name]
        rows = read_rows(file, spec, lambda count: self._on_progress(name, count, file.size))
        _, header = next(rows)
        table = LoadedTable(name, spec, self._mapping.mapping, file.shown, header, self.load)
        self._check_table(table, header)
        reduce = _LastRows(spec) if spec.last_by else _Groups(spec) if spec.group else _AllRows()
        where = compile_expression(spec.where) if spec.where else None
        for line, cells in rows:
            table.counts.rows += 1
            if isinstance(cells, BadRow):
                self.reject(table, line, cells.reason)
                continue
            row = Row(table, line, cells)
            try:
                if where is not None and not where(row):
                    table.counts.filtered += 1
                else:
                    reduce.add(table, row)
            except ValueError as error:
                self.reject(table, line, str(error))
                reduce.broken(table, row)
        table.rows = reduce.rows(table)
        return table

    def _check_table(self, table: LoadedTable, header: list[str]) -> None:
        spec, base = table.spec, ("tables", table.name)
        known = {*header, *spec.fields}
        for place, text in _expressions(spec):
            self._load_joined(table, text)
            self._check(table, text, (*base, *place), known)
        for place, column in _plain_columns(spec):
            if column not in known:
                where = self._mapping.where((*base, *place))
                raise MappingError(f"{where}: {table.file} has no column {column!r}; it has {', '.join(header)}")

    def _load_joined(self, table: LoadedTable, text: str) -> None:
        """Tables that rows need while being read come first; a table joined to itself is there by then."""
        for join, _ in names_in(text)[1]:
            spec = table.spec.join.get(join)
            if spec is not None and spec.table != table.name:
                self.load(spec.table)


def _expressions(spec: Table) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = [(("fields", name), text) for name, text in spec.fields.items()]
    found += [(("join", name, "on"), text) for name, join in spec.join.items() for text in join.on]
    if spec.where:
        found.append((("where",), spec.where))
    if spec.last_by:
        found.append((("last_by", "order"), spec.last_by.order))
    if spec.group:
        found += [(("group", "sum", name), text) for name, text in spec.group.sum.items()]
    return found


def _plain_columns(spec: Table) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = [(("types", column), column) for column in spec.types]
    found += [(("last_by", "key"), column) for column in (spec.last_by.key if spec.last_by else ())]
    return found + [(("group", "by"), column) for column in (spec.group.by if spec.group else ())]


def _key(row: Row, columns: tuple[str, ...]) -> Key:
    values = [row.value(column) for column in columns]
    if None in values:
        raise RowError(f"{columns[values.index(None)]} is missing")
    return tuple(text_of(value) for value in values)


class _AllRows:
    """Every row as it comes."""

    def __init__(self):
        self._rows: list[Row] = []

    def add(self, table: LoadedTable, row: Row) -> None:
        self._rows.append(row)

    def broken(self, table: LoadedTable, row: Row) -> None:
        """Nothing else depends on a rejected row."""

    def rows(self, table: LoadedTable) -> list[Row]:
        return self._rows


class _LastRows:
    """The last row of each key, in the order in which the keys first appeared.

    A rejected row breaks its key: it may have been the last one.
    """

    def __init__(self, spec: Table):
        self._key, self._order = spec.last_by.key, compile_expression(spec.last_by.order)
        self._last: dict[Key, tuple[Decimal, Row]] = {}

    def add(self, table: LoadedTable, row: Row) -> None:
        key, order = _key(row, self._key), self._order(row)
        if order is None:
            raise RowError("the value that orders the rows of a key is missing")
        if key in self._last:
            table.counts.superseded += 1
        if key not in self._last or order >= self._last[key][0]:
            self._last[key] = (order, row)

    def broken(self, table: LoadedTable, row: Row) -> None:
        _break(table, row, self._key)

    def rows(self, table: LoadedTable) -> list[Row]:
        return _whole(table, {key: row for key, (_, row) in self._last.items()})


class _Groups:
    """Sums by key. A rejected row breaks its key: a sum that lacks a part must not pass for the whole."""

    def __init__(self, spec: Table):
        self._spec = spec.group
        self._sums = {name: compile_expression(text) for name, text in spec.group.sum.items()}
        self._groups: dict[Key, Row] = {}

    def add(self, table: LoadedTable, row: Row) -> None:
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
        _break(table, row, self._spec.by)

    def rows(self, table: LoadedTable) -> list[Row]:
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
