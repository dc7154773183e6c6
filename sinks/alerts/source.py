"""Record batches of ``awards`` for the alerts process; reads no further while too much is undelivered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from infra import metrics
from runtime.consuming import kafka_serves, make_consumer
from runtime.failing import fatal
from runtime.records import RecordBatch
from runtime.watchdog import Watchdog
from schemas.topics import AWARDS

log = logging.getLogger("kpistream")

_POLL_MS = 100
_COMMIT_SECONDS = 1.0
#: Half of a member's session (runtime/consuming.py): the broker gives nobody's partitions away within it.
_LEASE_SECONDS = 5.0


class AwardSource(Service):
    """``full`` says whether reading should wait, ``committable`` gives next offsets by partition.

    ``given`` is awaited before anything of a new assignment is read, and ``given_reached`` says how far that has read
    what it reads; ``taken`` is awaited before partitions are given up, ``closing`` at the very end.
    """

    def __init__(
        self,
        channel,
        settings,
        full: Callable[[], bool],
        committable: Callable[[], dict[int, int]],
        given: Callable[[], Awaitable[None]],
        given_reached: Callable[[], dict[TopicPartition, int]],
        taken: Callable[[], Awaitable[None]],
        closing: Callable[[], Awaitable[None]],
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.ready = False
        self.epoch = 0  # the assignment that is in force; batches of an earlier one are void
        self.given, self.taken, self._closing = given, taken, closing
        self._given_reached = given_reached
        self._read: dict[TopicPartition, int] = {}  # the next offset to be read
        # Set while an assignment is in force whose past the log has told. No lock around the reading: a client that is
        # given partitions anew lets a reader wait, and would itself wait for whoever holds the lock.
        self._open = asyncio.Event()
        self._channel, self._full, self._committable = channel, full, committable
        self._committed: dict[int, int] = {}
        self._shown: set[int] = set()  # partitions that metrics speak of
        self._answered = -_LEASE_SECONDS  # when we last asked the group something and were still a member
        self._tasks: list[asyncio.Task] = []
        self._consumer = make_consumer(settings, "alerts")
        # by position read: what receivers have not taken yet is no standstill, and the lag in the metrics says it
        self._watchdog = Watchdog(
            "alerts",
            self._consumer,
            lambda: self._given_reached() | self._read,
            partial(kafka_serves, settings),
            settings.stall_seconds,
            shows_lag=False,
            waits=full,  # for receivers, for however long they refuse
        )

    async def on_start(self) -> None:
        """Join the group."""
        self._consumer.subscribe(topics=[AWARDS.name], listener=_Listener(self))
        await self._consumer.start()
        if self.should_stop:  # told to end meanwhile: the consumer is closed
            return
        loops = self._poll, self._keep, self._watchdog.watch
        self._tasks = [asyncio.ensure_future(self._forever(loop)) for loop in loops]

    async def on_stop(self) -> None:
        """Let attempts under way end, commit, leave the group."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.give_up()
        await self._consumer.stop()
        await self._closing()

    async def assigned(self, partitions: list[TopicPartition]) -> None:
        """Hear what the past was; what is read from then on may be sent."""
        await self.given()
        beginnings = await self._consumer.beginning_offsets(partitions)
        committed = await asyncio.gather(*map(self._consumer.committed, partitions))
        self._read = {
            place: max(offset or 0, beginnings[place]) for place, offset in zip(partitions, committed, strict=True)
        }
        self.ready = True
        self._open.set()

    async def give_up(self) -> None:
        """Before a rebalance and at the end: nothing under way, offsets committed, everything forgotten."""
        self.epoch += 1
        self.ready = False
        self._open.clear()
        self._read = {}
        await self.taken()
        self._committed.clear()
        for part in self._shown:
            metrics.given_up("alerts", AWARDS.name, part)
        self._shown.clear()

    async def commit(self) -> None:
        """Commit what may be; a failed commit costs the next owner a look into the log, nothing else."""
        epoch = self.epoch
        assigned = {part.partition for part in self._consumer.assignment()}
        reached = {part: offset for part, offset in self._committable().items() if part in assigned}
        changed = {part: offset for part, offset in reached.items() if self._committed.get(part) != offset}
        if changed:
            try:
                offsets = {TopicPartition(AWARDS.name, part): at for part, at in changed.items()}
                await self._watchdog.committing(self._consumer.commit(offsets))
                self._committed |= changed
            except KafkaError as error:
                log.warning("offsets not committed", extra={"stage": "alerts", "error": repr(error)})
        if self.epoch != epoch:
            return  # given up while the commit was under way
        for part, offset in reached.items():
            self._shown.add(part)
            end = self._consumer.highwater(TopicPartition(AWARDS.name, part)) or 0
            metrics.NEXT_OFFSET.labels("alerts", AWARDS.name, part).set(offset)
            metrics.LAG.labels("alerts", AWARDS.name, part).set(max(0, end - offset))

    async def ours(self) -> bool:
        """Whether what we hold is surely not being sent by another process.

        A process that stood still (a frozen machine, a long pause) does not notice that its partitions were given away
        until its next heartbeat, and would go on sending. A commit that the group accepts says that they were not.
        """
        asked = time.monotonic()
        if asked - self._answered < _LEASE_SECONDS:
            return True
        places = {TopicPartition(AWARDS.name, part): offset for part, offset in self._committable().items()}
        try:
            async with asyncio.timeout(_LEASE_SECONDS):
                await self._consumer.commit(places)
        except (KafkaError, TimeoutError) as error:
            log.warning("not sending: perhaps no member of the group any more", extra={"error": repr(error)})
            return False
        self._answered = asked
        return True

    async def _poll(self) -> None:
        paused = False
        while True:
            if self._full():
                # polling goes on, or Kafka would take the partitions away from a process whose receiver is down
                self._consumer.pause(*self._consumer.assignment())
                paused = True
            elif paused:
                self._consumer.resume(*self._consumer.paused())
                paused = False
            read = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=500)
            # Before the next await, so that it is the assignment they were read under: counted under another, they
            # would be dropped without being read again.
            epoch = self.epoch
            await self._open.wait()
            for part, records in read.items():
                await self._channel.put(RecordBatch(part.topic, part.partition, records, epoch))
                if epoch == self.epoch:
                    self._read[part] = records[-1].offset + 1

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_SECONDS)
            await self.commit()

    async def _forever(self, loop: Callable[[], Awaitable[None]]) -> None:
        try:
            await loop()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            fatal(f"alerts: {error!r}")


class _Listener(ConsumerRebalanceListener):
    def __init__(self, source: AwardSource) -> None:
        self._source = source

    async def on_partitions_assigned(self, assigned) -> None:
        try:
            await self._source.assigned(list(assigned))
        except Exception as error:  # the consumer would only log it and go on
            fatal(f"alerts: {error!r}")

    async def on_partitions_revoked(self, revoked) -> None:
        if self._source.ready:
            await self._source.give_up()
