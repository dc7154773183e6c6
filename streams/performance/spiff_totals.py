"""What each SPIFF has paid each person in each period."""

from __future__ import annotations

import msgspec

_PREFIX = "spiff/"


class SpiffTotals:
    """Ten-thousandths by (rule, employee, period)."""

    def __init__(self) -> None:
        self._paid: dict[tuple[str, str, str], int] = {}
        self._dirty: set[tuple[str, str, str]] = set()

    def paid(self, rule: str, employee: str, period: str) -> int:
        """The sum of the lines so far."""
        return self._paid.get((rule, employee, period), 0)

    def add(self, rule: str, employee: str, period: str, amount: int) -> int:
        """Add a line; the sum with it."""
        key = rule, employee, period
        self._paid[key] = self._paid.get(key, 0) + amount
        self._dirty.add(key)
        return self._paid[key]

    def dirty_rows(self) -> dict[str, bytes]:
        """Checkpoint rows changed since the last call."""
        rows = {_PREFIX + "\x1f".join(key): msgspec.msgpack.encode(self._paid[key]) for key in sorted(self._dirty)}
        self._dirty.clear()
        return rows

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        for key in sorted(key for key in rows if key.startswith(_PREFIX)):
            rule, employee, period = key.removeprefix(_PREFIX).split("\x1f")
            self._paid[rule, employee, period] = msgspec.msgpack.decode(rows[key])
