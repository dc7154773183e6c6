"""The channel between a source and its agent.

Faust empties the queues of its channels whenever its own consumer is rebalanced, and drops what is put on a channel
that nobody listens to yet. Neither may happen to record batches: this channel has one queue of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from faust.channels import Channel
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from runtime.records import RecordBatch


class BatchChannel(Channel):
    """A bounded channel for one agent, of batches to fold together; ``put`` waits while it is full."""

    def __init__(self, app, *, queue: ThrowableQueue | None = None, maxsize: int = 4, **kwargs) -> None:
        if queue is None:
            queue = ThrowableQueue(maxsize=maxsize, flow_control=FlowControlEvent(initially_suspended=False))
        super().__init__(app, queue=queue, maxsize=maxsize, **kwargs)

    def _clone_args(self) -> dict:
        return {**super()._clone_args(), "queue": self._queue}

    async def put(self, value: Sequence[RecordBatch]) -> None:
        """Put batches on the queue."""
        await self._queue.put(value)
