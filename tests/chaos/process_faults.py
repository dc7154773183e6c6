"""Workers and sinks die, freeze, come and go, or are told to end."""

from __future__ import annotations

import os
import signal
import time
from random import Random

from tests.chaos.marked import STEPS
from tests.chaos.verdict import award_delays
from tests.chaos.world import MEMBERS, SESSION_SECONDS, World

#: What an event may wait for its award beyond the time that a worker took to end and to start (docs/operations.md).
HAND_OVER_SECONDS = 3
#: Within which a process that is told to end has handed over; within which it is gone in any case.
DRAIN_SECONDS, END_SECONDS = 20, 27

_WORKER_STEPS = [step for step in STEPS if not step.startswith("rows")]
_SINK_STEPS = [step for step in STEPS if step.startswith("rows")]


def worker_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 at random moments."""
    return killed(world, dice, seconds, "worker-0")


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
    world.recovering()
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
    return killed(world, dice, seconds, "sink-0")


def killed(world: World, dice: Random, seconds: float, name: str) -> str:
    """kill -9 of one process at three random moments."""
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
    world.wait_ready(name)
    member = world.members[name]
    member.marks = [(step, dice.randint(1, 5) if step == "partition taken" else dice.randint(3, 12)) for step in steps]
    wanted = len(member.deaths) + 1 + len(steps)
    world.kill(name)  # to make room for the first of them
    world.tend_until(lambda: len(member.deaths) >= wanted, 60 * len(steps), f"still alive, before {member.marks}")
    world.wait_ready(name)
    by_their_own_hand = member.deaths[-len(steps) :] == [-signal.SIGKILL] * len(steps)
    return f"died after {', '.join(steps)}" if by_their_own_hand else ""


def everything_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of every process of ours in the same moment."""
    before = world.deaths()
    for _ in range(3):
        for name in MEMBERS:
            world.wait_ready(name)
        world.tend(dice.uniform(0.3, 1) * seconds / 3)
        for name in MEMBERS:
            os.kill(world.members[name].process.pid, signal.SIGKILL)
        world.recovering()
        world.tend(0.5)
    for name in MEMBERS:
        world.wait_ready(name)
    return _deaths(world, before, 3 * len(MEMBERS))


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
        world.recovering()
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


def _deaths(world: World, before: int, wanted: int) -> str:
    count = world.deaths() - before
    return f"{count} deaths" if count >= wanted else ""
