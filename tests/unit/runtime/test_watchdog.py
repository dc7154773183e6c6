"""When the watchdog ends a process, and when it must not."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

import runtime.watchdog
from runtime.watchdog import Watchdog

PLACE = TopicPartition("facts", 0)
PATIENCE = 0.05


class Ended(Exception):
    pass


@pytest.fixture(autouse=True)
def fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(sentence: str) -> None:
        raise Ended(sentence)

    monkeypatch.setattr(runtime.watchdog, "fatal", end)


class Kafka:
    """Where topics end, and whether it says so."""

    def __init__(self, end: int = 0, answers: bool = True, markers: int = 0) -> None:
        self.end, self.answers, self.markers = end, answers, markers

    async def end_offsets(self, partitions):
        if not self.answers:
            raise KafkaTimeoutError
        return dict.fromkeys(partitions, self.end)

    async def serves(self, places: dict) -> bool:
        return self.answers and (not places or any(self.end - self.markers > offset for offset in places.values()))


def watchdog(kafka: Kafka, reached: dict) -> Watchdog:
    return Watchdog("crediting", kafka, lambda: dict(reached), kafka.serves, PATIENCE)


async def watched(dog: Watchdog, seconds: float = 4 * PATIENCE) -> None:
    await asyncio.wait_for(dog.watch(), seconds)


async def test_lag_without_progress_ends_the_process():
    with pytest.raises(Ended, match="crediting: 7 records behind and no progress for"):
        await watched(watchdog(Kafka(end=7), {PLACE: 0}))


async def test_waiting_for_others_is_no_standstill():
    kafka, waiting = Kafka(end=7), [True]
    dog = Watchdog("sink", kafka, lambda: {PLACE: 0}, kafka.serves, PATIENCE, waits=lambda: waiting[0])
    with pytest.raises(TimeoutError):
        await watched(dog)
    waiting[0] = False
    with pytest.raises(Ended, match="sink: 7 records behind"):
        await watched(dog)


async def test_progress_is_no_standstill():
    reached = {PLACE: 0}

    async def work() -> None:
        while True:
            await asyncio.sleep(PATIENCE / 4)
            reached[PLACE] += 1

    working = asyncio.ensure_future(work())
    with pytest.raises(TimeoutError):
        await watched(watchdog(Kafka(end=10**9), reached))
    working.cancel()


async def test_nothing_to_do_is_no_standstill():
    with pytest.raises(TimeoutError):
        await watched(watchdog(Kafka(end=5), {PLACE: 5}))


async def test_kafka_away_is_no_reason_to_end():
    with pytest.raises(TimeoutError):
        await watched(watchdog(Kafka(end=5, answers=False), {PLACE: 0}))


async def test_transaction_markers_that_nobody_will_read_are_no_lag():
    with pytest.raises(TimeoutError):
        await watched(watchdog(Kafka(end=45, markers=40), {PLACE: 5}))


async def test_a_commit_that_never_ends_ends_the_process():
    dog = watchdog(Kafka(end=5), {PLACE: 5})
    committing = asyncio.ensure_future(dog.committing(asyncio.sleep(60)))
    with pytest.raises(Ended, match="crediting: 0 records behind and no progress"):
        await watched(dog)
    committing.cancel()


async def test_a_client_that_is_stuck_while_others_are_served_ends_the_process():
    stuck = Kafka(answers=False)
    dog = Watchdog("sink", stuck, lambda: {PLACE: 0}, Kafka().serves, PATIENCE)
    with pytest.raises(Ended, match="sink: Kafka serves others and no progress"):
        await watched(dog)
