"""ClickHouse's checkpoints table as sinks/checkpoints.py uses it: one INSERT of one block is whole or absent."""

from __future__ import annotations

from random import Random

from runtime.checkpoints import Checkpoint, CheckpointsSetBack, StoreUnavailable

MARKER = ""


class Store:
    """Keeps, of every key, the row with the highest version; of equal ones either."""

    def __init__(self, dice: Random) -> None:
        self.away = False
        self.saves = 0
        self._dice = dice
        self._rows: dict[tuple[str, int, int], dict[str, tuple[int, bytes]]] = {}  # by stage, partition, format

    def save(self, checkpoints: list[Checkpoint]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.saves += 1
        for one in checkpoints:
            marker = self._rows.get((one.stage, one.partition, one.format), {}).get(MARKER, (None,))[0]
            if one.rests_on is not None and (marker is None or marker < one.rests_on):
                raise CheckpointsSetBack(one, marker)
        for one in checkpoints:
            self.insert(one, {**one.rows, MARKER: str(one.next_offset).encode()})

    def insert(self, one: Checkpoint, rows: dict[str, bytes]) -> None:
        table = self._rows.setdefault((one.stage, one.partition, one.format), {})
        for key, value in rows.items():
            there = table.get(key, (-1, b""))[0]
            if one.next_offset > there or (one.next_offset == there and self._dice.random() < 0.5):
                table[key] = (one.next_offset, value)

    def backup(self) -> dict:
        """All rows as they are now, for ``restore``."""
        return {place: dict(rows) for place, rows in self._rows.items()}

    def restore(self, backup: dict) -> None:
        """Put all rows back as they were."""
        self._rows = backup

    def load(self, stage: str, partition: int) -> Checkpoint | None:
        if self.away:
            raise StoreUnavailable("away")
        formats = [number for name, at, number in self._rows if (name, at) == (stage, partition)]
        if not formats:
            return None
        found = self._rows[stage, partition, max(formats)]
        rows = {key: value for key, (_, value) in found.items() if value}
        if MARKER not in rows:
            return None
        deleted = tuple(key for key, (_, value) in found.items() if not value)
        return Checkpoint(stage, partition, int(rows.pop(MARKER)), rows, max(formats), deleted)
