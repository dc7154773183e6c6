"""A KPI seen over one kind of period: values, targets and keys by slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from schemas.plan import Kpi
from streams.performance.cells import CellTable
from streams.performance.key_table import KeyTable, wider
from streams.performance.ladder import NO_TARGET
from streams.performance.running import Running, key_parts


@dataclass
class PeriodView:
    """``resolve(kpi id, period kind, employee code, ordinal)`` gives a target in ten-thousandths or None; None itself
    where nobody has any: then none is kept for every key.
    """

    kpi: Kpi
    kpi_index: int
    kind: str
    table: CellTable
    resolve: Callable[[str, str, int, int], int | None] | None
    #: The current batch's values; None where it did not touch this KPI.
    running: Running | None = None
    dirty: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._targets = _Resolved(self.table, self._resolved)
        #: Of keys that have no place in the table.
        self._elsewhere = _Resolved(KeyTable(), self._resolved)

    def targets(self, slots: np.ndarray) -> np.ndarray:
        """int64 targets by slot, NO_TARGET where there is none."""
        if self.resolve is None:
            return np.full(len(slots), NO_TARGET)
        return self._targets.at(slots)

    def target_of(self, key: int) -> int:
        """The target of one period key, NO_TARGET where there is none."""
        if self.resolve is None:
            return NO_TARGET
        slot = self.table.find(key)
        if slot >= 0:
            return int(self._targets.at(slot))
        return int(self._elsewhere.of(np.array([key]))[0])

    def targets_of(self, keys: np.ndarray) -> np.ndarray:
        """``target_of`` each key, which needs no place in the table; int64."""
        if self.resolve is None:
            return np.full(len(keys), NO_TARGET)
        slots, found = self.table.find_all(keys), np.empty(len(keys), np.int64)
        there = slots >= 0
        found[there], found[~there] = self._targets.at(slots[there]), self._elsewhere.of(keys[~there])
        return found

    def _resolved(self, key: int) -> int:
        target = self.resolve(self.kpi.id, self.kind, *key_parts(key))
        return NO_TARGET if target is None else target

    def current(self, key: int) -> tuple[int, int]:
        """Numerator and denominator now; zeros where there is nothing."""
        slot = self.table.find(key)
        if slot < 0:
            return 0, 0
        return int(self.table.num[self.kpi_index, slot]), int(self.table.den[self.kpi_index, slot])

    def all_current(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``current`` of many keys: numerators and denominators, int64."""
        slots = self.table.find_all(keys)
        num, den = self.table.num[self.kpi_index, slots], self.table.den[self.kpi_index, slots]
        num[slots < 0], den[slots < 0] = 0, 0
        return num, den

    def all_as_of(self, keys: np.ndarray, rows: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """``as_of`` of many keys, each after its row or all after one; ``current`` where that is −1."""
        rows = np.broadcast_to(rows, len(keys))
        return self._after(keys, rows, rows >= 0)

    def all_before(self, keys: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators of ``keys`` ahead of a batch row."""
        return self._after(keys, np.full(len(keys), row - 1), np.ones(len(keys), bool))

    def _after(self, keys: np.ndarray, rows: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """After the rows where ``asked``, else ``current``; row −1 is ahead of the batch."""
        num, den = self.all_current(keys)
        if self.running is not None:
            place = np.minimum(np.searchsorted(self.running.keys, keys), len(self.running.keys) - 1)
            ours = np.flatnonzero((self.running.keys[place] == keys) & asked)
            if len(ours):
                num[ours], den[ours] = self.running.after(place[ours], rows[ours])
        return num, den

    def group(self, key: int) -> int:
        """The running group of ``key`` in the current batch, −1 if it was not touched."""
        if self.running is None:
            return -1
        at = int(self.running.keys.searchsorted(key))
        return at if at < len(self.running.keys) and self.running.keys[at] == key else -1

    def as_of(self, key: int, row: int) -> tuple[int, int]:
        """Numerator and denominator after batch row ``row`` (inclusive)."""
        group = self.group(key)
        if group < 0:
            return self.current(key)
        run = self.running
        start = int(run.starts[group])
        end = int(run.starts[group + 1]) if group + 1 < len(run.starts) else len(run.rows)
        at = start + int(run.rows[start:end].searchsorted(row, side="right")) - 1
        if at < start:
            return int(run.base_num[group]), int(run.base_den[group])
        return int(run.num[at]), int(run.den[at])


class _Resolved:
    """The target of each key in a table, resolved once."""

    def __init__(self, table: KeyTable, resolve: Callable[[int], int]) -> None:
        self._table, self._resolve = table, resolve
        self._targets = np.empty(0, np.int64)
        self._known = 0  # the first so many slots

    def at(self, slots: np.ndarray | int) -> np.ndarray:
        """int64 by slot."""
        known, size = self._known, self._table.size
        if known < size:
            self._targets = wider(self._targets, len(self._table.keys))
            self._targets[known:size] = list(map(self._resolve, self._table.keys[known:size].tolist()))
            self._known = size
        return self._targets[slots]

    def of(self, keys: np.ndarray) -> np.ndarray:
        """int64 by key; keys that are new get a place."""
        slots = self._table.find_all(keys)
        if (new := slots < 0).any():
            self._table.slots(np.unique(keys[new]))
            slots = self._table.find_all(keys)
        return self.at(slots)
