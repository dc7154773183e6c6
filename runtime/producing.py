"""Sending: in order within a partition, acknowledged or tried again, never half."""

from __future__ import annotations

import asyncio
import logging
import random
from functools import lru_cache

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from infra import metrics
from runtime.failing import fatal
from runtime.records import Out

log = logging.getLogger(__name__)

_REMEMBERED = 1 << 16  # keys
_BACKOFF = (0.2, 0.5, 1, 2, 5, 10, 20, 30, 30, 30, 30, 30)


_hash_of = lru_cache(_REMEMBERED)(murmur2)


def partition_by_key(key: bytes | None, all_partitions: list[int], available: list[int]) -> int:
    """As Kafka's own clients place a key; aiokafka's hash is Python, byte by byte, and the same people come again."""
    if key is None:
        return random.choice(available or all_partitions)
    return all_partitions[(_hash_of(key) & 0x7FFFFFFF) % len(all_partitions)]


class Sender:
    """Sends what a fold put out, and returns when Kafka has acknowledged all of it.

    The high-water marks downstream rest on this: a block is sent only after every earlier block to its partition
    was acknowledged. A failed send is repeated as it is; when that does not help, the process ends.
    """

    def __init__(self, producer: AIOKafkaProducer, stage: str) -> None:
        self._producer, self._stage = producer, stage
        #: The offset after the last acknowledged record of each partition that records were sent to by its number.
        self.ends: dict[TopicPartition, int] = {}

    async def send(self, outs: list[Out]) -> None:
        """Send ``outs``; records for one partition keep their order, where they have keys those of the same key."""
        lanes: dict[tuple[str, int | None, bytes | None], list[Out]] = {}
        for out in outs:
            key = out.key if out.partition is not None else None
            lanes.setdefault((out.topic, out.partition, key), []).append(out)
        await asyncio.gather(*(self._lane(lane) for lane in lanes.values()))
        for (topic, *_), lane in lanes.items():
            metrics.PRODUCED.labels(self._stage, topic).inc(len(lane))

    async def _lane(self, lane: list[Out]) -> None:
        if lane[0].partition is not None:
            await self._one_by_one(lane)
            return
        # Records placed by key are told apart by their ids, not by their position: no need to wait for each. Awards
        # are many, so only what fails gets a task, with all that follows for the same key: the last state counts.
        begun = [await self._begun(out) for out in lane]
        again: dict[bytes | None, list[Out]] = {}
        for out, result in zip(lane, await asyncio.gather(*begun, return_exceptions=True), strict=True):
            if isinstance(result, KafkaError):
                self._failed(out, result, 0)
            if isinstance(result, KafkaError) or out.key in again:
                again.setdefault(out.key, []).append(out)
            elif isinstance(result, BaseException):
                raise result
        await asyncio.gather(*map(self._one_by_one, again.values()))

    async def _begun(self, out: Out) -> asyncio.Future:
        try:
            return await self._producer.send(out.topic, out.value, key=out.key, headers=list(out.headers))
        except KafkaError as error:
            failed = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    async def _one_by_one(self, outs: list[Out]) -> None:
        for out in outs:
            await self._acknowledged(out)

    async def _acknowledged(self, out: Out) -> None:
        for pause in (*_BACKOFF, None):
            try:
                sent = await self._producer.send_and_wait(
                    out.topic, out.value, key=out.key, partition=out.partition, headers=list(out.headers)
                )
                if out.partition is not None:
                    self.ends[sent.topic_partition] = sent.offset + 1
                return
            except MessageSizeTooLargeError as error:
                fatal(f"{self._stage}: a record for {out.topic} is too large for the producer: {error}")
            except KafkaError as error:
                if pause is None:
                    fatal(f"{self._stage}: {out.topic} cannot be written to: {error!r}")
                self._failed(out, error, pause)
                await asyncio.sleep(pause)

    def _failed(self, out: Out, error: KafkaError, pause: float) -> None:
        metrics.PRODUCE_RETRIES.labels(self._stage).inc()
        log.warning("send failed, again in %s s", pause, extra={"topic": out.topic, "error": repr(error)})
