"""Events to Kafka with kafka-python: acks from all replicas, every record's delivery checked, bounded in flight.

kafka-python spends some 20 µs of Python on a record, so records go without a key in large batches, one partition
after the other, compressed with lz4: that halves the work per record against its defaults.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError
from kafka.producer.future import FutureRecordMetadata

from infra.ingest.routing import topic_of
from infra.settings import load_settings

#: Records sent and not yet confirmed; beyond that, sending waits.
MAX_IN_FLIGHT = 20_000
#: Bytes of one batch before compression. Larger ones gain nothing and make the broker wait.
BATCH_BYTES = 128 * 1024
#: Seconds without a confirmation after which a record counts as failed.
DELIVERY_TIMEOUT_S = 60
#: Seconds in which Kafka must answer at all.
BOOTSTRAP_TIMEOUT_S = 15
#: Failures after which producing stops: the broker will not take the rest either.
MAX_FAILURES = 1_000
_RECORDS_A_PARTITION = 50


class ProduceError(Exception):
    """Kafka cannot be used at all: unreachable, or a topic is missing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that did not arrive: its line (from 1) and why."""

    line: int
    reason: str


@dataclass
class Counts:
    """What became of the records so far. ``read`` = ``delivered`` + failures, once closed."""

    read: int = 0
    delivered: int = 0
    failed: list[Failure] = field(default_factory=list)
    #: Whether producing was given up before the end of the input.
    stopped: bool = False


OnProgress = Callable[[Counts], None]


class EventProducer:
    """Sends records and confirms each. A context manager: leaving it waits for what is still in flight."""

    def __init__(self, bootstrap: str, on_progress: OnProgress | None = None):
        self.counts = Counts()
        self._on_progress = on_progress or (lambda counts: None)
        self._waiting: deque[tuple[int, FutureRecordMetadata]] = deque()
        self._broker = load_settings().kafka_options(bootstrap)
        self._cursors: dict[str, Iterator[int]] = {}
        try:
            self._producer = KafkaProducer(
                **self._broker, acks="all", compression_type="lz4", linger_ms=20,
                batch_size=BATCH_BYTES, delivery_timeout_ms=DELIVERY_TIMEOUT_S * 1000, max_block_ms=15_000,
                bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_S * 1000, allow_auto_create_topics=False, metrics_enabled=False,
            )
        except (KafkaError, ValueError, OSError) as error:
            raise ProduceError(f"Kafka at {bootstrap} cannot be reached: {error}") from error

    def __enter__(self) -> EventProducer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._settle(0)
        finally:
            self._producer.close(timeout=5)

    def send(self, topic: str, value: bytes, line: int) -> None:
        """Send one record; ``line`` names it where it fails. Raises ProduceError where ``topic`` does not exist."""
        self.counts.read += 1
        cursor = self._cursors.get(topic) or self._open(topic)
        try:
            future = self._producer.send(topic, value, partition=next(cursor))
        except (KafkaError, ValueError) as error:  # too large, for one
            self._failed(line, error)
            return
        self._waiting.append((line, future))
        if len(self._waiting) >= MAX_IN_FLIGHT:
            self._settle(MAX_IN_FLIGHT * 3 // 4)

    def fail(self, line: int, reason: str) -> None:
        """Count a record that could not even be sent."""
        self.counts.read += 1
        self.counts.failed.append(Failure(line, reason))

    def poll(self) -> None:
        """Take in the confirmations that are there, without waiting; for senders that pause."""
        while self._waiting and self._waiting[0][1].is_done:
            self._confirm()
        self._on_progress(self.counts)

    def _open(self, topic: str) -> Iterator[int]:
        try:
            self._check_exists(topic)
            partitions = self._producer.partitions_for(topic)
        except (KafkaError, ValueError) as error:
            raise ProduceError(f"topic {topic} cannot be written: {error}") from error
        self._cursors[topic] = _partition_turns(sorted(partitions))
        return self._cursors[topic]

    def _check_exists(self, topic: str) -> None:
        """Asked of the broker at once: the producer would wait for the topic to appear."""
        admin = KafkaAdminClient(**self._broker, bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_S * 1000)
        try:
            topics = admin.list_topics()
        finally:
            admin.close()
        if topic not in topics:
            raise ProduceError(f"topic {topic} does not exist")

    def _settle(self, remaining: int) -> None:
        """Wait until at most ``remaining`` records are unconfirmed."""
        while len(self._waiting) > remaining:
            self._confirm()
        self._on_progress(self.counts)

    def _confirm(self) -> None:
        line, future = self._waiting.popleft()
        if not future.is_done:
            try:
                future.get(timeout=DELIVERY_TIMEOUT_S + 10)
            except KafkaError as error:
                self._failed(line, error)
                return
        if future.exception is not None:
            self._failed(line, future.exception)
        else:
            self.counts.delivered += 1

    def _failed(self, line: int, error: Exception) -> None:
        self.counts.failed.append(Failure(line, str(error) or type(error).__name__))
        self.counts.stopped = self.counts.stopped or len(self.counts.failed) >= MAX_FAILURES


def _partition_turns(partitions: list[int]) -> Iterator[int]:
    """Partitions in turn, each for a run of records, so that batches fill."""
    while True:
        for partition in partitions:
            for _ in range(_RECORDS_A_PARTITION):
                yield partition


class _Typed(msgspec.Struct):
    type: str


_TYPE = msgspec.json.Decoder(_Typed)


def produce_lines(bootstrap: str, lines: Iterable[bytes], topic: str | None = None,
                  on_progress: OnProgress | None = None) -> Counts:
    """Send each line (a JSON document) as one record; raises ProduceError.

    With ``topic`` lines go there as they are, broken or not. Without, the event's type decides, and a line that
    is no JSON object with a type counts as failed. Empty lines are left out, also from the counts.
    """
    with EventProducer(bootstrap, on_progress) as producer:
        for number, line in enumerate(lines, start=1):
            value = line.strip()
            if value:
                _send_line(producer, value, number, topic)
            if producer.counts.stopped:
                break
    return producer.counts


def _send_line(producer: EventProducer, value: bytes, number: int, topic: str | None) -> None:
    if topic is None:
        try:
            topic = topic_of(_TYPE.decode(value).type)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            producer.fail(number, f"no event: {error}")
            return
    producer.send(topic, value, number)


def produce_events(bootstrap: str, events: Iterable[tuple[str, bytes]],
                   on_progress: OnProgress | None = None) -> Counts:
    """Send (event type, JSON document) pairs to the topics of their types; lines are counted from 1."""
    with EventProducer(bootstrap, on_progress) as producer:
        for number, (kind, value) in enumerate(events, start=1):
            producer.send(topic_of(kind), value, number)
            if producer.counts.stopped:
                break
    return producer.counts
