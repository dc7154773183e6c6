"""The last row of each key, of blocks as they come."""

from __future__ import annotations

import pyarrow as pa

from schemas.blocks import column_lists

#: So many rows, or twice what is left of them, are gathered before those that newer ones replaced are thrown away.
_SPARE_ROWS = 200_000


class LastRows:
    """Keeps whole blocks: looking at each row as it comes costs more than what it replaces."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self._blocks: list[pa.RecordBatch] = []
        self._rows, self._limit = 0, _SPARE_ROWS

    def add(self, block: pa.RecordBatch) -> None:
        """Take in rows, each in the place of an earlier one with the same key."""
        self._blocks.append(block)
        self._rows += block.num_rows
        if self._rows > self._limit:
            self._thin_out()
            self._limit = max(2 * self._rows, _SPARE_ROWS)

    def _thin_out(self) -> None:
        """The last row of each key, in the order of the keys' first ones."""
        rows = pa.Table.from_batches([block.replace_schema_metadata(None) for block in self._blocks])
        rows = rows.unify_dictionaries().combine_chunks()
        at = pa.array(range(len(rows)), pa.int64())
        found = rows.select(self._keys).append_column("at", at).group_by(list(self._keys), use_threads=False)
        found = found.aggregate([("at", "min"), ("at", "max")]).sort_by("at_min")
        self._blocks = rows.take(found.column("at_max")).combine_chunks().to_batches()
        self._rows = len(found)

    def rows(self) -> dict[tuple, dict]:
        """By key, the row as a dict of the block's columns."""
        if not self._blocks:
            return {}
        self._thin_out()
        columns = column_lists(self._blocks[0])
        keys = zip(*(columns[name] for name in self._keys), strict=True)
        rows = zip(*columns.values(), strict=True)
        return {key: dict(zip(columns, row, strict=True)) for key, row in zip(keys, rows, strict=True)}
