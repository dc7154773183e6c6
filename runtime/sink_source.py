"""Record batches for sinks: committed offsets are the only state, duplicates are the tables' business."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from infra import metrics
from runtime.consuming import kafka_serves, make_consumer
from runtime.failing import fatal
from runtime.light_records import as_parsed
from runtime.records import RecordBatch
from runtime.watchdog import Watchdog

log = logging.getLogger(__name__)

_POLL_MS = 200
_HAND_OVER_SECONDS = 20.0


class SinkSource(Service):
    """Feeds one sink; ``flush`` is awaited before partitions are given up, ``waits`` tells that ClickHouse is away."""

    def __init__(
        self,
        channel,
        topics: tuple[str, ...],
        settings,
        flush: Callable[[], Awaitable[None]],
        waits: Callable[[], bool],
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.ready = False
        self._channel, self._topics, self._settings, self.flush = channel, topics, settings, flush
        self._loops: list[asyncio.Task] = []
        self._reached: dict[TopicPartition, int] = {}
        self._consumer = make_consumer(
            settings, "sink", value_deserializer=as_parsed, max_partition_fetch_bytes=16 << 20
        )
        self._watchdog = Watchdog(
            "sink",
            self._consumer,
            lambda: dict(self._reached),
            partial(kafka_serves, settings),
            settings.stall_seconds,
            waits=waits,
        )

    async def on_start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(topics=list(self._topics), listener=_Listener(self))
        await self._consumer.start()
        if self.should_stop:  # told to end meanwhile: the consumer is closed
            return
        self._loops = [asyncio.ensure_future(self._guarded(loop())) for loop in (self._poll, self._watchdog.watch)]

    async def on_stop(self) -> None:
        """A last flush, then leave the group."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if not await _within(_HAND_OVER_SECONDS, self.flush()):
            log.warning("ClickHouse did not answer before the end; the next run loads these rows again")
        await self._consumer.stop()

    async def assigned(self, partitions: list[TopicPartition]) -> None:
        """Know where each partition goes on."""
        beginnings = await self._consumer.beginning_offsets(partitions)
        committed = await asyncio.gather(*map(self._consumer.committed, partitions))
        ends = await self._consumer.end_offsets(partitions)
        for given_up in self._reached.keys() - set(partitions):
            metrics.given_up("sink", given_up.topic, given_up.partition)
        self._reached = {
            partition: beginnings[partition] if offset is None else offset
            for partition, offset in zip(partitions, committed, strict=True)
        }
        for partition, offset in zip(partitions, committed, strict=True):
            if offset is not None and offset > ends[partition]:
                fatal(
                    f"sink: {partition.topic}/{partition.partition} ends at {ends[partition]}, but {offset} was "
                    "committed: the topic was made anew. Topics, checkpoints and tables belong together: start over "
                    "with empty ones of all (docs/reliability.md, Start over)"
                )
        self.ready = True

    async def commit(self, reached: dict[tuple[str, int], int]) -> None:
        """Commit next offsets; after a rebalance the new owner loads again, which changes nothing."""
        assigned = self._consumer.assignment()
        offsets = {
            TopicPartition(*place): offset for place, offset in reached.items() if TopicPartition(*place) in assigned
        }
        try:
            if offsets:
                await self._watchdog.committing(self._consumer.commit(offsets))
        except KafkaError as error:
            log.warning("offsets not committed", extra={"stage": "sink", "error": repr(error)})
        for partition, offset in offsets.items():
            if partition not in self._consumer.assignment():
                continue  # given away while the commit was under way
            self._reached[partition] = offset  # what is only buffered is lag
            metrics.NEXT_OFFSET.labels("sink", partition.topic, partition.partition).set(offset)

    async def _poll(self) -> None:
        while True:
            for partition, records in (await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=2000)).items():
                await self._channel.put(RecordBatch(partition.topic, partition.partition, records))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            fatal(f"sink: {error!r}")


class _Listener(ConsumerRebalanceListener):
    def __init__(self, source: SinkSource) -> None:
        self._source = source

    async def on_partitions_assigned(self, assigned) -> None:
        await self._source._guarded(self._source.assigned(list(assigned)))

    async def on_partitions_revoked(self, revoked) -> None:
        # Not cancelled when it takes longer: its thread would go on inserting while new rows come into the buffers that
        # it empties at the end.
        if revoked and not await _within(_HAND_OVER_SECONDS, self._source.flush()):
            log.warning("not flushed before hand-over; the next owner loads these rows again")


async def _within(seconds: float, work: Awaitable[None]) -> bool:
    """Whether ``work`` ended in time; it goes on in any case."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=seconds)
    if task.done():
        task.result()
    return task.done()
