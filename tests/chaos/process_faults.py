"""Processes of ours die, come and go, or are told to end."""

from __future__ import annotations

import os
import signal
import time
from random import Random

from tests.chaos.verdict import award_delays
from tests.chaos.world import MEMBERS, World

#: What an event may wait for its award beyond the time that a worker took to end and to start (docs/operations.md).
HAND_OVER_SECONDS = 3
#: Within which a process that is told to end has handed over; within which it is gone in any case.
DRAIN_SECONDS, END_SECONDS = 20, 27

#: What a process dies after, by name.
_STEPS = {
    "worker-0": ["folded", "results half sent", "results sent", "checkpoint stored", "offsets committed",
                 "partition taken"],
    "sink-0": ["rows inserted", "rows flushed"],
    "alerts-0": ["alert accepted", "delivery recorded", "awards committed"],
}  # fmt: skip


def worker_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 at random moments."""
    return killed(world, dice, seconds, "worker-0")


def worker_told_to_end(world: World, dice: Random, seconds: float) -> str:
    """SIGTERM under load: it hands over in order, and fast."""
    waits = []
    for _ in range(_rounds(seconds)):
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
    before, rounds = world.deaths(), _rounds(seconds)
    for _ in range(rounds):
        world.wait_ready(name)
        world.tend(dice.uniform(0.3, 1) * seconds / 3)
        world.kill(name)
    world.wait_ready(name)
    return _deaths(world, before, rounds)


def worker_dies_after_steps(world: World, dice: Random, seconds: float) -> str:
    """Death by its own hand right after each step between reading and committing."""
    return _die_after(world, dice, "worker-0")


def sink_dies_after_steps(world: World, dice: Random, seconds: float) -> str:
    """The loader dies with rows inserted and nothing committed."""
    return _die_after(world, dice, "sink-0")


def alerts_die_after_steps(world: World, dice: Random, seconds: float) -> str:
    """The process that sends alerts dies between a channel's acceptance, the record of it, and the commit."""
    return _die_after(world, dice, "alerts-0")


def all_die_after_steps(world: World, dice: Random, seconds: float) -> str:
    """All three of them, beside each other."""
    return _die_after(world, dice, *MEMBERS)


def _die_after(world: World, dice: Random, *names: str) -> str:
    wanted = {}
    for name in names:
        world.wait_ready(name)
        member, steps = world.members[name], _STEPS[name]
        member.marks = [(step, dice.randint(1, 5 if step == "partition taken" else 10)) for step in steps]
        wanted[name] = len(member.deaths) + 1 + len(steps)
    for name in names:
        world.kill(name)  # to make room for the first of them

    def left() -> list[str]:
        return [name for name in names if len(world.members[name].deaths) < wanted[name]]

    world.tend_until(lambda: not left(), 60 * max(len(_STEPS[name]) for name in names), "not all died")
    for name in names:
        world.wait_ready(name)
    by_their_own_hand = all(
        world.members[name].deaths[-len(_STEPS[name]) :] == [-signal.SIGKILL] * len(_STEPS[name]) for name in names
    )
    return f"died after {', '.join(step for name in names for step in _STEPS[name])}" if by_their_own_hand else ""


def everything_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 of every process of ours in the same moment."""
    before, rounds = world.deaths(), _rounds(seconds)
    for _ in range(rounds):
        for name in MEMBERS:
            world.wait_ready(name)
        world.tend(dice.uniform(0.3, 1) * seconds / 3)
        for name in MEMBERS:
            os.kill(world.members[name].process.pid, signal.SIGKILL)
        world.recovering()
        world.tend(0.5)
    for name in MEMBERS:
        world.wait_ready(name)
    return _deaths(world, before, rounds * len(MEMBERS))


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


def _rounds(seconds: float) -> int:
    return 3 if seconds >= 6 else 1


def _deaths(world: World, before: int, wanted: int) -> str:
    count = world.deaths() - before
    return f"{count} deaths" if count >= wanted else ""
