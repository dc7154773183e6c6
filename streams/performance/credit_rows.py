"""Credit blocks as numpy columns: what one fold works on."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from schemas.blocks import decode_block
from streams.performance.interning import Interner

_KEYS = ("employee", "team", "department", "type")


@dataclass(slots=True)
class FieldColumn:
    """A payload field: ``values`` are fixed numbers, string codes or 0/1; ``valid`` False where missing."""

    kind: str  # number, string, boolean
    values: np.ndarray  # int64
    valid: np.ndarray  # bool


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
    unit_first: np.ndarray  # uint8, bit 0, 1, 2: first credit of its event in the team, department, company
    fields: dict[str, FieldColumn]
    blocks: list[tuple[int, pa.RecordBatch]]  # (first row, block), for lookups of single rows
    type_names: Interner
    strings: dict[str, Interner]
    names: dict[str, Interner]  # of the coded columns
    #: Rows that do not count for any KPI; None where all do.
    left_out: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.offset)

    def locate(self, row: int) -> tuple[pa.RecordBatch, int]:
        """The block that ``row`` came in, and its row there."""
        at = bisect_right(self.blocks, row, key=lambda entry: entry[0]) - 1
        return self.blocks[at][1], int(self.index[row])


class RowReader:
    """Turns credits records into CreditRows; keeps the codes and the high-water mark of each facts partition."""

    def __init__(self) -> None:
        self.names = {name: Interner() for name in _KEYS}
        self.strings: dict[str, Interner] = {}
        self.high_water: dict[int, int] = {}

    def read(self, records: list, wanted_fields: frozenset[str]) -> CreditRows | None:
        """Rows of ``records`` (offset order) above the high-water marks, which move on; None if there are none."""
        parts: list[tuple[pa.RecordBatch, int, np.ndarray]] = []
        for record in records:
            table, meta = decode_block(record.value)
            facts_partition = meta["partition"]
            mark = self.high_water.get(facts_partition, -1)
            keep = np.arange(table.num_rows)
            if meta["first"] <= mark:
                keep = np.flatnonzero(table.column("offset").to_numpy() > mark)
            self.high_water[facts_partition] = max(mark, meta["last"])
            if len(keep):
                parts.append((table, record.offset, keep))
        if not parts:
            return None
        return self._columns(parts, wanted_fields)

    def _columns(self, parts: list, wanted_fields: frozenset[str]) -> CreditRows:
        counts = [len(keep) for _, _, keep in parts]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).tolist()

        def plain(name: str) -> np.ndarray:
            return np.concatenate([table.column(name).to_numpy()[keep] for table, _, keep in parts])

        def coded(name: str) -> np.ndarray:
            return np.concatenate([_codes(table.column(name), keep, self.names[name])[0] for table, _, keep in parts])

        return CreditRows(
            offset=np.repeat(np.array([offset for _, offset, _ in parts], np.int64), counts),
            index=np.concatenate([keep for _, _, keep in parts]),
            time=plain("time"),
            event_time=plain("event_time"),
            **{name: coded(name) for name in _KEYS},
            unit_first=plain("unit_first"),
            fields={name: column for name in sorted(wanted_fields) if (column := self._field(name, parts))},
            blocks=[(start, table) for start, (table, _, _) in zip(starts, parts, strict=True)],
            type_names=self.names["type"],
            strings=self.strings,
            names=self.names,
        )

    def _field(self, name: str, parts: list) -> FieldColumn | None:
        column = f"data.{name}"
        kinds = {_kind(table.schema.field(column).type) for table, _, _ in parts if column in table.schema.names}
        if not kinds:
            return None
        if len(kinds) > 1:
            raise ValueError(f"field {name} has different types in one batch: {sorted(kinds)}")
        kind = kinds.pop()
        values, valid = [], []
        for table, _, keep in parts:
            if column not in table.schema.names:
                values.append(np.zeros(len(keep), np.int64))
                valid.append(np.zeros(len(keep), bool))
                continue
            array = table.column(column)
            if kind == "string":
                codes, present = _codes(array, keep, self.strings.setdefault(name, Interner()))
            else:
                present = (
                    ~array.is_null().to_numpy(zero_copy_only=False)[keep]
                    if array.null_count
                    else np.ones(len(keep), bool)
                )
                missing = False if kind == "boolean" else 0
                codes = array.fill_null(missing).to_numpy(zero_copy_only=False)[keep].astype(np.int64)
            values.append(codes)
            valid.append(present)
        return FieldColumn(kind, np.concatenate(values), np.concatenate(valid))


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_boolean(type_):
        return "boolean"
    return "number" if pa.types.is_integer(type_) else "string"


def _codes(array: pa.DictionaryArray, keep: np.ndarray, interner: Interner) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the kept rows and whether they hold a value. Only names in use get a code."""
    indices = array.indices
    present = np.ones(len(keep), bool)
    if indices.null_count:
        present = ~indices.is_null().to_numpy(zero_copy_only=False)[keep]
        indices = indices.fill_null(0)
    local = indices.to_numpy()[keep]
    names = array.dictionary
    used = np.zeros(max(len(names), 1), bool)
    used[local[present]] = True
    which = np.flatnonzero(used)
    mapping = np.full(len(used), -1, np.int64)
    if len(which):
        mapping[which] = interner.codes(names.take(pa.array(which)).to_pylist())
    return np.where(present, mapping[local], -1), present
