"""Processes of a simulated history: they die, freeze and come back as zombies at any wait.

Whatever leaves a process passes ``Request``: a request on its way when the process dies may or may not arrive, its
answer never does; a frozen process gets its answers when it thaws.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, ContextVar
from random import Random

CURRENT: ContextVar[Process] = ContextVar("process")


class Exited(BaseException):
    """The process ended itself."""


class Process:
    """One process; ``alive`` and ``frozen`` decide what its requests become."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.asked_to_stop = asyncio.Event()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._late: list = []

    @property
    def frozen(self) -> bool:
        return not self._thawed.is_set()

    def freeze(self) -> None:
        self._thawed.clear()

    def thaw(self) -> None:
        self._thawed.set()
        asyncio.get_running_loop().go_off(self._late)
        self._late = []

    def wakes(self, timer) -> bool:
        """Whether a timer of the process goes off now; a frozen one has it when it thaws, a dead one never."""
        if self.alive and self.frozen:
            self._late.append(timer)
        return self.alive and not self.frozen

    def kill(self) -> None:
        """As kill -9: nothing of it goes on but what is on the wire."""
        self.alive = False
        self._late = []
        self.thaw()

    async def pass_gate(self) -> None:
        """Return once the process may go on; never, if it is dead."""
        while self.alive and self.frozen:
            await self._thawed.wait()
        if not self.alive:
            await asyncio.get_running_loop().create_future()


class Network:
    """Latencies and faults, drawn from the history's dice."""

    def __init__(self, dice: Random, usual: float) -> None:
        self.dice, self.usual = dice, usual
        self.failing = 0.0  # share of requests that get an error for an answer
        self.slow = usual  # seconds at most each way
        self.crash_after: dict[str, list[int]] = {}  # step: after how many more of it the process that did it dies

    async def request(self, step: str, effect, error: type[Exception] | None = None):
        """Run ``effect`` at the other side and bring back its answer; may fail with ``error`` before or after it."""
        process = CURRENT.get()
        await process.pass_gate()
        await self._travel()
        if not process.alive and self.dice.random() < 0.5:
            await process.pass_gate()  # it never left
        fails = error is not None and self.dice.random() < self.failing
        if fails and self.dice.random() < 0.5:
            await process.pass_gate()
            raise error("lost on its way")
        answer = effect()
        if process.alive and self._crashes_after(step):
            process.kill()
        await self._travel()
        await process.pass_gate()
        if fails:
            raise error("done, but the answer is lost")
        return answer

    async def _travel(self) -> None:
        """One way; what is on it travels on when its process is dead or frozen."""
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        timer = loop.call_later(self.dice.uniform(0, self.slow), arrived.set_result, None, context=Context())
        try:
            await arrived
        finally:
            timer.cancel()

    def _crashes_after(self, step: str) -> bool:
        left = [count - 1 for count in self.crash_after.get(step, [])]
        self.crash_after[step] = [count for count in left if count > 0]
        return 0 in left
