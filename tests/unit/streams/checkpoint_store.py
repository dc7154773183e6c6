"""The checkpoints table as sinks/checkpoints.py uses it, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

MARKER = ""


@dataclass
class Store:
    """Of every key the row with the highest version; of equal versions the first or, ``later_wins``, the
    last.
    """

    later_wins: bool
    rows: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def save(self, version: int, rows: dict[str, bytes]) -> None:
        """Adds a checkpoint's rows and its marker."""
        for key, value in [*rows.items(), (MARKER, str(version).encode())]:
            there = self.rows.get(key, (-1, b""))[0]
            if version > there or (version == there and self.later_wins):
                self.rows[key] = (version, value)

    def load(self) -> tuple[int, dict[str, bytes]]:
        """The highest marker and the live rows."""
        live = {key: value for key, (_, value) in self.rows.items() if value}
        return int(live.pop(MARKER, b"0")), live
