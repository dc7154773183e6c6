"""Credit blocks as numpy columns: what one fold works on."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import pyarrow as pa

from schemas.blocks import decode_block
from schemas.interning import Interner

_FIRST = itemgetter(0)
_KEYS = ("employee", "team", "department", "type")
#: Columns of credits that are about a sale, or about what several share; no block has them that has no such credit.
_OF_SOME = ("sale_amount", "sale_now", "sale_before", "sale_had", "moved", "limited")


@dataclass(slots=True)
class FieldColumn:
    """A payload field: ``values`` are fixed numbers, string codes or 0/1; ``valid`` False where missing."""

    kind: str  # number, string, boolean
    values: np.ndarray  # int64
    valid: np.ndarray  # bool


@dataclass(slots=True)
class Restated:
    """Corrections: rows that say how a person's part of a sale stands and stood. ``has``: it is theirs now; ``before``:
    the part as filters saw it, not valid for who comes to it; ``had``: what was left of it (fixed).
    """

    rows: np.ndarray  # bool
    has: np.ndarray  # bool
    before: FieldColumn
    had: np.ndarray  # int64


@dataclass(slots=True)
class CreditRows:
    """Rows in log order. ``offset`` and ``index`` are the credits log's own: record and row within it."""

    offset: np.ndarray  # int64
    index: np.ndarray  # int64
    time: np.ndarray  # int64 ms, the time that counts
    event_time: np.ndarray  # int64 ms, when it happened
    employee: np.ndarray  # int64 codes
    team: np.ndarray
    department: np.ndarray
    type: np.ndarray
    share: np.ndarray  # int32, ppm of the event that are the person's
    unit_first: np.ndarray  # uint8, bit 0, 1, 2: first credit of its event in the team, department, company
    fields: dict[str, FieldColumn]
    blocks: list[tuple[int, pa.RecordBatch]]  # (first row, block), for lookups of single rows
    type_names: Interner
    strings: dict[str, Interner]
    names: dict[str, Interner]  # of the coded columns
    #: ``fields`` as filters see them: of what is about a sale the person's part of the sale as last corrected.
    filters: dict[str, FieldColumn]
    as_sold: dict[str, FieldColumn]  # likewise, but as the sale came
    #: None where no row is one that filters by amount may see otherwise than before.
    restated: Restated | None = None
    #: int64, schemas/moved.py, 0 for none; None where no row has any.
    moved: np.ndarray | None = None
    #: int64: whether a limit on the same customer was on it as it was credited, 1 or 0; -1 where that is not said, as
    #: of what nobody shares. None where it is of no row.
    limited: np.ndarray | None = None
    #: Rows that do not count for any KPI; None where all do.
    left_out: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.offset)

    def locate(self, row: int) -> tuple[pa.RecordBatch, int]:
        """The block that ``row`` came in, and its row there."""
        at = bisect_right(self.blocks, row, key=_FIRST) - 1
        return self.blocks[at][1], int(self.index[row])


class RowReader:
    """Turns credits records into CreditRows; keeps the codes and the high-water mark of each facts partition.

    ``as_credited``: rows say what was limited when they were credited.
    """

    def __init__(self, as_credited: bool = True) -> None:
        self._as_credited = as_credited
        self.names = {name: Interner() for name in _KEYS}
        self.strings: dict[str, Interner] = {}
        self.high_water: dict[int, int] = {}

    def read(self, records: list, wanted_fields: frozenset[str]) -> CreditRows | None:
        """Rows of ``records`` (offset order) above the high-water marks, which move on; None if there are none."""
        parts: list[tuple[pa.RecordBatch, int, int]] = []
        for record in records:
            table, meta = decode_block(record.value)
            facts_partition = meta["partition"]
            mark = self.high_water.get(facts_partition, -1)
            start = 0
            if meta["first"] <= mark:
                start = int(np.searchsorted(table.column("offset").to_numpy(), mark, "right"))
            self.high_water[facts_partition] = max(mark, meta["last"])
            if start < table.num_rows:
                parts.append((table, record.offset, start))
        if not parts:
            return None
        return self._columns(parts, wanted_fields)

    def _columns(self, parts: list, wanted_fields: frozenset[str]) -> CreditRows:
        counts = [table.num_rows - start for table, _, start in parts]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).tolist()
        fields = sorted(wanted_fields)
        rows = _together([table.slice(start) for table, _, start in parts], fields)
        names = set(rows.schema.names)
        values = {name: self._field(name, rows.column(f"data.{name}")) for name in fields if f"data.{name}" in names}
        return CreditRows(
            offset=np.repeat(np.array([offset for _, offset, _ in parts], np.int64), counts),
            index=np.concatenate([np.arange(start, table.num_rows) for table, _, start in parts]),
            time=rows.column("time").to_numpy(),
            event_time=rows.column("event_time").to_numpy(),
            **{name: _codes(rows.column(name), self.names[name])[0] for name in _KEYS},
            share=rows.column("share").to_numpy(),
            unit_first=rows.column("unit_first").to_numpy(),
            fields=values,
            blocks=[(start, table) for start, (table, _, _) in zip(starts, parts, strict=True)],
            type_names=self.names["type"],
            strings=self.strings,
            names=self.names,
            filters=_seen(values, rows, "sale_now", "sale_amount"),
            as_sold=_seen(values, rows, "sale_amount"),
            restated=_restated(rows) if "sale_had" in names else None,
            moved=_numbers(rows.column("moved")) if "moved" in names else None,
            limited=_numbers(rows.column("limited"), -1) if self._as_credited and "limited" in names else None,
        )

    def _field(self, name: str, column: pa.Array) -> FieldColumn:
        kind = _kind(column.type)
        if kind == "string":
            return FieldColumn(kind, *_codes(column, self.strings.setdefault(name, Interner())))
        if not column.null_count:
            values = column.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
            return FieldColumn(kind, values, np.ones(len(column), bool))
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        values = column.fill_null(False if kind == "boolean" else 0).to_numpy(zero_copy_only=False)
        return FieldColumn(kind, values.astype(np.int64, copy=False), valid)


def _seen(fields: dict[str, FieldColumn], rows: pa.RecordBatch, *columns: str) -> dict[str, FieldColumn]:
    """``fields`` with the amount of the sale, by the first of ``columns`` that a row has, for what changed of it."""
    if "amount" not in fields:
        return fields
    amount = fields["amount"]
    for column in (rows.column(name) for name in reversed(columns) if name in rows.schema.names):
        about = column.is_valid().to_numpy(zero_copy_only=False)
        amount = FieldColumn("number", np.where(about, _numbers(column), amount.values), amount.valid | about)
    return fields | {"amount": amount}


def _restated(rows: pa.RecordBatch) -> Restated:
    names, none = rows.schema.names, np.zeros(len(rows), np.int64)
    moved = _numbers(rows.column("moved")) if "moved" in names else none
    before = FieldColumn("number", none, none != 0)
    if "sale_before" in names:
        column = rows.column("sale_before")
        before = FieldColumn("number", _numbers(column), column.is_valid().to_numpy(zero_copy_only=False))
    had = rows.column("sale_had")
    return Restated(had.is_valid().to_numpy(zero_copy_only=False), moved >= 0, before, _numbers(had))


def _numbers(column: pa.Array, none: int = 0) -> np.ndarray:
    """int64, ``none`` where null."""
    return column.cast(pa.int64()).fill_null(none).to_numpy(zero_copy_only=False)


def _together(tables: list[pa.RecordBatch], fields: list[str]) -> pa.RecordBatch:
    """What a fold reads of all ``tables``, in order; null where one lacks a payload field that others have."""
    wanted = [*_KEYS, "time", "event_time", "share", "unit_first", *_OF_SOME, *(f"data.{name}" for name in fields)]
    parts = [table.select([name for name in wanted if name in table.schema.names]) for table in tables]
    if len(parts) == 1:
        return parts[0]
    if any(part.schema != parts[0].schema for part in parts[1:]):
        for name in fields:
            kinds = {_kind(part.schema.field(at).type) for part in parts
                     if (at := part.schema.get_field_index(f"data.{name}")) >= 0}
            if len(kinds) > 1:
                raise ValueError(f"field {name} has different types in one batch: {sorted(kinds)}")
        parts = pa.concat_tables([pa.Table.from_batches([part]) for part in parts], promote_options="default")
        return parts.combine_chunks().to_batches()[0]
    return pa.concat_batches(parts)


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_boolean(type_):
        return "boolean"
    return "number" if pa.types.is_integer(type_) else "string"


def _codes(array: pa.DictionaryArray, interner: Interner) -> tuple[np.ndarray, np.ndarray]:
    """Codes (int64, −1 for null) and whether there is a value, by row. Only names in use get a code."""
    indices, names = array.indices, array.dictionary
    present = np.ones(len(array), bool)
    if array.null_count:
        present = array.is_valid().to_numpy(zero_copy_only=False)
        indices = indices.fill_null(0)
    local = indices.to_numpy()
    used = np.zeros(max(len(names), 1), bool)
    used[local if present.all() else local[present]] = True
    if used.all() and len(names):
        return np.where(present, interner.codes(names)[local], -1), present
    which = np.flatnonzero(used)
    mapping = np.full(len(used), -1, np.int64)
    if len(which):
        mapping[which] = interner.codes(names.take(pa.array(which)))
    return np.where(present, mapping[local], -1), present
