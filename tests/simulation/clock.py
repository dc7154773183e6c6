"""An event loop whose time is simulated: waiting costs nothing, and the same seed gives the same history."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heappop, heappush

from tests.simulation.processes import CURRENT


class Call:
    """What is called later, or was to be."""

    __slots__ = ("args", "callback", "context")

    def __init__(self, callback: Callable, args: tuple, context: Context | None) -> None:
        self.callback, self.args = callback, args
        self.context = copy_context() if context is None else context

    def cancel(self) -> None:
        """As any loop's handle."""
        self.callback = None

    def cancelled(self) -> bool:
        """As any loop's handle."""
        return self.callback is None


class SimLoop(asyncio.AbstractEventLoop):
    """As much of a loop as the sources and runners need. Nothing comes from outside, so there is no selector: where
    nothing is to be done now, time leaps to what is next. An error in a callback ends the history.

    ``blocking``: what stands in for a thread, given the call that would run in it; returns a coroutine.
    """

    def __init__(self, blocking: Callable) -> None:
        self.now = 0.0
        self._blocking = blocking
        self._ready: deque[Call] = deque()
        self._later: list[tuple[float, int, Call]] = []
        self._number = 0  # what is due at the same time happens in the order in which it was asked for

    # -- what asyncio asks of a loop

    def time(self) -> float:
        """Simulated seconds."""
        return self.now

    def call_soon(self, callback: Callable, *args: object, context: Context | None = None) -> Call:
        """As in any loop."""
        call = Call(callback, args, context)
        self._ready.append(call)
        return call

    def call_at(self, when: float, callback: Callable, *args: object, context: Context | None = None) -> Call:
        """As in any loop."""
        call = Call(callback, args, context)
        self._number += 1
        heappush(self._later, (when, self._number, call))
        return call

    def call_later(self, delay: float, callback: Callable, *args: object, context: Context | None = None) -> Call:
        """As in any loop."""
        return self.call_at(self.now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future:
        """As in any loop."""
        return asyncio.Future(loop=self)

    def create_task(self, work: Coroutine, *, name: str | None = None, context: Context | None = None) -> asyncio.Task:
        """As in any loop."""
        return asyncio.Task(work, loop=self, name=name, context=context)

    def run_in_executor(self, executor: object, func: Callable, *args: object) -> asyncio.Future:
        """Calls that block are part of the history, not of the machine's threads."""
        return self.create_task(self._blocking(lambda: func(*args)))

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_exception_handler(self, context: dict) -> None:
        """Errors of tasks that nobody awaits: whose they are, knows the history."""

    # -- time

    def run_until_complete(self, work: Coroutine) -> None:
        """Run all there is until ``work`` is done."""
        asyncio.events._set_running_loop(self)
        try:
            task = self.create_task(work)
            while not task.done():
                self._run_ready()
                if not task.done():
                    self._leap()
        finally:
            asyncio.events._set_running_loop(None)
        task.result()

    def go_off(self, timers: list[Call]) -> None:
        """Timers that were held back."""
        self._ready.extend(timers)

    def _run_ready(self) -> None:
        ready = self._ready
        while ready:
            call = ready.popleft()
            if call.callback is not None:
                call.context.run(call.callback, *call.args)

    def _leap(self) -> None:
        later = self._later
        while later and later[0][2].callback is None:
            heappop(later)
        if not later:
            raise RuntimeError("nothing is left to happen: every task waits for another")
        self.now = max(self.now, later[0][0])
        while later and later[0][0] <= self.now:
            call = heappop(later)[2]
            process = call.context.get(CURRENT)
            if process is None or process.wakes(call):
                self._ready.append(call)
