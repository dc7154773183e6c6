"""Following the control topic from its beginning: for those who need the newest plan, not its place in a log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from mode import Service

from runtime.failing import fatal
from schemas.control import PlanApplied, decode_control
from schemas.topics import CONTROL


class ControlFollower(Service):
    """Calls ``on_plan`` for each plan applied; ``caught_up`` is set once the topic's past has been read."""

    def __init__(self, settings, on_plan: Callable[[PlanApplied], None], **kwargs) -> None:
        super().__init__(**kwargs)
        self.caught_up = asyncio.Event()
        self._on_plan = on_plan
        self._consumer = AIOKafkaConsumer(
            **settings.kafka_options(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        self._loop_task: asyncio.Task | None = None

    async def on_start(self) -> None:
        """Begin at the beginning."""
        await self._consumer.start()
        if self.should_stop:  # told to end meanwhile: the consumer is closed
            return
        partition = TopicPartition(CONTROL.name, 0)
        self._consumer.assign([partition])
        end = (await self._consumer.end_offsets([partition]))[partition]
        await self._consumer.seek_to_beginning(partition)
        self._loop_task = asyncio.ensure_future(self._follow(partition, end))

    async def on_stop(self) -> None:
        """Stop following."""
        if self._loop_task:
            self._loop_task.cancel()
        await self._consumer.stop()

    async def _follow(self, partition: TopicPartition, end: int) -> None:
        try:
            while True:
                if await self._consumer.position(partition) >= end:
                    self.caught_up.set()
                for records in (await self._consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        control = decode_control(record.value)
                        if isinstance(control, PlanApplied):
                            self._on_plan(control)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            fatal(f"control topic: {error!r}")
