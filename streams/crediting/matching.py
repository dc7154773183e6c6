"""Which facts rows a filter of the plan takes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.interning import Interner
from schemas.plan_filters import Where
from streams.performance.credit_rows import FieldColumn
from streams.performance.filters import where_mask


def matching(table: pa.Table, events: tuple[str, ...], where: Where) -> np.ndarray:
    """Bool per row of a combined ``table``: its type is among ``events`` and ``where`` holds."""
    types = table.column("type").chunk(0)
    wanted = np.array([name in events for name in types.dictionary.to_pylist()], bool)
    mask = wanted[types.indices.to_numpy()]
    if not where or not mask.any():
        return mask
    names = [name for name in where if f"data.{name}" in table.schema.names]
    strings: dict[str, Interner] = {}
    fields = {name: _field(table.column(f"data.{name}").chunk(0), name, strings) for name in names}
    return mask & where_mask(where, fields, strings, table.num_rows)


def _field(column: pa.Array, name: str, strings: dict[str, Interner]) -> FieldColumn:
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_dictionary(column.type):
        strings[name] = Interner(column.dictionary.to_pylist())
        codes = column.indices.fill_null(0) if column.null_count else column.indices
        return FieldColumn("string", codes.to_numpy().astype(np.int64), valid)
    boolean = pa.types.is_boolean(column.type)
    values = (column.fill_null(False if boolean else 0) if column.null_count else column).to_numpy(zero_copy_only=False)
    return FieldColumn("boolean" if boolean else "number", values.astype(np.int64), valid)
