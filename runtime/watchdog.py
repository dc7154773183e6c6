"""The watchdog: a process that is behind and gets nowhere ends, and its restart mends it.

It asks the broker itself where topics end, since what the fetcher knows is stale just when the client is stuck. Kafka
being away is no reason to end; that a new client is served while ours gets nowhere, is one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from infra import metrics
from runtime.failing import fatal

log = logging.getLogger(__name__)

_PROBE_SECONDS = 5.0


class Watchdog:
    """Watches one consumer of a process.

    ``reached`` gives the next offset to be worked on of each partition that is ours; ``kafka_serves`` tells whether a
    new client is served, and finds records from such offsets on. The owner brackets its commits with ``committing``.
    Without ``shows_lag`` the metric of the lag is the owner's business. While the process ``waits`` for others on
    purpose, lag is no standstill.
    """

    def __init__(
        self,
        role: str,
        consumer: AIOKafkaConsumer,
        reached: Callable[[], dict[TopicPartition, int]],
        kafka_serves: Callable[[dict[TopicPartition, int]], Awaitable[bool]],
        stall_seconds: float,
        shows_lag: bool = True,
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        self._shows_lag, self._waits = shows_lag, waits
        self._role, self._consumer, self._reached = role, consumer, reached
        self._kafka_serves, self._patience = kafka_serves, stall_seconds
        self._begun = self._ended = 0
        self._since = time.monotonic()

    async def committing(self, commit: Awaitable[None]) -> None:
        """Await ``commit``; one that never ends is a standstill."""
        self._begun += 1
        try:
            await commit
        finally:
            self._ended += 1

    async def watch(self) -> None:
        """Until cancelled: end the process after ``stall_seconds`` with work to do and no progress."""
        seen = None
        while True:
            await asyncio.sleep(min(_PROBE_SECONDS, self._patience / 4))
            behind = await self._behind()
            state = self._reached(), self._ended
            idle = (behind == 0 or self._waits()) and self._begun == self._ended
            if idle or state != seen:
                seen, self._since = state, time.monotonic()
            elif time.monotonic() - self._since > self._patience:
                await self._end_or_wait(behind)

    async def _behind(self) -> int | None:
        """Records of our partitions that nobody has worked on; None while Kafka does not say."""
        if not self._reached():
            return 0
        try:
            # not wait_for: until Python 3.12 it may lose a cancellation that comes with the answer, and a stop hangs
            async with asyncio.timeout(self._patience / 2):
                ends = await self._consumer.end_offsets(list(self._reached()))
        except (KafkaError, TimeoutError) as error:
            log.warning("ends of topics unknown", extra={"stage": self._role, "error": repr(error)})
            return None
        behind = 0
        for partition, offset in self._reached().items():
            lag = max(0, ends.get(partition, 0) - offset)
            if self._shows_lag:
                metrics.LAG.labels(self._role, partition.topic, partition.partition).set(lag)
            behind += lag
        return behind

    async def _end_or_wait(self, behind: int | None) -> None:
        at_rest = self._begun == self._ended
        if not await self._kafka_serves(self._reached() if behind and at_rest else {}):
            self._since = time.monotonic()
            return
        stalled = time.monotonic() - self._since
        what = "Kafka serves others" if behind is None else f"{behind} records behind"
        fatal(f"{self._role}: {what} and no progress for {stalled:.0f} s")
