"""Record batches for sinks: committed offsets are the only state, duplicates are the tables' business."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from infra import metrics
from runtime.consuming import make_consumer
from runtime.failing import fatal
from runtime.light_records import as_parsed
from runtime.records import RecordBatch

log = logging.getLogger(__name__)

_POLL_MS = 200


class SinkSource(Service):
    """Feeds one sink; ``flush`` is awaited before partitions are given up."""

    def __init__(
        self, channel, topics: tuple[str, ...], settings, flush: Callable[[], Awaitable[None]], **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.ready = False
        self._channel, self._topics, self._settings, self.flush = channel, topics, settings, flush
        self._loop_task: asyncio.Task | None = None
        self._consumer = make_consumer(
            settings, "sink", value_deserializer=as_parsed, max_partition_fetch_bytes=16 << 20
        )

    async def on_start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(topics=list(self._topics), listener=_Listener(self))
        await self._consumer.start()
        self._loop_task = asyncio.ensure_future(self._poll())

    async def on_stop(self) -> None:
        """A last flush, then leave the group."""
        if self._loop_task:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        try:
            await asyncio.wait_for(self.flush(), 20)
        except TimeoutError:
            log.warning("ClickHouse did not answer before the end; the next run loads these rows again")
        await self._consumer.stop()

    async def commit(self, reached: dict[tuple[str, int], int]) -> None:
        """Commit next offsets; after a rebalance the new owner loads again, which changes nothing."""
        assigned = self._consumer.assignment()
        offsets = {
            TopicPartition(*place): offset for place, offset in reached.items() if TopicPartition(*place) in assigned
        }
        try:
            if offsets:
                await self._consumer.commit(offsets)
        except KafkaError as error:
            log.warning("offsets not committed", extra={"stage": "sink", "error": repr(error)})
        for partition, offset in offsets.items():
            metrics.NEXT_OFFSET.labels("sink", partition.topic, partition.partition).set(offset)
            end = self._consumer.highwater(partition)
            metrics.LAG.labels("sink", partition.topic, partition.partition).set(max(0, (end or 0) - offset))

    async def _poll(self) -> None:
        try:
            while True:
                for partition, records in (await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=2000)).items():
                    await self._channel.put(RecordBatch(partition.topic, partition.partition, records))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            fatal(f"sink: {error!r}")


class _Listener(ConsumerRebalanceListener):
    def __init__(self, source: SinkSource) -> None:
        self._source = source

    async def on_partitions_assigned(self, assigned) -> None:
        self._source.ready = True

    async def on_partitions_revoked(self, revoked) -> None:
        if revoked:
            try:
                await asyncio.wait_for(self._source.flush(), 20)
            except TimeoutError:
                log.warning("not flushed before hand-over; the next owner loads these rows again")
