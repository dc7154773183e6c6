"""What feeds the topics in a run: commands one after the other, each a child process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from infra.local.processes import ChildProcess
from infra.run.supervisor import kpistream, yielding

#: Simulated days that the first part passes through, ending today, and the seconds that it takes at most.
PAST_DAYS, PAST_SECONDS = 90, 60.0
#: Simulated seconds that pass in a second of the second part, which goes on from today.
SPEEDUP = 864
#: Share of broken records.
BAD = 0.001


def simulation(plan: Path, rate: float, seed: int, duration: float | None, today: date) -> list[list[str]]:
    """Commands: the last quarter in a minute, so that awards fire at once; then from today on, slower."""
    common = ["simulate", "--plan", str(plan), "--seed", str(seed), "--rate", f"{rate:g}", "--bad", str(BAD)]
    past = PAST_SECONDS if duration is None else min(duration, PAST_SECONDS)
    commands = [kpistream(*common, "--days", str(PAST_DAYS), "--duration", f"{past:g}")]
    if duration is None or duration > PAST_SECONDS:
        rest = [] if duration is None else ["--duration", f"{duration - PAST_SECONDS:g}"]
        commands.append(kpistream(*common, "--start", today.isoformat(), "--speedup", str(SPEEDUP), *rest))
    return commands


def recorded(events: Path, rate: float | None) -> list[list[str]]:
    """Commands: a file of events, at ``rate`` a second or as fast as it goes."""
    if rate is None:
        return [kpistream("produce", str(events))]
    return [[sys.executable, "-m", "infra.run.paced", str(events), f"{rate:g}"]]


class Feed:
    """Runs the commands in order; ``failed`` is a sentence once one has ended badly."""

    def __init__(self, commands: Sequence[list[str]], log: Path, lock_fd: int) -> None:
        self.failed = ""
        self._waiting, self._log, self._lock_fd = list(commands), log, lock_fd
        self._process: ChildProcess | None = None
        self._stopping = False
        self.check()

    @property
    def done(self) -> bool:
        """Whether everything was fed, or nothing more will be."""
        return self._process is None and not self._waiting

    def check(self) -> None:
        """Go on to the next command where one has ended. Call it in the main thread."""
        process = self._process
        if process is not None and not process.running():
            self._process = None
            if process.exit_code and not self._stopping:
                self.failed = (
                    f"The source of events ended with code {process.exit_code}, its log is {self._log}: "
                    + process.log_tail(1)
                )
                self._waiting.clear()
        if self._process is None and self._waiting:
            self._process = ChildProcess("events", yielding(self._waiting.pop(0)), self._log, [self._lock_fd])

    def stop(self, seconds: float = 10) -> None:
        """End it in order: what was sent is still confirmed. By one signal: a second one would cut that short."""
        self._waiting.clear()
        self._stopping = True
        if self._process is not None:
            self._process.stop(seconds)
            self.check()
