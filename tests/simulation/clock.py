"""An event loop whose time is simulated: waiting costs nothing, and the same seed gives the same history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush

from tests.simulation.processes import CURRENT


class SimLoop(asyncio.BaseEventLoop):
    """``blocking``: what stands in for a thread, given the call that would run in it; returns a coroutine.

    Nothing comes from outside, so there is no selector: where nothing is to be done now, time leaps to what is next.
    """

    def __init__(self, blocking: Callable) -> None:
        super().__init__()
        self.now = 0.0
        self._blocking = blocking
        self._later: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._number = 0  # what is due at the same time happens in the order in which it was asked for

    def time(self) -> float:
        """Simulated seconds."""
        return self.now

    def call_at(self, when: float, callback: Callable, *args: object, context=None) -> asyncio.TimerHandle:
        """As in any loop."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._number += 1
        heappush(self._later, (when, self._number, handle))
        return handle

    def run_in_executor(self, executor: object, func: Callable, *args: object) -> asyncio.Future:
        """Calls that block are part of the history, not of the machine's threads."""
        return self.create_task(self._blocking(lambda: func(*args)))

    def _run_once(self) -> None:
        ready, later = self._ready, self._later
        if not ready:
            while later and later[0][2].cancelled():
                heappop(later)
            if not later:
                raise RuntimeError("nothing is left to happen: every task waits for another")
            self.now = max(self.now, later[0][0])
        while later and later[0][0] <= self.now:
            handle = heappop(later)[2]
            if (process := handle._context.get(CURRENT)) is None or process.wakes(handle):
                ready.append(handle)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()
