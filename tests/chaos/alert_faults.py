"""The process that sends alerts dies or freezes, or who receives them hangs, while awards come in."""

from __future__ import annotations

import os
import signal
from random import Random

from tests.chaos.process_faults import killed
from tests.chaos.world import SESSION_SECONDS, World

#: Attempts take that long, so that the process has work in its hands when it is struck.
_SLOW_SECONDS = 0.05


def alerts_killed(world: World, dice: Random, seconds: float) -> str:
    """kill -9 at random moments, with alerts on their way."""
    world.receivers.front.answer = lambda number: (_SLOW_SECONDS, 200, {})
    try:
        return killed(world, dice, seconds, "alerts-0")
    finally:
        world.receivers.front.answer = lambda number: (0.0, 200, {})


def alerts_frozen(world: World, dice: Random, seconds: float) -> str:
    """SIGSTOP with many alerts in hand until another process has sent them, then back as a zombie."""
    front = world.receivers.front
    world.bring("alerts-1")
    world.wait_ready("alerts-1")
    front.answer = lambda number: (0.0, 503, {})
    world.tend_until(lambda: _waiting(world, "alerts-0") > 20, 60, "no alerts")
    waiting = _waiting(world, "alerts-0")
    frozen = world.members["alerts-0"].process.pid
    os.kill(frozen, signal.SIGSTOP)
    world.receivers.breaks += 1
    try:
        front.answer = lambda number: (_SLOW_SECONDS, 200, {})
        world.tend(SESSION_SECONDS + 5 + dice.random())
        left = _waiting(world, "alerts-1")
    finally:
        os.kill(frozen, signal.SIGCONT)
        world.recovering()
    world.tend(seconds / 3)
    world.dismiss("alerts-1")
    front.answer = lambda number: (0.0, 200, {})
    return f"{waiting:.0f} alerts in its hands, {left:.0f} left when it came back"


def receiver_hangs(world: World, dice: Random, seconds: float) -> str:
    """One receiver does not answer: the other gets its alerts as ever; killed meanwhile."""
    front, back = world.receivers.front, world.receivers.back
    front.answer = lambda number: (dice.uniform(2.5, 4), 503, {})
    before = len(back.accepted)
    try:
        world.tend(seconds / 2)
        waiting = _waiting(world, "alerts-0")
        world.kill("alerts-0")
        world.tend(seconds / 2)
        world.wait_ready("alerts-0")
    finally:
        front.answer = lambda number: (0.0, 200, {})
    got = len(back.accepted) - before
    return f"{waiting:.0f} alerts waited for it, the other receiver got {got}" if waiting and got else ""


def _waiting(world: World, name: str) -> float:
    """Alerts that a process has not brought to the front receiver yet."""
    return world.metric(name, "kpistream_alerts_pending", channel="front")
