"""An event loop whose time is simulated: waiting costs nothing, and the same seed gives the same history."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable


class _Leap(selectors.SelectSelector):
    """Where a real loop would wait, time leaps ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: SimLoop | None = None

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:
            raise RuntimeError("nothing is left to happen: every task waits for another")
        self.loop.now += max(timeout, 0)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """``blocking``: what stands in for a thread, given the call that would run in it; returns a coroutine."""

    def __init__(self, blocking: Callable) -> None:
        self.now = 0.0
        self._blocking = blocking
        selector = _Leap()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Simulated seconds."""
        return self.now

    def run_in_executor(self, executor: object, func: Callable, *args: object) -> asyncio.Future:
        """Calls that block are part of the history, not of the machine's threads."""
        return self.create_task(self._blocking(lambda: func(*args)))
