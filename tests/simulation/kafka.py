"""Kafka as a history needs it: logs, a producer, consumers, groups with sessions and generations.

Honest where it matters: a send that fails may stand in the log all the same; a member that is silent beyond its
session loses its partitions without knowing, and goes on reading and sending until it notices; only commits are fenced.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextvars import Context, copy_context
from typing import NamedTuple
from zlib import crc32

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaTimeoutError

from streams.backtest import MemoryRecord
from tests.simulation.processes import CURRENT, Network, Process

SESSION_SECONDS = 1.5
#: LogAppendTime of every record: 2026-06-01 UTC.
APPENDED = 1_780_272_000_000


class Sent(NamedTuple):
    """Where a record stands."""

    topic_partition: TopicPartition
    offset: int


class Broker:
    """Every log, every group."""

    def __init__(self, network: Network, partitions: dict[str, int]) -> None:
        self.network = network
        self.partitions = partitions
        self.logs: dict[TopicPartition, list[MemoryRecord]] = defaultdict(list)
        self.groups: dict[str, Group] = {}
        self._waiting: dict[str, list[asyncio.Future]] = defaultdict(list)

    def append(self, topic: str, value: bytes | None, partition: int | None, key=None, headers=()) -> Sent:
        count = self.partitions.get(topic, 1)
        place = TopicPartition(topic, crc32(key or b"") % count if partition is None else partition)
        log = self.logs[place]
        log.append(MemoryRecord(len(log), value, tuple(headers), key, APPENDED))
        for waiting in self._waiting.pop(topic, ()):
            _wake(waiting)
        return Sent(place, len(log) - 1)

    async def grown(self, topics: list[str], seconds: float) -> None:
        """Wait until something is appended to one of ``topics``, ``seconds`` at most."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        timer = loop.call_later(seconds, _wake, waiting)
        for topic in topics:
            self._waiting[topic].append(waiting)
        try:
            await waiting
        finally:
            timer.cancel()

    def group(self, name: str) -> Group:
        if name not in self.groups:
            self.groups[name] = Group(self)
        return self.groups[name]


def _wake(waiting: asyncio.Future) -> None:
    if not waiting.done():
        waiting.set_result(None)


class Producer:
    """As much of AIOKafkaProducer as Sender uses."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def send(self, topic, value, key=None, headers=()) -> asyncio.Task[Sent]:
        return asyncio.ensure_future(self.send_and_wait(topic, value, key, None, headers))

    async def send_and_wait(self, topic, value, key=None, partition=None, headers=()) -> Sent:
        return await self._broker.network.request(
            f"send to {topic}", lambda: self._broker.append(topic, value, partition, key, headers), KafkaTimeoutError
        )


class Group:
    """A consumer group with the eager protocol: all give up, then all are given anew."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.members: list[Consumer] = []
        self.committed: dict[TopicPartition, int] = {}
        self.generation = 0
        self.rebalances = 0
        self._changed = asyncio.Event()
        self._silent: dict[Consumer, float] = {}
        loop = asyncio.get_running_loop()
        # in a context of its own: it goes on when the process that came first is dead
        self._tasks = [loop.create_task(work(), context=Context()) for work in (self._coordinate, self._expire)]

    def join(self, member: Consumer) -> None:
        self.members.append(member)
        self._changed.set()

    def leave(self, member: Consumer) -> None:
        if member in self.members:
            self.members.remove(member)
            self._changed.set()

    async def _expire(self) -> None:
        """Members that send no heartbeat for a session are put out."""
        while True:
            await asyncio.sleep(0.5)
            for member in list(self.members):
                if member.process.alive and not member.process.frozen:
                    self._silent.pop(member, None)
                    continue
                self._silent[member] = self._silent.get(member, 0) + 0.5
                if self._silent[member] >= SESSION_SECONDS:
                    del self._silent[member]
                    self.leave(member)
                    member.put_out()

    async def _coordinate(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.sleep(0.1)
            self.rebalances += 1
            given_up = [asyncio.ensure_future(member.give_up()) for member in self.members]
            members = []
            for member, done in zip(list(self.members), given_up, strict=True):
                while not done.done() and member in self.members:
                    await asyncio.wait([done], timeout=1)
                if done.done() and member in self.members:
                    members.append(member)
            self.generation += 1
            if members:
                self._give(members)

    def _give(self, members: list[Consumer]) -> None:
        topics = members[0].topics
        all_of_them = [
            TopicPartition(topic, at) for topic in topics for at in range(self.broker.partitions.get(topic, 1))
        ]
        self.broker.network.dice.shuffle(members)
        for number, member in enumerate(members):
            member.receive(all_of_them[number :: len(members)], self.generation)


class Consumer:
    """As much of AIOKafkaConsumer as the sources use, for the process that makes it."""

    def __init__(self, broker: Broker, group: str) -> None:
        self.process: Process = CURRENT.get()
        self._broker, self._name, self._group = broker, group, broker.group(group)
        self._context = copy_context()
        self.topics: list[str] = []
        self.assigned: list[TopicPartition] = []
        self._positions: dict[TopicPartition, int] = {}
        self._generation = -1
        self._listener = None
        self._assigning: asyncio.Future | None = None

    # -- called by the source

    def subscribe(self, topics, listener) -> None:
        self.topics, self._listener = topics, listener

    async def start(self) -> None:
        await self._request("join", lambda: self._group.join(self))

    async def stop(self) -> None:
        await self._request("leave", lambda: self._group.leave(self))

    async def beginning_offsets(self, partitions) -> dict[TopicPartition, int]:
        return await self._request("beginnings", lambda: dict.fromkeys(partitions, 0))

    async def committed(self, partition: TopicPartition) -> int | None:
        return await self._request("committed", lambda: self._group.committed.get(partition))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    async def end_offsets(self, partitions) -> dict[TopicPartition, int]:
        return await self._request("ends", lambda: {at: len(self._broker.logs[at]) for at in partitions})

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        await self._request(f"commit of {self._name}", lambda: self._commit(offsets), KafkaTimeoutError)

    def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self._generation != self._group.generation or self not in self._group.members:
            raise CommitFailedError("another generation")
        self._group.committed.update(offsets)

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[MemoryRecord]]:
        if not self._behind():
            if timeout_ms:  # the request waits at the broker
                await self._broker.grown(self.topics, timeout_ms / 1000)
                await self.process.pass_gate()
            if not self._behind():
                return {}
        found = await self._request("fetch", lambda: self._fetch(max_records))
        fresh = {}
        for partition, records in found.items():
            if self._positions.get(partition) == records[0].offset:  # not sought elsewhere meanwhile
                self._positions[partition] = records[-1].offset + 1
                fresh[partition] = records
        return fresh

    def _behind(self) -> bool:
        return any(len(self._broker.logs[partition]) > position for partition, position in self._positions.items())

    def _fetch(self, most: int) -> dict[TopicPartition, list[MemoryRecord]]:
        dice = self._broker.network.dice
        found = {}
        for partition, position in self._positions.items():
            if records := self._broker.logs[partition][position : position + dice.randint(1, most)]:
                found[partition] = records
        return found

    async def _request(self, step: str, effect, error=None):
        return await self._broker.network.request(step, effect, error)

    # -- called by the group

    async def give_up(self) -> None:
        if not self.assigned:
            return
        await self.process.pass_gate()
        await asyncio.wait([self._assigning])  # one call-back after the other, as in the real client
        await self._call(self._listener.on_partitions_revoked, self.assigned)
        self.assigned, self._positions = [], {}

    def receive(self, partitions: list[TopicPartition], generation: int) -> None:
        self.assigned, self._generation = partitions, generation
        if partitions:
            self._assigning = self._call(self._listener.on_partitions_assigned, partitions)

    def put_out(self) -> None:
        self._context.run(asyncio.ensure_future, self._notice())

    async def _notice(self) -> None:
        """A member that was put out learns of it when it is back, some heartbeats later."""
        await self.process.pass_gate()
        await asyncio.sleep(self._broker.network.dice.uniform(0, SESSION_SECONDS))
        await self.process.pass_gate()
        await self.give_up()
        self._group.join(self)

    def _call(self, callback, partitions: list[TopicPartition]) -> asyncio.Future:
        return self._context.run(asyncio.ensure_future, callback(set(partitions)))
