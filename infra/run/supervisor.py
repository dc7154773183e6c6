"""Keeps processes up: one that ends by itself is started again, with growing pauses, up to a limit.

Everything here runs in the main thread: children die with the thread that started them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.error import URLError
from urllib.request import urlopen

from infra.local.errors import StackError
from infra.local.ports import HOST, PortReservation
from infra.local.processes import ChildProcess
from infra.local.server import Server

#: Seconds before the next start, by how many ended quickly in a row; after the last one there is no next.
BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: A process that lived this long starts with a clean record.
STEADY_SECONDS = 30.0


class Kept(Protocol):
    """Something to keep up."""

    name: str
    log: Path

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""

    def launch(self) -> None:
        """Start it, without waiting."""

    def ready(self) -> bool:
        """Whether it does its work."""

    def stop(self) -> None:
        """End it in order."""


class Program:
    """One kpistream command as a process, on a port of its own that it keeps over restarts."""

    def __init__(self, name: str, command: tuple[str, ...], log: Path, lock_fd: int, yields: bool = False) -> None:
        self.name, self.log = name, log
        self._command, self._lock_fd, self._yields = command, lock_fd, yields
        self._port = PortReservation(None, name)
        self._process: ChildProcess | None = None

    @property
    def port(self) -> int:
        """Port of /metrics, /healthz, /readyz."""
        return self._port.port

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.running() else None

    def launch(self) -> None:
        """Start the process."""
        command = [*kpistream(*self._command), "--web-port", str(self.port)]
        if self._yields:
            command = yielding(command)
        # a restart under the same name takes the partitions over at once, without a rebalance
        environment = {"KPISTREAM_WORKER_ID": self.name}
        self._process = ChildProcess(self.name, command, self.log, [self._lock_fd], environment)

    def ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            with urlopen(f"http://{HOST}:{self.port}/readyz", timeout=1) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        """End it in order."""
        if self._process:
            self._process.stop(10)
        self._port.release()


class ServerProgram:
    """Kafka or ClickHouse of the embedded stack, seen as something to keep up; the stack itself stops it."""

    def __init__(self, name: str, server: Server) -> None:
        self.name, self.log, self._server = name, server.log, server

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._server.pid

    def launch(self) -> None:
        """Start it on the data and the ports it had."""
        self._server.launch()

    def ready(self) -> bool:
        """Whether clients are served."""
        return self._server.answers()

    def stop(self) -> None:
        """Nothing: it outlives those who use it."""


def last_line(log: Path) -> str:
    """What a log says last."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def kpistream(*arguments: str) -> list[str]:
    """Command line of a kpistream command in this very environment."""
    return [sys.executable, "-c", "from infra.cli import main; main()", *arguments]


def yielding(command: list[str]) -> list[str]:
    """The command with a lower priority: the way from an event to its alert goes first."""
    return ["nice", "-n", "10", *command]


@dataclass
class _Record:
    kept: Kept
    started_at: float
    quick_ends: int = 0
    restarts: int = 0
    due: float | None = None  # when to start it again


@dataclass
class Supervisor:
    """``say`` gets a line for everything that happens to a process; ``clock`` in seconds."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    failed: list[str] = field(default_factory=list)  # sentences about those that could not be kept up
    _records: list[_Record] = field(default_factory=list)

    @property
    def restarts(self) -> dict[str, int]:
        """Name → how often it was started again, of those that were."""
        return {record.kept.name: record.restarts for record in self._records if record.restarts}

    def processes(self) -> list[tuple[str, int | None, int]]:
        """(name, process id or None while it is down, restarts) of each."""
        return [(record.kept.name, record.kept.pid, record.restarts) for record in self._records]

    def ports(self) -> tuple[int, ...]:
        """Web ports of the kpistream processes."""
        return tuple(record.kept.port for record in self._records if isinstance(record.kept, Program))

    def start(self, kept: Kept) -> None:
        """Start it and look after it from now on."""
        kept.launch()
        self.adopt(kept)

    def adopt(self, kept: Kept) -> None:
        """Look after what runs already."""
        self._records.append(_Record(kept, self.clock()))

    def check(self) -> None:
        """Start again what has ended and is due. Call it several times a second."""
        now = self.clock()
        for record in self._records:
            if record.due is None and record.kept.pid is None and not self.failed:
                self._ended(record, now)
            elif record.due is not None and now >= record.due:
                record.due = None
                record.started_at = now
                record.restarts += 1
                record.kept.launch()
                self.say(f"{record.kept.name} started again (process {record.kept.pid})")

    def wait_ready(self, seconds: float) -> None:
        """Return once all are ready; StackError where that does not happen in time."""
        deadline = self.clock() + seconds
        waiting = list(self._records)
        while waiting := [record for record in waiting if not record.kept.ready()]:
            self.check()
            if self.failed:
                raise StackError(self.failed[0])
            if self.clock() > deadline:
                kept = waiting[0].kept
                raise StackError(
                    f"{kept.name} was not ready in {seconds:.0f} seconds, its log is {kept.log}."
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """End all in order, side by side."""
        for record in self._records:
            if isinstance(record.kept, Program) and (pid := record.kept.pid):
                os.kill(pid, signal.SIGTERM)
        for record in self._records:
            record.kept.stop()
        self._records.clear()

    def _ended(self, record: _Record, now: float) -> None:
        kept = record.kept
        record.quick_ends = 1 if now - record.started_at > STEADY_SECONDS else record.quick_ends + 1
        if record.quick_ends > len(BACKOFF):
            self.failed.append(
                f"{kept.name} ended {record.quick_ends} times in a row, its log is {kept.log}:"
                f" {last_line(kept.log)}"
            )
            return
        pause = BACKOFF[record.quick_ends - 1]
        record.due = now + pause
        self.say(f"{kept.name} has ended, starting it again in {pause:g} s (log: {kept.log})")
