"""After a rebalance a process says nothing more about partitions that are another's."""

from __future__ import annotations

from types import SimpleNamespace

from aiokafka import TopicPartition
from prometheus_client import REGISTRY

from infra import metrics
from runtime.checkpoints import Checkpoint, StoreUnavailable
from runtime.records import RecordBatch
from runtime.stage import StageRunner

STAGE = "given-up-test"
GIVEN, KEPT = TopicPartition("credits", 0), TopicPartition("credits", 1)
GAUGES = ("kpistream_next_offset", "kpistream_lag_records", "kpistream_checkpoint_offset")


class _Fold:
    def fold(self, batch: RecordBatch) -> list:
        return []

    def updates(self) -> list:
        return []

    def dirty_rows(self) -> dict[str, bytes]:
        return {"row": b"1"}


class _Store:
    away = False

    def load(self, stage: str, partition: int) -> None:
        return None

    def save(self, checkpoints: list[Checkpoint]) -> None:
        if self.away:
            raise StoreUnavailable("away")


async def _commit(offsets: dict[TopicPartition, int]) -> bool:
    return True


async def _worked(store: _Store) -> StageRunner:
    """Both partitions folded once and in a checkpoint, and their lag looked at."""
    runner = StageRunner(STAGE, lambda partition, offset: _Fold(), None, store)
    for place in (GIVEN, KEPT):
        epoch, _, _ = await runner.take(place, 0)
        await runner.process(RecordBatch(place.topic, place.partition, [_record(0)], epoch))
        metrics.LAG.labels(STAGE, place.topic, place.partition).set(7)
    await runner.checkpoint(_commit)
    return runner


def _record(offset: int) -> SimpleNamespace:
    return SimpleNamespace(offset=offset)


def _shown(place: TopicPartition) -> list[float | None]:
    labels = {"stage": STAGE, "topic": place.topic, "partition": str(place.partition)}
    return [REGISTRY.get_sample_value(gauge, labels) for gauge in GAUGES]


async def test_what_was_given_up_vanishes_and_the_rest_stays():
    runner = await _worked(_Store())
    assert _shown(GIVEN) == _shown(KEPT) == [1, 7, 1]
    await runner.give_up([GIVEN], _commit)
    assert _shown(GIVEN) == [None, None, None]
    assert _shown(KEPT) == [1, 7, 1]


async def test_rows_that_no_store_took_are_not_counted_once_they_are_the_next_owners():
    store = _Store()
    runner = await _worked(store)
    store.away = True
    epoch, offset, _ = await runner.take(GIVEN, 1)
    await runner.process(RecordBatch(GIVEN.topic, GIVEN.partition, [_record(offset)], epoch))
    await runner.checkpoint(_commit)
    assert REGISTRY.get_sample_value("kpistream_unsaved_state_rows", {"stage": STAGE}) == 1
    await runner.give_up([GIVEN], _commit)
    assert REGISTRY.get_sample_value("kpistream_unsaved_state_rows", {"stage": STAGE}) == 0
