"""What comes during a round waits for its end; batches given together leave together."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

import runtime.stage
from runtime.producing import Sender
from runtime.records import Out, RecordBatch
from runtime.rounds import round_ended
from runtime.stage import StageRunner

EVENTS, FACTS = "events.sales", "facts"
LONG = 3600.0


class _PassesOn:
    """For each batch one record to the partition of its own number."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self.folded: list[list[int]] = []

    def fold(self, *batches: RecordBatch) -> list[Out]:
        self.folded.append([batch.partition for batch in batches])
        return [Out(FACTS, b"", partition=self._partition)]

    def updates(self) -> list[Out]:
        return []


class _Producer:
    """A broker that answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.answers = asyncio.Event()

    async def send_and_wait(self, topic: str, value: bytes, *, partition: int, **more) -> SimpleNamespace:
        offset = self.sent.count(partition)
        self.sent.append(partition)
        await self.answers.wait()
        return SimpleNamespace(topic_partition=TopicPartition(topic, partition), offset=offset)


class _Chain:
    """A stage, and the one after it, which has partition 0 only."""

    def __init__(self, joins: bool = False) -> None:
        self.producer = _Producer()
        sender = Sender(self.producer, "rounds-test")
        self.folds: dict[TopicPartition, _PassesOn] = {}
        self.first, self.next = (
            StageRunner(stage, self._make_fold, sender, None, joins=joins)
            for stage in ("rounds-test", "rounds-test-next")
        )
        self.epochs: dict[int, int] = {}

    def _make_fold(self, at: TopicPartition, offset: int) -> _PassesOn:
        self.folds[at] = _PassesOn(at.partition)
        return self.folds[at]

    async def start(self, partitions: int = 2) -> _Chain:
        for partition in range(partitions):
            self.epochs[partition], _, _ = await self.first.take(TopicPartition(EVENTS, partition), 0)
        self.next_epoch, _, _ = await self.next.take(TopicPartition(FACTS, 0), 0)
        return self

    def batch(self, partition: int, first: int = 0, count: int = 1, number: int = 0) -> RecordBatch:
        records = [SimpleNamespace(offset=first + at) for at in range(count)]
        return RecordBatch(EVENTS, partition, records, self.epochs[partition], number)

    def folded(self) -> list[list[int]]:
        return [places for at, fold in self.folds.items() if at.topic == EVENTS for places in fold.folded]

    async def fold_next(self) -> None:
        await self.next.process(RecordBatch(FACTS, 0, [SimpleNamespace(offset=0)], self.next_epoch))


async def _all_went_on() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def _going(task: asyncio.Task) -> bool:
    """Whether ``task`` still waits when everything else that can has gone on."""
    await _all_went_on()
    return not task.done()


async def test_a_round_ends_when_its_results_are_acknowledged_and_folded():
    chain = await _Chain().start()
    await chain.first.process(chain.batch(0))
    ended = asyncio.ensure_future(round_ended([chain.first, chain.next], LONG))
    assert await _going(ended), "not acknowledged yet"
    chain.producer.answers.set()
    assert await _going(ended), "not folded yet"
    await chain.fold_next()
    await asyncio.wait_for(ended, 10)
    assert chain.next.next_offset(TopicPartition(FACTS, 0)) == 1


async def test_a_round_does_not_wait_for_what_another_process_folds():
    chain = await _Chain().start()
    chain.producer.answers.set()
    await chain.first.process(chain.batch(1))
    await asyncio.wait_for(round_ended([chain.first, chain.next], LONG), 10)
    assert chain.producer.sent == [1]


async def test_a_round_ends_when_its_partition_goes_to_another_process():
    chain = await _Chain().start()
    chain.producer.answers.set()
    await chain.first.process(chain.batch(0))
    ended = asyncio.ensure_future(round_ended([chain.first, chain.next], LONG))
    assert await _going(ended)

    async def commit(offsets: dict) -> bool:
        return True

    await chain.next.give_up([TopicPartition(FACTS, 0)], commit)
    await asyncio.wait_for(ended, 10)


async def test_a_stage_that_is_stuck_keeps_nothing_out_for_long():
    chain = await _Chain().start()
    await chain.first.process(chain.batch(0))  # never acknowledged
    await asyncio.wait_for(round_ended([chain.first, chain.next], 0.01), 10)
    assert chain.next.next_offset(TopicPartition(FACTS, 0)) == 0


@pytest.mark.parametrize("together", [True, False])
async def test_batches_given_together_are_folded_before_any_of_their_results_leave(together):
    chain = await _Chain().start()
    seen: list[int] = []
    fold = _PassesOn.fold

    def watched(self, *batches: RecordBatch) -> list[Out]:
        seen.append(len(chain.producer.sent))
        return fold(self, *batches)

    batches = [chain.batch(0), chain.batch(1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_PassesOn, "fold", watched)
        for group in [batches] if together else [[one] for one in batches]:
            await chain.first.process(*group)
            await _all_went_on()
    assert seen == ([0, 0] if together else [0, 1])
    assert sorted(chain.producer.sent) == [0, 1]


async def test_small_batches_are_folded_at_once_where_the_stage_joins(monkeypatch):
    monkeypatch.setattr(runtime.stage, "_LARGE", 3)
    chain = await _Chain(joins=True).start(4)
    chain.epochs[3] += 1  # read under an assignment that has ended
    await chain.first.process(chain.batch(0), chain.batch(1, count=3), chain.batch(2, count=2), chain.batch(3))
    assert sorted(chain.folded()) == [[0, 2], [1]]
    assert [chain.first.next_offset(TopicPartition(EVENTS, at)) for at in range(4)] == [1, 3, 2, 0]
    await _all_went_on()
    assert sorted(chain.producer.sent) == [0, 1]


async def test_no_partition_of_those_folded_at_once_sends_more_before_that_is_acknowledged():
    chain = await _Chain(joins=True).start(3)
    await chain.first.process(chain.batch(0), chain.batch(1))
    later = asyncio.ensure_future(chain.first.process(chain.batch(1, first=1, number=1), chain.batch(2)))
    assert await _going(later), "of partition 1 not acknowledged yet"
    assert chain.producer.sent == [0]
    chain.producer.answers.set()
    await asyncio.wait_for(later, 10)
    await _all_went_on()
    assert chain.producer.sent == [0, 1]
    assert chain.folded() == [[0, 1], [1, 2]]
