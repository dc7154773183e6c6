"""One command at a time writes control records: all partitions see plans, closes and adjustments in one order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaConsumer

from infra.settings import Settings
from schemas.topics import CONTROL

#: A command that dies holding the lock keeps it so long.
_SESSION_MS = 6_000
#: How long a command may hold it while another waits; it writes some dozens of records.
_LONGEST_MS = 120_000
#: How long a command waits for others before it gives up.
_PATIENCE_SECONDS = 150


class OthersAtWork(Exception):
    """Somebody else's command holds the lock."""


@contextmanager
def sole_operator(settings: Settings) -> Iterator[None]:
    """Wait until no other command holds the lock; OthersAtWork when that takes too long.

    The lock is the one partition of ``control`` in a consumer group: Kafka gives it to one member, and to the next one
    when that leaves or is no longer heard of.
    """
    consumer = KafkaConsumer(
        CONTROL.name, **settings.kafka_options(), group_id=f"{settings.group_prefix}-operators",
        enable_auto_commit=False, session_timeout_ms=_SESSION_MS, heartbeat_interval_ms=500,
        max_poll_interval_ms=_LONGEST_MS,
    )  # fmt: skip
    try:
        # kafka-python 3.0.12 forgets the answer to a join when a poll ends before it comes, if it joins a second time
        # because the topic became known only after the first: so let it be known before
        consumer.partitions_for_topic(CONTROL.name)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not consumer.assignment():
            if time.monotonic() > deadline:
                raise OthersAtWork("other commands have been changing plan or periods for minutes; nothing was done")
            consumer.poll(timeout_ms=100, max_records=1)
        yield
    finally:
        consumer.close(autocommit=False)
