"""One system over one topic: started, watched from outside, stopped, judged. The same for peers and for kpistream."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import click
import numpy as np

from benchmarks.processes import Process, cpu_seconds, resident_bytes
from benchmarks.results import Awards, Results
from benchmarks.sales import Columns, Expected
from benchmarks.steady import Steady, steady
from benchmarks.verdict import judge

_PAUSE = 0.5  # seconds between two looks, which take from the cores that the system runs on
_AWARDS_LATER = 10.0  # seconds in which awards may follow the last sum


@dataclass
class Outcome:
    """What is said about one system; None where it was not measured."""

    title: str
    remarks: str = ""
    events: int | None = None
    warm: Steady = field(default_factory=Steady)
    #: From the start of the process until the last sum was written (kpistream: until everything is checkpointed).
    seconds: float | None = None
    cpu: float | None = None
    broker_cpu: float | None = None
    database_cpu: float | None = None
    megabytes: float | None = None
    check: str = ""

    @property
    def right(self) -> bool:
        """Whether it may have a speed."""
        return self.check.startswith("ok")


@dataclass
class Watched:
    """A run as seen from outside: CPU seconds by ms since the epoch, memory, and why it did not end well."""

    cpu: list[tuple[float, float]] = field(default_factory=list)
    servers: dict[str, float] = field(default_factory=dict)
    bytes: int = 0
    ended_ms: float = 0.0
    problem: str = ""


@dataclass
class Task:
    """What a system has to come to, and how it is watched."""

    made: Columns
    expected: Expected
    results: Results
    awards: Awards | None
    timeout: float
    #: pid of each server by name
    servers: dict[str, int]
    #: whose CPU counts as the system's own, None: the process that was started
    worker: int | None = None
    #: what must hold before it is worth while to read the sums
    settled: Callable[[], bool] = lambda: True
    #: Order of the events' numbers in which the system took them, where that is not the topic's.
    order: Callable[[], np.ndarray] | None = None


def watch(process: Process, task: Task) -> Watched:
    """Look at it until everything that must come has come, or it fails, or time is up."""
    seen, deadline = Watched(), time.monotonic() + task.timeout
    before = {name: cpu_seconds(pid) for name, pid in task.servers.items()}
    told, complete_at = time.monotonic(), None
    while True:
        seen.cpu.append((time.time() * 1000, cpu_seconds(task.worker or process.pid)))
        seen.bytes = max(seen.bytes, resident_bytes(process.pid))
        total = task.results.total() if task.settled() else 0
        if total >= task.expected.sales:
            complete_at = complete_at or time.monotonic()
            late = time.monotonic() - complete_at > _AWARDS_LATER
            if late or task.awards is None or len(task.awards.found()) >= len(task.expected.reached):
                break
        # the total first: one that ends by itself may have ended well
        elif (code := process.exit_code()) is not None:
            seen.problem = f"ended with {code}: {' '.join(process.last_words().split())[-300:]}"
            break
        elif time.monotonic() > deadline:
            counted = task.results.total()
            seen.problem = f"after {task.timeout:.0f} s it had counted {counted:,} of {task.expected.sales:,} sales"
            break
        if time.monotonic() - told > 10:
            told = time.monotonic()
            click.echo(f"  {total:,} of {task.expected.sales:,}" if total else "  at work", err=True)
        time.sleep(_PAUSE)
    seen.ended_ms = time.time() * 1000
    seen.servers = {name: cpu_seconds(pid) - before[name] for name, pid in task.servers.items()}
    return seen


def outcome(title: str, remarks: str, process: Process, task: Task, until_settled: bool = False) -> Outcome:
    """Watch a started process, stop it, and say how it did."""
    try:
        seen = watch(process, task)
    finally:
        process.stop()
    result = Outcome(title, remarks, task.expected.events)
    result.cpu = seen.cpu[-1][1] - (seen.cpu[0][1] if task.worker else 0)
    result.megabytes = seen.bytes / 1e6 if task.worker is None else None
    result.broker_cpu, result.database_cpu = seen.servers.get("broker"), seen.servers.get("database")
    if seen.problem:
        result.check = f"failed: {seen.problem}"
        return result
    found = None if task.awards is None else task.awards.found(to_the_end=True)
    expected = task.expected
    if task.order is not None:
        expected = Expected.of(task.made, expected.tiers, task.order())
        if expected.counts != task.expected.counts or expected.cents != task.expected.cents:
            result.check = "wrong: not every event was credited exactly once"
            return result
    result.check = judge(expected, task.results.sums(), found, task.made.id_of)
    scale = task.expected.events / task.expected.sales
    series = [(at, count * scale) for at, count in task.results.series()]
    result.warm = steady(series, seen.cpu)
    result.seconds = ((seen.ended_ms if until_settled else series[-1][0]) / 1000) - process.started
    return result
