"""Kafka and ClickHouse die, stop, run slowly, run out of disk, or are put back to an older state."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.chaos.expected import read_topic
from tests.chaos.traffic import TOPIC
from tests.chaos.world import World


def broker_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of Kafka under load, back after some seconds."""
    return _broker_away(world, seconds, world.stack.kafka.kill)


def broker_restarted(world: World, dice: Random, seconds: float) -> str:
    """Kafka stopped in order under load, and started again."""
    return _broker_away(world, seconds, world.stack.kafka.stop)


def _broker_away(world: World, seconds: float, end: Callable[[], None]) -> str:
    since = 1000 * time.time()
    world.tend(seconds / 3)
    end()
    world.tend(seconds / 3)
    world.stack.kafka.start()
    world.recovering()
    world.tend(seconds / 3)
    records = read_topic(world.stack.kafka.bootstrap, TOPIC)
    times = sorted(record.time for record in records if record.time >= since)
    gap = max(after - before for before, after in pairwise(times)) / 1000
    return f"nothing taken in for {gap:.1f} s" if gap > seconds / 4 else ""


def clickhouse_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of ClickHouse, back after some seconds."""
    return _clickhouse_away(world, seconds, world.stack.clickhouse.kill)


def clickhouse_killed_inserting(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of ClickHouse, each time while it is at work on an INSERT."""
    caught = 0
    for _ in range(5):
        world.tend(seconds / 10)
        with world.stack.clickhouse.client() as client:
            end = time.monotonic() + 10
            while time.monotonic() < end:
                if client.execute("SELECT count() FROM system.processes WHERE query_kind = 'Insert'") != [(0,)]:
                    caught += 1
                    break
            time.sleep(dice.uniform(0, 0.004))
            world.stack.clickhouse.kill()
        world.tend(seconds / 10)
        world.stack.clickhouse.start()
    return f"{caught} times with an INSERT running" if caught else ""


def clickhouse_stopped(world: World, dice: Random, seconds: float) -> str:
    """ClickHouse away for four times the usual stretch."""
    return _clickhouse_away(world, 4 * seconds, world.stack.clickhouse.stop)


def _clickhouse_away(world: World, seconds: float, end: Callable[[], None]) -> str:
    # who is ready now and is not without ClickHouse takes partitions over, and waits for their checkpoints
    world.tend_until(world.level, 60, "not level with the traffic")
    before, begun = _not_stored(world), time.monotonic()
    end()
    world.tend(seconds)
    while not (seen := _missed(world, before)) and time.monotonic() < begun + seconds + 30:
        world.tend(0.5)  # whoever just stored a checkpoint notices a little later
    away = time.monotonic() - begun
    world.stack.clickhouse.start()
    world.recovering()
    return f"{seen} in {away:.0f} s" if seen else ""


def _missed(world: World, before: float) -> str:
    """What workers could not do without ClickHouse, '' for nothing."""
    failures = _not_stored(world) - before
    if failures > 0:
        return f"{failures:.0f} checkpoints not stored"
    waiting = [name for name in _workers(world) if world.page_of(name, "readyz") is None]
    return f"{', '.join(waiting)} waited for checkpoints" if waiting else ""


def _workers(world: World) -> list[str]:
    return [name for name in world.members if name.startswith("worker-")]


def _not_stored(world: World) -> float:
    """Checkpoints that workers could not store so far."""
    return sum(world.metric(name, "kpistream_checkpoint_failures_total") for name in _workers(world))


def clickhouse_restored(world: World, dice: Random, seconds: float) -> str:
    """Both databases lost, and brought back from a back-up made under load: folded and loaded on from there."""
    name = f"before-{dice.randrange(10**6)}"
    world.command_done("backup", name)
    world.tend(seconds)
    before = _markers(world)
    names = list(world.members)
    world.dismiss(*names)
    for database in ("bi", "kpistream"):
        world.query(f"DROP DATABASE {database}")
    said = world.command_done("restore", name)
    back = before - _markers(world)
    for member in names:
        world.bring(member)
    for member in names:
        world.wait_ready(member)
    again = next(line for line in said.splitlines() if "to load again" in line).split()[0]
    return f"checkpoints {back} offsets back, {again} records loaded again" if back and int(again) else ""


def _markers(world: World) -> int:
    """Sum of all checkpoints' markers."""
    return world.query("SELECT sum(toInt64(value)) FROM kpistream.checkpoints FINAL WHERE key = ''")[0][0]


def slow_broker(world: World, dice: Random, seconds: float) -> str:
    """Kafka runs one fifth of the time."""
    return _slowed(world, seconds, world.stack.kafka.pid)


def slow_clickhouse(world: World, dice: Random, seconds: float) -> str:
    """ClickHouse runs one fifth of the time."""
    return _slowed(world, seconds, world.stack.clickhouse.pid)


def _slowed(world: World, seconds: float, pid: int) -> str:
    end, pulses = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        os.kill(pid, signal.SIGSTOP)
        world.tend(0.4)
        os.kill(pid, signal.SIGCONT)
        world.tend(0.1)
        pulses += 1
    return f"stopped {pulses} times for 0.4 s"


def disk_full(world: World, dice: Random, seconds: float) -> str:
    """No space left for either server, until some is made; only where the data lies on a small file system."""
    if shutil.disk_usage(world.folder).total > 8 << 30:
        return ""
    fillers, end = [], time.monotonic() + seconds
    try:
        while time.monotonic() < end:  # what a server gives back is taken too
            fillers.append(_filler(world.folder / f"filler-{len(fillers)}"))
            world.tend(0.5)
        failures = world.metric("worker-0", "kpistream_checkpoint_failures_total")
    finally:
        for filler in fillers:
            filler.unlink()
    world.tend(1)
    fallen = [server for server in (world.stack.kafka, world.stack.clickhouse) if not server.pid]
    for server in fallen:
        server.start()
    return f"{failures:.0f} checkpoints not stored, {len(fallen)} servers fell" if failures or fallen else ""


def _filler(file: Path) -> Path:
    """Takes all the space that there is, down to less than a hundredth of a megabyte."""
    with file.open("wb") as opened:
        size, step = 0, 1 << 31
        while step >= 8192:
            try:
                os.posix_fallocate(opened.fileno(), size, step)
                size += step
            except OSError:  # somebody else took some meanwhile, or there is less than that
                step //= 2
    return file
