"""Consumers on a real broker: what waits to be taken does not make them ask for topics where nothing comes."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition

from infra.local.stack import LocalStack
from runtime.consuming import make_consumer
from tests.integration.conftest import create_topic, send, settings_of


async def test_idle_partitions_are_not_asked_for_while_records_wait(stack: LocalStack, unique_prefix: str) -> None:
    """Such a request is answered after half a second, and nothing else is fetched until then."""
    busy, idle = TopicPartition(f"{unique_prefix}-busy", 0), TopicPartition(f"{unique_prefix}-idle", 0)
    for partition in (busy, idle):
        create_topic(stack, partition.topic)
    environment = stack.connection.environment() | {"KPISTREAM_GROUP_PREFIX": unique_prefix}
    consumer = make_consumer(settings_of(environment), "test")
    await consumer.start()
    try:
        consumer.assign([busy, idle])
        fetcher = consumer._fetcher
        send(stack, busy.topic, b"first")
        async with asyncio.timeout(20):
            while busy not in fetcher._records:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # as long as a stage may fold, and longer than aiokafka itself would wait
        assert not fetcher._in_flight
        async with asyncio.timeout(20):
            assert [one.value for one in (await consumer.getmany(timeout_ms=5000))[busy]] == [b"first"]
            send(stack, busy.topic, b"second")
            assert [one.value for one in (await consumer.getmany(timeout_ms=5000))[busy]] == [b"second"]
    finally:
        await consumer.stop()
