"""The faults. Each strikes a world under traffic and says what could be seen of it, '' if nothing could.

A new fault is a function here and an entry in ``FAULTS``.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from random import Random

from confluent_kafka import Producer

from tests.chaos.expected import MAX_EVENT_BYTES, read_topic
from tests.chaos.marked import STEPS
from tests.chaos.traffic import TOPIC
from tests.chaos.verdict import award_delays
from tests.chaos.world import SESSION_SECONDS, World

#: What an event may wait for its award beyond the time that a worker took to end and to start (docs/operations.md).
HAND_OVER_SECONDS = 3
#: Within which a process that is told to end has handed over; within which it is gone in any case.
DRAIN_SECONDS, END_SECONDS = 20, 27

Fault = Callable[[World, Random, float], str]

_WORKER_STEPS = [step for step in STEPS if not step.startswith("rows")]
_SINK_STEPS = [step for step in STEPS if step.startswith("rows")]


def worker_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 at random moments."""
    return _killed(world, dice, seconds, "worker-0")


def worker_told_to_end(world: World, dice: Random, seconds: float) -> str:
    """SIGTERM under load: it hands over in order, and fast."""
    waits = []
    for _ in range(3):
        world.wait_ready("worker-0")
        world.tend(dice.uniform(0.5, 1) * seconds / 3)
        waits.append(_told_to_end(world, "worker-0"))
    world.wait_ready("worker-0")
    return f"ended in {', '.join(f'{wait:.1f}' for wait in waits)} s"


def _told_to_end(world: World, name: str) -> float:
    """SIGTERM, and the seconds until it has ended in order."""
    process = world.members[name].process
    took = _gone(world, name, DRAIN_SECONDS)
    if process.exit_code:
        raise AssertionError(f"{name} ended with code {process.exit_code}\n{process.log_tail(8)}")
    return took


def _gone(world: World, name: str, within: float) -> float:
    process, begun = world.members[name].process, time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    while process.running():
        if time.monotonic() - begun > within:
            raise AssertionError(f"{name} goes on {within} s after SIGTERM\n{process.log_tail(8)}")
        time.sleep(0.05)
    return time.monotonic() - begun


def told_to_end_alone(world: World, dice: Random, seconds: float) -> str:
    """SIGTERM while Kafka is away: nobody to hand over to, and gone in time all the same."""
    world.tend(seconds / 3)
    world.stack.kafka.kill()
    time.sleep(2)
    waits = [f"{name} {_gone(world, name, END_SECONDS):.1f}" for name in ("worker-0", "sink-0")]
    world.stack.kafka.start()
    for name in ("worker-0", "sink-0"):
        world.wait_ready(name)
    return f"ended in s: {', '.join(waits)}"


def rolling_restart(world: World, dice: Random, seconds: float) -> str:
    """Two workers and two sinks, told to end and started again one by one: no event waits long for its award."""
    for name in ("worker-1", "sink-1"):
        world.bring(name)
        world.wait_ready(name)
    world.tend(2)
    since, waits, restarts = time.time(), [], []
    for name in sorted(world.members):
        begun = time.monotonic()
        ended = _told_to_end(world, name)
        world.bring(name)
        world.wait_ready(name)
        restarts.append(time.monotonic() - begun)
        waits.append(f"{name} {ended:.1f} + {restarts[-1] - ended:.1f}")
        world.tend(seconds / 6)
    longest = max((late for at, late in award_delays(world) if at >= 1000 * since), default=0) / 1000
    if longest > max(restarts) + HAND_OVER_SECONDS:
        raise AssertionError(f"an event waited {longest:.1f} s for its award: {', '.join(waits)}")
    for name in ("worker-1", "sink-1"):
        world.dismiss(name)
    return f"end + start in s: {', '.join(waits)}; longest wait {longest:.1f}" if longest else ""


def sink_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of the loader at random moments."""
    return _killed(world, dice, seconds, "sink-0")


def _killed(world: World, dice: Random, seconds: float, name: str) -> str:
    before = world.deaths()
    for _ in range(3):
        world.wait_ready(name)
        world.tend(dice.uniform(0.3, 1) * seconds / 3)
        world.kill(name)
    world.wait_ready(name)
    return _deaths(world, before, 3)


def worker_dies_after_steps(world: World, dice: Random, seconds: float) -> str:
    """Death by its own hand right after each step between reading and committing."""
    return _dies_after(world, dice, "worker-0", _WORKER_STEPS)


def sink_dies_after_steps(world: World, dice: Random, seconds: float) -> str:
    """The loader dies with rows inserted and nothing committed."""
    return _dies_after(world, dice, "sink-0", _SINK_STEPS)


def _dies_after(world: World, dice: Random, name: str, steps: list[str]) -> str:
    seen = []
    for step in steps:
        world.wait_ready(name)
        world.kill(name)
        world.members[name].process.kill()
        member = world.bring(name, step, dice.randint(3, 12) if step != "partition taken" else dice.randint(1, 5))
        member.deaths.append(-signal.SIGKILL)  # of the one we killed to make room
        count = len(member.deaths)
        world.tend_until(lambda member=member, count=count: len(member.deaths) > count, 60, f"no death after: {step}")
        if member.deaths[-1] == -signal.SIGKILL:
            seen.append(step)
    world.wait_ready(name)
    return f"died after {', '.join(seen)}" if len(seen) == len(steps) else ""


def broker_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of Kafka under load, back after some seconds."""
    return _broker_away(world, seconds, world.stack.kafka.kill)


def broker_restarted(world: World, dice: Random, seconds: float) -> str:
    """Kafka stopped in order under load, and started again."""
    return _broker_away(world, seconds, world.stack.kafka.stop)


def _broker_away(world: World, seconds: float, end: Callable[[], None]) -> str:
    world.tend(seconds / 3)
    end()
    world.tend(seconds / 3)
    world.stack.kafka.start()
    world.tend(seconds / 3)
    times = sorted(record.time for record in read_topic(world.stack.kafka.bootstrap, TOPIC))
    gap = max(after - before for before, after in pairwise(times)) / 1000
    return f"nothing taken in for {gap:.1f} s" if gap > seconds / 4 else ""


def clickhouse_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of ClickHouse, back after some seconds."""
    return _clickhouse_away(world, seconds, world.stack.clickhouse.kill)


def clickhouse_stopped(world: World, dice: Random, seconds: float) -> str:
    """ClickHouse away for four times the usual stretch."""
    return _clickhouse_away(world, 4 * seconds, world.stack.clickhouse.stop)


def _clickhouse_away(world: World, seconds: float, end: Callable[[], None]) -> str:
    end()
    world.tend(seconds)
    failures = world.metric("worker-0", "kpistream_checkpoint_failures_total")
    world.stack.clickhouse.start()
    return f"{failures:.0f} checkpoints not stored in {seconds:.0f} s" if failures else ""


def clickhouse_restored(world: World, dice: Random, seconds: float) -> str:
    """Both databases lost, and brought back from a back-up made under load: folded and loaded on from there."""
    name = f"before-{dice.randrange(10**6)}"
    world.command_done("backup", name)
    world.tend(seconds)
    before = _markers(world)
    names = list(world.members)
    for member in names:
        world.dismiss(member)
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


def worker_frozen(world: World, dice: Random, seconds: float) -> str:
    """SIGSTOP until the group gives its partitions to another worker, then back as a zombie."""
    world.bring("worker-1")
    world.wait_ready("worker-1")
    world.tend(2)
    frozen = world.members["worker-0"].process.pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        world.tend(SESSION_SECONDS + 5)
        alone = world.metric("worker-1", "kpistream_assigned_partitions", stage="performance")
    finally:
        os.kill(frozen, signal.SIGCONT)
    world.tend(seconds / 2)
    world.dismiss("worker-1")
    return f"the other worker had {alone:.0f} of 4 partitions" if alone == 4 else ""


def workers_come_and_go(world: World, dice: Random, seconds: float) -> str:
    """A rebalance every few seconds."""
    counts = set()
    for number in range(6):
        name = f"worker-{1 + number % 3}"
        if name in world.members:
            world.dismiss(name, kill=dice.random() < 0.5)
        else:
            world.bring(name)
        world.tend(dice.uniform(2, 5))
        counts.add(world.metric("worker-0", "kpistream_assigned_partitions", stage="performance"))
    for name in [name for name in world.members if name.startswith("worker") and name != "worker-0"]:
        world.dismiss(name)
    return f"partitions of the first worker: {sorted(counts)}" if len(counts) > 1 else ""


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


def aborted_transactions(world: World, dice: Random, seconds: float) -> str:
    """A third of the traffic comes in transactions that are given up."""
    world.stop_traffic()
    world.start_traffic("--abort", "0.33")
    world.tend(seconds)
    said = world.stop_traffic()
    world.start_traffic()
    world.tend(4)  # records after the last markers, or nobody could be level with the end
    aborted = said.partition("aborted ")[2].split(" ")[0]
    return f"{aborted} transactions given up" if aborted.isdigit() and int(aborted) else ""


def poisoned_topic(world: World, dice: Random, seconds: float) -> str:
    """What no business system should send: random bytes, other JSON, tombstones, far too large records."""
    producer = Producer({"bootstrap.servers": world.stack.kafka.bootstrap, "message.max.bytes": 4 << 20})
    sent = 0
    for _ in range(5):
        for poison in (
            dice.randbytes(200), b"", b"{}", b"[]", b"null", b'{"type":"sale"', b"\xff\xfe{}", b'"' + b"x" * 1000,
            b"[" * 100_000, b'{"type": 1e999}', b"0" * (MAX_EVENT_BYTES + 1), None,
        ):  # fmt: skip
            producer.produce(TOPIC, poison, key=b"poison")
            sent += 1
        producer.flush(30)
        world.tend(seconds / 5)
    return f"{sent} records that are no events"


def disk_full(world: World, dice: Random, seconds: float) -> str:
    """No space left for either server, until some is made; only where the data lies on a small file system."""
    total, _, free = shutil.disk_usage(world.folder)
    if total > 8 << 30:
        return ""
    filler = world.folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)
    world.tend(seconds)
    failures = world.metric("worker-0", "kpistream_checkpoint_failures_total")
    filler.unlink()
    fallen = [server for server in (world.stack.kafka, world.stack.clickhouse) if not server.pid]
    for server in fallen:
        server.start()
    return f"{failures:.0f} checkpoints not stored, {len(fallen)} servers fell" if failures or fallen else ""


def _deaths(world: World, before: int, wanted: int) -> str:
    count = world.deaths() - before
    return f"{count} deaths" if count >= wanted else ""


FAULTS: dict[str, Fault] = {
    "worker killed": worker_killed,
    "worker told to end": worker_told_to_end,
    "told to end while Kafka is away": told_to_end_alone,
    "rolling restart": rolling_restart,
    "worker dies after each step": worker_dies_after_steps,
    "sink killed": sink_killed,
    "sink dies after each step": sink_dies_after_steps,
    "worker frozen, back as a zombie": worker_frozen,
    "workers come and go": workers_come_and_go,
    "broker killed": broker_killed,
    "broker restarted": broker_restarted,
    "slow broker": slow_broker,
    "ClickHouse killed": clickhouse_killed,
    "ClickHouse away for long": clickhouse_stopped,
    "ClickHouse lost and restored": clickhouse_restored,
    "slow ClickHouse": slow_clickhouse,
    "aborted transactions": aborted_transactions,
    "poisoned topic": poisoned_topic,
    "disk full": disk_full,
}
