"""The process that sends alerts dies, or who receives them hangs, while awards come in."""

from __future__ import annotations

from random import Random

from tests.chaos.process_faults import killed
from tests.chaos.world import World

#: Attempts take that long, so that the process has work in its hands when it is struck.
SLOW_SECONDS = 0.05


def alerts_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 at random moments, with alerts on their way."""
    world.receivers.front.answer = lambda number: (SLOW_SECONDS, 200, {})
    try:
        return killed(world, dice, seconds, "alerts-0")
    finally:
        world.receivers.front.answer = lambda number: (0.0, 200, {})


def receiver_hangs(world: World, dice: Random, seconds: float) -> str:
    """One receiver does not answer: the other gets its alerts as ever; killed meanwhile."""
    front, back = world.receivers.front, world.receivers.back
    front.answer = lambda number: (dice.uniform(2.5, 4), 503, {})
    before = len(back.accepted)
    try:
        world.tend(seconds / 2)
        waiting = waiting_alerts(world, "alerts-0")
        world.kill("alerts-0")
        world.tend(seconds / 2)
        world.wait_ready("alerts-0")
    finally:
        front.answer = lambda number: (0.0, 200, {})
    got = len(back.accepted) - before
    return f"{waiting:.0f} alerts waited for it, the other receiver got {got}" if waiting and got else ""


def waiting_alerts(world: World, name: str) -> float:
    """Alerts that a process has not brought to the front receiver yet."""
    return world.metric(name, "kpistream_alerts_pending", channel="front")
