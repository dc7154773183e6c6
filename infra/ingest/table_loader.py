"""Reads the tables of a mapping from its input files, each once, when first asked for."""
from __future__ import annotations

from collections.abc import Callable

from infra.ingest.expressions import compile_expression, names_in
from infra.ingest.import_mapping import MappingError, MappingFile
from infra.ingest.input_files import BadRow, InputFile, choose_file, read_rows
from infra.ingest.mapping_models import Mapping, Table
from infra.ingest.row_reducers import AllRows, Groups, LastRows
from infra.ingest.tables import LoadedTable, Rejected

#: Called with a table's name, the bytes read since the last call, the bytes in all.
OnProgress = Callable[[str, int, int], None]


class Tables:
    """The tables by name, and every row that had to be rejected."""

    def __init__(self, mapping: MappingFile, files: list[InputFile], on_progress: OnProgress):
        self._mapping, self._on_progress = mapping, on_progress
        self._files = {name: choose_file(files, spec.file) for name, spec in mapping.mapping.tables.items()}
        self._used = _names_used(mapping.mapping)
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
        table = LoadedTable(name, spec, self._mapping.mapping, file.shown, header, self._used, self.load)
        self._check_table(table, header)
        reduce = LastRows(spec) if spec.last_by else Groups(spec) if spec.group else AllRows()
        where = compile_expression(spec.where) if spec.where else None
        for line, cells in rows:
            table.counts.rows += 1
            if isinstance(cells, BadRow):
                self.reject(table, line, cells.reason)
                continue
            row = table.row(line, cells)
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


def _names_used(mapping: Mapping) -> frozenset[str]:
    """Every word of every text in the mapping's rules: more than the columns in use, never less."""
    texts: list[str] = []
    _collect(mapping.model_dump(exclude={"plan", "description"}), texts)
    names = set(texts)
    for text in texts:
        try:
            columns, joined = names_in(text)
        except (SyntaxError, ValueError, AttributeError, IndexError):  # a text that is no expression
            continue
        names |= columns | {column for _, column in joined}
    return frozenset(names)


def _collect(value: object, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for inner in value.values():
            _collect(inner, texts)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _collect(inner, texts)


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
