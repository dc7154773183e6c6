"""Processes that stand still until others have their work, and come back as zombies."""

from __future__ import annotations

import os
import signal
from random import Random

from tests.chaos.alert_faults import SLOW_SECONDS, waiting_alerts
from tests.chaos.world import MEMBERS, SESSION_SECONDS, World


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


def everything_frozen(world: World, dice: Random, seconds: float) -> str:
    """SIGSTOP of worker, sink and alerts until others have their work, then all of them back as zombies."""
    others = [name.replace("-0", "-1") for name in MEMBERS]
    for name in others:
        world.bring(name)
    for name in others:
        world.wait_ready(name)
    world.tend(1)
    frozen = [world.members[name].process.pid for name in MEMBERS]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    world.receivers.breaks += 1
    try:
        world.tend(SESSION_SECONDS + 5)
        alone = world.metric("worker-1", "kpistream_assigned_partitions", stage="performance")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        world.recovering()
    world.tend(seconds / 2)
    world.dismiss(*others)
    return f"the other worker had {alone:.0f} of 4 partitions" if alone == 4 else ""


def alerts_frozen(world: World, dice: Random, seconds: float) -> str:
    """SIGSTOP with many alerts in hand until another process has sent them, then back as a zombie."""
    front = world.receivers.front
    world.bring("alerts-1")
    world.wait_ready("alerts-1")
    front.answer = lambda number: (0.0, 503, {})
    world.tend_until(lambda: waiting_alerts(world, "alerts-0") > 20, 60, "no alerts")
    waiting = waiting_alerts(world, "alerts-0")
    frozen = world.members["alerts-0"].process.pid
    os.kill(frozen, signal.SIGSTOP)
    world.receivers.breaks += 1
    try:
        front.answer = lambda number: (SLOW_SECONDS, 200, {})
        world.tend(SESSION_SECONDS + 5 + dice.random())
        left = waiting_alerts(world, "alerts-1")
    finally:
        os.kill(frozen, signal.SIGCONT)
        world.recovering()
    world.tend(seconds / 3)
    world.dismiss("alerts-1")
    front.answer = lambda number: (0.0, 200, {})
    return f"{waiting:.0f} alerts in its hands, {left:.0f} left when it came back"
