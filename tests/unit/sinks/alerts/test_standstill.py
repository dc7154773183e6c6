"""When a process of alerts that gets no records ends: the real source and watchdog, another consumer than Kafka's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

import runtime.watchdog
import sinks.alerts.source
from schemas.topics import ALERTS, AWARDS
from sinks.alerts.source import AwardSource, _Listener

PATIENCE = 0.05
AWARDS_0, LOG_0 = TopicPartition(AWARDS.name, 0), TopicPartition(ALERTS.name, 0)


class Ended(Exception):
    pass


class Consumer:
    """One partition each of awards and of the log; ``readable`` awards of ``end`` are given when asked for."""

    def __init__(self, end: int, readable: int, committed: int | None = None) -> None:
        self.ends, self.readable, self.at = {AWARDS_0: end, LOG_0: 9}, readable, committed or 0
        self.start_at, self.halted, self.commits = committed, False, 0

    def assignment(self):
        return {AWARDS_0}

    def paused(self):
        return {AWARDS_0} if self.halted else set()

    def pause(self, *_):
        self.halted = True

    def resume(self, *_):
        self.halted = False

    def highwater(self, place):
        return self.ends[place]

    async def beginning_offsets(self, places):
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places):
        return {place: self.ends[place] for place in places}

    async def committed(self, place):
        return self.start_at

    async def commit(self, offsets):
        self.commits += 1

    async def getmany(self, timeout_ms, max_records):
        await asyncio.sleep(0.001)
        if self.halted or self.at >= self.readable:
            return {}
        self.at += 1
        return {AWARDS_0: [SimpleNamespace(offset=self.at - 1)]}


class Bench:
    """A source given its partition, its loops running for some times the patience."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, consumer: Consumer) -> None:
        async def serves(settings, places) -> bool:
            return True

        def end(sentence: str) -> None:
            raise Ended(sentence)

        monkeypatch.setattr(sinks.alerts.source, "make_consumer", lambda *_: consumer)
        monkeypatch.setattr(sinks.alerts.source, "kafka_serves", serves)
        monkeypatch.setattr(runtime.watchdog, "fatal", end)
        self.batches: asyncio.Queue = asyncio.Queue()
        self.full = False
        self.log_reached: dict[TopicPartition, int] = {}
        self.source = AwardSource(
            self.batches,
            SimpleNamespace(stall_seconds=PATIENCE),
            lambda: self.full,
            dict,
            self.given,
            lambda: self.log_reached,
            self.nothing,
            self.nothing,
        )

    async def nothing(self) -> None:
        pass

    async def given(self) -> None:
        pass

    async def watched(self) -> None:
        polling = asyncio.ensure_future(self.source._poll())
        assigning = asyncio.ensure_future(_Listener(self.source).on_partitions_assigned([AWARDS_0]))
        try:
            await asyncio.wait_for(self.source._watchdog.watch(), 6 * PATIENCE)
        finally:
            polling.cancel()
            assigning.cancel()
            await asyncio.gather(polling, assigning, return_exceptions=True)


async def test_records_that_no_longer_come_end_the_process(monkeypatch):
    bench = Bench(monkeypatch, Consumer(end=10, readable=4))
    with pytest.raises(Ended, match="alerts: 6 records behind and no progress for"):
        await bench.watched()
    assert bench.batches.qsize() == 4


async def test_it_counts_from_what_was_committed(monkeypatch):
    with pytest.raises(Ended, match="alerts: 3 records behind"):
        await Bench(monkeypatch, Consumer(end=10, readable=7, committed=7)).watched()


async def test_everything_read_is_no_standstill_whatever_is_undelivered(monkeypatch):
    bench = Bench(monkeypatch, Consumer(end=10, readable=10))
    with pytest.raises(TimeoutError):
        await bench.watched()
    assert bench.batches.qsize() == 10


async def test_waiting_for_a_receiver_that_refuses_is_no_standstill(monkeypatch):
    bench = Bench(monkeypatch, consumer := Consumer(end=10, readable=10))
    bench.full = True
    with pytest.raises(TimeoutError):
        await bench.watched()
    assert consumer.halted and bench.batches.empty()


async def test_a_consumer_that_gets_nothing_after_such_a_wait_ends_the_process(monkeypatch):
    bench = Bench(monkeypatch, Consumer(end=10, readable=0))
    bench.full = True

    async def taken() -> None:
        await asyncio.sleep(PATIENCE)
        bench.full = False

    taking = asyncio.ensure_future(taken())
    with pytest.raises(Ended, match="alerts: 10 records behind"):
        await bench.watched()
    await taking


async def test_a_log_of_deliveries_that_is_never_read_to_its_end_ends_the_process(monkeypatch):
    bench = Bench(monkeypatch, Consumer(end=10, readable=10))

    async def stuck() -> None:
        bench.log_reached = {LOG_0: 4}
        await asyncio.sleep(60)

    bench.source.given = stuck
    with pytest.raises(Ended, match="alerts: 5 records behind"):
        await bench.watched()
    assert bench.batches.empty()  # nothing may be sent before the past is known


async def test_a_commit_that_never_ends_ends_the_process(monkeypatch):
    bench = Bench(monkeypatch, consumer := Consumer(end=10, readable=10))

    async def never(offsets) -> None:
        await asyncio.sleep(60)

    consumer.commit = never
    bench.source._committable = lambda: {0: 10}
    committing = asyncio.ensure_future(bench.source.commit())
    with pytest.raises(Ended, match="alerts: 0 records behind"):
        await bench.watched()
    committing.cancel()
