"""A measured process: what it and its children use of the machine; it ends with us, however we end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.processes import ChildProcess

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all that it started, living or reaped; 0 when it is gone."""
    return sum(sum(map(int, fields[11:15])) for fields in map(_stat, _tree(pid)) if fields) / _TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process and its living children."""
    return sum(int(fields[21]) for fields in map(_stat, _tree(pid)) if fields) * _PAGE


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _tree(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    return found


class Process:
    """A command in a process group of its own."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.started = time.time()
        self._child = ChildProcess(name, command, log, environment=environment)

    @property
    def pid(self) -> int:
        """Of the command itself."""
        return self._child.pid

    def exit_code(self) -> int | None:
        """How it ended, None while it runs."""
        return self._child.exit_code

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        return self._child.log_tail(lines)

    def stop(self, patience: float = 20) -> None:
        """Ask it to end, insist after ``patience`` seconds, and leave none of its children."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End it and its children at once, so that a failed benchmark leaves nothing behind."""
        self._signal(signal.SIGKILL)
        self._child.kill()

    def _signal(self, number: signal.Signals) -> None:
        # ChildProcess made it the leader of its group; ended members leave the group usable while one lives
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
