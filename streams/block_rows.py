"""Rows of blocks as they come, which become dicts only where somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from schemas.blocks import row_dicts


class Rows(Sequence):
    """All rows, in order."""

    def __init__(self) -> None:
        self._unread: list[pa.RecordBatch] = []
        self._read: list[dict] = []

    def add(self, block: pa.RecordBatch) -> None:
        """Take in the rows of a block."""
        self._unread.append(block)

    def _all(self) -> list[dict]:
        for block in self._unread:
            self._read += row_dicts(block)
        self._unread.clear()
        return self._read

    def __len__(self) -> int:
        return len(self._read) + sum(block.num_rows for block in self._unread)

    def __getitem__(self, at):
        return self._all()[at]

    def __iter__(self) -> Iterator[dict]:
        return iter(self._all())

    def __eq__(self, other) -> bool:
        return self._all() == list(other)


class LastRows(Mapping):
    """By key the last row of it, in the order of the keys' first ones."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self._unread: list[pa.RecordBatch] = []
        self._read: dict[tuple, dict] = {}

    def add(self, block: pa.RecordBatch) -> None:
        """Take in rows, each in the place of an earlier one with the same key."""
        self._unread.append(block)

    def _all(self) -> dict[tuple, dict]:
        for block in self._unread:
            self._read.update((tuple(row[name] for name in self._keys), row) for row in row_dicts(block))
        self._unread.clear()
        return self._read

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, key: tuple) -> dict:
        return self._all()[key]

    def __iter__(self) -> Iterator[tuple]:
        return iter(self._all())
