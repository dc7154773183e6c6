"""Processes that are told to end while they are still joining their groups end in order."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

import runtime.sink_source
import runtime.source
from runtime.sink_source import SinkSource
from runtime.source import RecordBatchSource


class SlowConsumer:
    """Kafka takes its time until ``answer``."""

    def __init__(self) -> None:
        self.asked, self.answer, self.closed = asyncio.Event(), asyncio.Event(), False

    def subscribe(self, **_: object) -> None:
        pass

    async def start(self) -> None:
        self.asked.set()
        await self.answer.wait()

    async def stop(self) -> None:
        self.closed = True


async def _nothing(*_: object) -> None:
    pass


def _sink(settings) -> SinkSource:
    return SinkSource(None, ("facts",), settings, _nothing, lambda: False)


def _stage(settings) -> RecordBatchSource:
    return RecordBatchSource(SimpleNamespace(stage="crediting", give_up=_nothing), None, ("facts",), settings)


@pytest.mark.parametrize(("module", "make"), [(runtime.sink_source, _sink), (runtime.source, _stage)])
def test_a_source_that_has_not_joined_yet_does_not_break_off(module, make, monkeypatch: pytest.MonkeyPatch):
    async def play() -> None:
        consumer = SlowConsumer()
        monkeypatch.setattr(module, "make_consumer", lambda *_, **__: consumer)
        monkeypatch.setattr(module, "fatal", print)  # or the tests would end here
        source = make(SimpleNamespace(stall_seconds=60, checkpoint_seconds=1, max_batch_records=100))
        starting = asyncio.ensure_future(source.start())
        await consumer.asked.wait()
        await source.stop()
        consumer.answer.set()
        await starting
        assert consumer.closed and not source._loops  # they would end the process: it is closed to them

    asyncio.run(play())
