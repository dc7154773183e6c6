"""Consumers as all our processes use them: committed records only, offsets committed by us alone."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

_MAX_POLL_INTERVAL_MS = 30 * 60 * 1000  # backpressure may keep us from polling; liveness is watched elsewhere

_UNCONSUMED_SECONDS = 2.0


class _Consumer(AIOKafkaConsumer):
    """Waits longer before it fetches other partitions of a broker while records of one lie at hand.

    aiokafka waits 0.1 s. A request that then names only partitions where nothing comes is not answered for half a
    second, and a broker gets one request at a time: whoever took 0.1 s for a round waited 0.5 s for the next one.
    """

    async def start(self) -> None:
        """Connect, and join the group."""
        await super().start()
        self._fetcher._prefetch_backoff = _UNCONSUMED_SECONDS


def make_consumer(settings, role: str, **options: object) -> AIOKafkaConsumer:
    """A consumer of the group ``<group prefix>-<role>``, from the earliest offset where nothing is committed.

    With a ``worker_id`` its membership is static: a restart takes over at once, without a rebalance.
    """
    return _Consumer(
        **settings.kafka_options(),
        group_id=f"{settings.group_prefix}-{role}",
        group_instance_id=f"{settings.worker_id}-{role}" if settings.worker_id else None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        **options,
    )


async def kafka_serves(settings, places: dict[TopicPartition, int]) -> bool:
    """Whether a new client is served, and finds a record from one of ``places`` on, if any are given.

    What lies behind an offset may be transaction markers and aborted records alone: nobody will ever read those.
    """
    probe = make_consumer(settings, "probe")
    try:
        async with asyncio.timeout(20):
            await probe.start()
        if not places:
            return True
        probe.assign(list(places))
        for partition, offset in places.items():
            probe.seek(partition, offset)
        async with asyncio.timeout(20):
            return bool(await probe.getmany(timeout_ms=5000, max_records=1))
    except (KafkaError, TimeoutError):
        return False
    finally:
        await probe.stop()
