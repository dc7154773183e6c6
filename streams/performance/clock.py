"""What day it is, as the log tells it: the latest day on which anything credited in this partition happened.

By the event's own day, not by the one that a credit counts on, which a hold or a close can put in the future.
"""

from __future__ import annotations

import msgspec
import numpy as np

_KEY = "clock"


class Clock:
    """Moves forward only. ``latest`` is a day since the epoch, None before the first credit."""

    def __init__(self) -> None:
        self.latest: int | None = None
        self._saved: int | None = None

    def after(self, days: np.ndarray) -> np.ndarray:
        """The latest day after each row of a batch (int64), by the days on which their events happened."""
        shown = np.maximum.accumulate(days.astype(np.int64))
        return shown if self.latest is None else np.maximum(shown, self.latest)

    def advance(self, day: int) -> None:
        """Some later day has come, or not."""
        self.latest = day if self.latest is None else max(self.latest, day)

    def dirty_rows(self) -> dict[str, bytes]:
        """The checkpoint row, where it changed since the last call."""
        if self.latest == self._saved:
            return {}
        self._saved = self.latest
        return {_KEY: msgspec.msgpack.encode(self.latest)}

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back the checkpoint row; state of earlier versions has none."""
        if _KEY in rows:
            self.latest = self._saved = msgspec.msgpack.decode(rows[_KEY])
