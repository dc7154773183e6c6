"""One command at a time writes control records: all partitions see plans, closes and adjustments in one order.
Likewise payouts and payments, which follow from what was made and paid before.

What the lock's group has committed of ``control`` says up to where its records are in every topic that needs them: a
command that dies between two partitions leaves the last one uncommitted, and the next command completes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import TopicPartition
from kafka.errors import CommitFailedError
from kafka.structs import OffsetAndMetadata

from infra.kafka_records import KafkaConsumer
from infra.settings import Settings
from schemas.topics import CONTROL

#: A command that dies holding the lock keeps it so long.
_SESSION_MS = 6_000
#: How long a command may hold it while another waits; it writes some dozens of records.
_LONGEST_MS = 120_000
#: How long a command waits for others before it gives up.
_PATIENCE_SECONDS = 150
#: How long one question to Kafka may take, and the farewell.
_ANSWER_MS = 10_000
_LEAVE_MS = 3_000
#: How long a client looks for a broker before the operator is told that there is none.
BOOTSTRAP_MS = 5_000
_PLACE = TopicPartition(CONTROL.name, 0)


class OthersAtWork(Exception):
    """Somebody else's command holds the lock."""


class LockLost(Exception):
    """The lock went to another command; nothing may be written any more."""


class Lock:
    """It is held."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._whole = whole_up_to(consumer)

    def confirm(self, whole: int | None = None) -> None:
        """Make sure that the lock is still ours; LockLost if it is not, kafka's errors if it does not say.

        ``whole``: the offset in ``control`` below which every record is everywhere by now, to be remembered.
        """
        whole = self._whole if whole is None else whole
        try:
            # a commit is what Kafka refuses to whoever is no member any more, such as a process that was frozen
            self._consumer.commit({_PLACE: OffsetAndMetadata(whole or 0, "", -1)}, timeout_ms=_ANSWER_MS)
        except CommitFailedError as error:
            raise LockLost("another command took over while this one stood still") from error
        self._whole = whole


def whole_up_to(consumer: KafkaConsumer) -> int | None:
    """Offset in ``control`` below which every record is everywhere; None where Kafka has forgotten."""
    return consumer.committed(_PLACE, timeout_ms=_ANSWER_MS)


def operators_group(settings: Settings) -> str:
    """The group whose only member holds the lock."""
    return f"{settings.group_prefix}-operators"


@contextmanager
def sole_operator(settings: Settings) -> Iterator[Lock]:
    """Wait until no other command holds the lock; OthersAtWork when that takes too long.

    The lock is the one partition of ``control`` in a consumer group: Kafka gives it to one member, and to the next one
    when that leaves or is no longer heard of.
    """
    consumer = KafkaConsumer(
        CONTROL.name, **settings.kafka_options(), group_id=operators_group(settings),
        enable_auto_commit=False, session_timeout_ms=_SESSION_MS, heartbeat_interval_ms=500,
        max_poll_interval_ms=_LONGEST_MS, bootstrap_timeout_ms=BOOTSTRAP_MS,
    )  # fmt: skip
    try:
        # kafka-python 3.0.12 forgets the answer to a join when a poll ends before it comes, if it joins a second time
        # because the topic became known only after the first: so let it be known before
        consumer.partitions_for_topic(CONTROL.name)
        _join(consumer)
        yield Lock(consumer)
    finally:
        consumer.close(autocommit=False, timeout_ms=_LEAVE_MS)


def _join(consumer: KafkaConsumer) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    asked = time.monotonic()
    while not consumer.assignment():
        if time.monotonic() > deadline:
            raise OthersAtWork("other commands have been changing plan or payouts for minutes; nothing was done")
        consumer.poll(timeout_ms=100, max_records=1)
        if time.monotonic() - asked > _ANSWER_MS / 1000:  # is it the others that keep us waiting, or Kafka?
            consumer.end_offsets([_PLACE], timeout_ms=_ANSWER_MS)
            asked = time.monotonic()
