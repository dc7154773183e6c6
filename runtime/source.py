"""Record batches from Kafka: what getmany returns, per partition, onto a channel."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from runtime.consuming import kafka_serves, make_consumer
from runtime.failing import fatal
from runtime.light_records import as_parsed
from runtime.log_bounds import start_refusal
from runtime.memory import give_back
from runtime.record_batches import as_columns, available
from runtime.record_columns import RecordColumns
from runtime.records import RecordBatch
from runtime.stage import StageRunner
from runtime.watchdog import Watchdog

log = logging.getLogger(__name__)

_POLL_MS = 200
_SMALL = 2_000  # records: with more, stages that work side by side are faster than by rounds (docs/benchmarks.md)
_FETCH_MS = 20  # that fetching what is in the log already may take, at most


class RecordBatchSource(Service):
    """Feeds one stage: owns its consumer, hands partitions to the runner, puts batches on the channel, keeps time.

    The channel has a bound: when folding falls behind, polling waits. ``counted_to`` says how far later stages have
    counted a partition that nothing is committed of: Kafka forgets commits, with a topic that is deleted at once.
    With ``columns`` records come as RecordColumns where that can be (many small ones, as business events are).
    While records are very few, ``round_ended`` is waited for before more are taken (runtime/rounds.py).
    """

    def __init__(
        self,
        runner: StageRunner,
        channel,
        topics: tuple[str, ...],
        settings,
        counted_to: Callable[[TopicPartition], Awaitable[int]] | None = None,
        columns: bool = False,
        round_ended: Callable[[], Awaitable[None]] | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self._counted_to, self._round_ended = counted_to, round_ended
        self.runner, self.channel, self.topics, self.settings = runner, channel, topics, settings
        self._epochs: dict[TopicPartition, int] = {}
        self._numbers: dict[TopicPartition, int] = {}
        self._loops: list[asyncio.Task] = []
        self.consumer = make_consumer(
            settings,
            runner.stage,
            value_deserializer=as_columns if columns and available() else as_parsed,
            max_partition_fetch_bytes=16 << 20,
            fetch_max_bytes=64 << 20,
        )
        self._watchdog = Watchdog(
            runner.stage, self.consumer, self._reached, partial(kafka_serves, settings), settings.stall_seconds
        )

    async def on_start(self) -> None:
        """Join the group; partitions arrive through the listener."""
        self.consumer.subscribe(topics=list(self.topics), listener=_Listener(self))
        await self.consumer.start()
        if self.should_stop:  # told to end meanwhile: the consumer is closed
            return
        loops = self._poll, self._keep_time, self._watchdog.watch
        self._loops = [asyncio.ensure_future(self._guarded(loop)) for loop in loops]

    async def on_stop(self) -> None:
        """A last checkpoint, then leave the group."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.runner.give_up(list(self._epochs), self._commit)
        await self.consumer.stop()

    async def _guarded(self, loop) -> None:
        try:
            await loop()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            fatal(f"{self.runner.stage}: {error!r}")

    # -- partitions

    async def assigned(self, partitions: list[TopicPartition]) -> None:
        """Load each partition's state and start where its marker says."""
        # Asked for all of them before the first seek: from then on each answer would wait behind a fetch that waits
        # for records, and no heartbeat is sent before we return: with many partitions the group would expel us.
        beginnings = await self.consumer.beginning_offsets(partitions)
        committed = dict(zip(partitions, await asyncio.gather(*map(self._committed, partitions)), strict=True))
        taken = {}
        for partition in sorted(partitions):
            start = beginnings[partition] if committed[partition] is None else committed[partition]
            taken[partition] = await self.runner.take(partition, start)
        ends = await self.consumer.end_offsets(partitions)  # after the markers: the owner before may still have moved
        for partition, (epoch, offset, resumed) in taken.items():
            known = offset if resumed or committed[partition] is not None else None
            self._check(partition, beginnings[partition], ends[partition], known)
            if known is None and self._counted_to:
                counted = await self._counted_to(partition)
                self._check(partition, 0, ends[partition], counted)
            self.consumer.seek(partition, offset)
            self._epochs[partition], self._numbers[partition] = epoch, 0
        give_back()  # what the states were read from
        self.runner.ready = True
        log.info(
            "partitions taken",
            extra={"stage": self.runner.stage, "partitions": [f"{p.topic}/{p.partition}" for p in sorted(partitions)]},
        )

    def _check(self, partition: TopicPartition, beginning: int, end: int, known: int | None) -> None:
        place = f"{partition.topic}/{partition.partition}"
        if refusal := start_refusal(self.runner.stage, place, beginning, end, known, self.runner.stateless):
            fatal(refusal)

    async def _committed(self, partition: TopicPartition) -> int | None:
        """Where a stage without state goes on; a checkpoint knows better."""
        return await self.consumer.committed(partition) if self.runner.stateless else None

    async def revoked(self, partitions: list[TopicPartition]) -> None:
        """Checkpoint and let go."""
        await self.runner.give_up(partitions, self._commit)
        for partition in partitions:
            self._epochs.pop(partition, None)

    async def _commit(self, offsets: dict[TopicPartition, int]) -> bool:
        """A commit that fails loses nothing: what is read again is recognised by its position."""
        try:
            await self._watchdog.committing(self.consumer.commit(offsets))
        except KafkaError as error:
            log.warning("offsets not committed", extra={"stage": self.runner.stage, "error": repr(error)})
            return False
        return True

    # -- the loops

    async def _poll(self) -> None:
        put, few = 0, self.settings.max_batch_records // 4
        while True:
            batches = await self._taken(few)
            put += len(batches)
            if _records(batches) >= few:
                for batch in batches:
                    await self.channel.put([batch])
            elif batches:
                # A batch costs milliseconds however small. What comes while these fold is one batch, not many in a
                # queue; large ones wait for nobody.
                await self.channel.put(batches)
                await self.runner.settled(put)
                if self._round_ended is not None and _records(batches) < _SMALL:
                    await self._round_ended()

    async def _taken(self, few: int) -> list[RecordBatch]:
        """The next batches, of a partition one most often.

        What the consumer has at hand was fetched when the first record came after the fetch before: one record of one
        partition, maybe, while others have been coming as long as folding took. If it is few, they are fetched as well.
        """
        batches: list[RecordBatch] = []
        await self._take(batches, 0)
        if 0 < _records(batches) < few:
            await self._take(batches, _FETCH_MS)
        if not batches:
            await self._take(batches, _POLL_MS)
        return batches

    async def _take(self, batches: list[RecordBatch], milliseconds: int) -> None:
        most = self.settings.max_batch_records - _records(batches)
        self._add(batches, await self.consumer.getmany(timeout_ms=milliseconds, max_records=most))

    def _add(self, batches: list[RecordBatch], fetched: dict[TopicPartition, Sequence]) -> None:
        """Append ``fetched``, without an await: a partition may be taken anew, and read from elsewhere, in the next."""
        ours = {(batch.topic, batch.partition, batch.epoch): batch for batch in batches}
        for partition, records in fetched.items():
            if partition not in self._epochs:
                continue
            known = ours.get((*partition, self._epochs[partition]))
            if known is None:
                batches.append(self._batch(partition, records))
            else:
                known.records = _joined(known.records, records)

    def _batch(self, partition: TopicPartition, records: Sequence) -> RecordBatch:
        number = self._numbers[partition]
        self._numbers[partition] = number + 1
        return RecordBatch(partition.topic, partition.partition, records, self._epochs[partition], number)

    async def _keep_time(self) -> None:
        last_checkpoint = time.monotonic()
        while True:
            await asyncio.sleep(self.settings.update_seconds)
            if time.monotonic() - last_checkpoint >= self.settings.checkpoint_seconds:
                await self.runner.checkpoint(self._commit)
                last_checkpoint = time.monotonic()
            else:
                await self.runner.publish()

    def _reached(self) -> dict[TopicPartition, int]:
        return {partition: self.runner.next_offset(partition) for partition in self._epochs}


def _records(batches: list[RecordBatch]) -> int:
    return sum(len(batch.records) for batch in batches)


def _joined(first: Sequence, then: Sequence) -> Sequence:
    return RecordColumns.joined([first, then]) if isinstance(first, RecordColumns) else [*first, *then]


class _Listener(ConsumerRebalanceListener):
    def __init__(self, source: RecordBatchSource) -> None:
        self._source = source

    async def on_partitions_assigned(self, assigned) -> None:
        await self._guarded(self._source.assigned(list(assigned)))

    async def on_partitions_revoked(self, revoked) -> None:
        await self._guarded(self._source.revoked(list(revoked)))

    async def _guarded(self, hand_over) -> None:
        try:
            await hand_over
        except Exception as error:  # aiokafka logs and goes on; a stage without its state must not
            fatal(f"{self._source.runner.stage}: hand-over of partitions failed: {error!r}")
