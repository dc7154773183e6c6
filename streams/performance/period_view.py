"""A KPI seen over one kind of period: values, targets and keys by slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from schemas.plan import Kpi
from streams.performance.cells import CellTable
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
    _targets: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    _known: dict[int, int] = field(default_factory=dict)  # targets by key

    def targets(self, slots: np.ndarray) -> np.ndarray:
        """int64 targets by slot, NO_TARGET where there is none."""
        if self.resolve is None:
            return np.full(len(slots), NO_TARGET)
        known = len(self._targets)
        if known < self.table.size:
            self._targets = np.concatenate(
                [self._targets, [self._target(slot) for slot in range(known, self.table.size)]]
            )
        return self._targets[slots].astype(np.int64)

    def target_of(self, key: int) -> int:
        """The target of one period key, NO_TARGET where there is none."""
        if self.resolve is None:
            return NO_TARGET
        target = self._known.get(key)
        if target is None:
            employee, ordinal = key_parts(key)
            target = self.resolve(self.kpi.id, self.kind, employee, ordinal)
            self._known[key] = target = NO_TARGET if target is None else target
        return target

    def targets_of(self, keys: np.ndarray) -> np.ndarray:
        """``target_of`` each key, which needs no place in the table; int64."""
        if self.resolve is None:
            return np.full(len(keys), NO_TARGET)
        wanted = keys.tolist()
        found = list(map(self._known.get, wanted))
        if None in found:
            found = list(map(self.target_of, wanted))
        return np.array(found, np.int64)

    def _target(self, slot: int) -> int:
        return self.target_of(int(self.table.keys[slot]))

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
