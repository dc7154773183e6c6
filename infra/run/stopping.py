"""When a run ends: by signal, with its parent ``make``, or when its time is over."""

from __future__ import annotations

import os
import signal
from pathlib import Path

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal came while there was nothing to summarise yet."""


class Stop:
    """``asked`` counts the signals. Until ``calm`` is called the first one raises Interrupted where we are.

    A ``make`` that is killed outright cannot pass that on; where one started us, we end when it does.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._raising = True
        self._maker = _make_above()
        for number in _SIGNALS:
            signal.signal(number, self._came)

    def calm(self) -> None:
        """From now on signals are only counted."""
        self._raising = False

    def check(self) -> bool:
        """Whether it is time to end."""
        if self._maker and not self.asked and not _is_make(self._maker):
            self.asked = 1
        return self.asked > 0

    def _came(self, *_: object) -> None:
        self.asked += 1
        if self._raising:
            self._raising = False  # the clean-up that follows must not be interrupted in turn
            raise Interrupted


def _make_above() -> int | None:
    """Process id of the make that started us, directly or through a shell."""
    pid = os.getppid()
    for _ in range(2):
        if _is_make(pid):
            return pid
        pid = _parent_of(pid)
    return None


def _is_make(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in ("make", "gmake")
    except OSError:
        return False


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0
