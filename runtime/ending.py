"""Ending a process that is told to (SIGTERM): soon, whatever is away."""

from __future__ import annotations

import threading
from signal import Signals

from runtime.failing import fatal

#: Within which it is gone: less than supervisors wait (30 s) before they kill it.
END_SECONDS = 25.0


class EndsSoon:
    """For a mode.Worker. What could not be handed over in time the next owner folds or loads again."""

    def _schedule_shutdown(self, signal: Signals) -> None:
        sentence = f"told to end, and not able to hand over within {END_SECONDS} s: ending without"
        deadline = threading.Timer(END_SECONDS, fatal, [sentence])
        deadline.daemon = True
        deadline.start()
        super()._schedule_shutdown(signal)

    async def _sentinel_task(self) -> None:
        """The base class sleeps for a second here, for whatever might still be at work; our sources have let go."""
