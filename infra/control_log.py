"""What is in ``control``, and whether the topics that its records are meant for have them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from infra.control_lock import BOOTSTRAP_MS, operators_group, whole_up_to
from infra.kafka_records import KafkaConsumer
from infra.settings import Settings
from schemas.blocks import kind_of
from schemas.control import KIND, decode_control
from schemas.topics import CONTROL, CONTROL_TARGETS

Place = TopicPartition

_ANSWER_MS = 10_000
#: A command writes its record everywhere within minutes; brokers' clocks may differ by some.
_WINDOW_MS = 10 * 60_000
_CLOCKS_MS = 60_000


class ControlLog:
    """A reader of ``control`` and its targets. Raises kafka's errors."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = KafkaConsumer(
            **settings.kafka_options(), enable_auto_commit=False, max_partition_fetch_bytes=16 << 20,
            bootstrap_timeout_ms=BOOTSTRAP_MS, group_id=operators_group(settings),  # to ask of it, not to join it
        )  # fmt: skip
        self._control = Place(CONTROL.name, 0)

    def __enter__(self) -> ControlLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close(autocommit=False)

    @property
    def end(self) -> int:
        """Where ``control`` ends."""
        return self.end_of(self._control)

    def end_of(self, place: Place) -> int:
        """Where a partition ends."""
        return self._consumer.end_offsets([place], timeout_ms=_ANSWER_MS)[place]

    @property
    def targets(self) -> list[Place]:
        """Where each control record belongs beside ``control``, in the order of the flow."""
        return [Place(topic.name, number) for topic in CONTROL_TARGETS for number in self._partitions(topic.name)]

    def _partitions(self, topic: str) -> list[int]:
        """Those of a topic. Brokers hear of a new topic a little later; without it records would be left out there."""
        asked = time.monotonic()
        while not (numbers := self._consumer.partitions_for_topic(topic)):
            if time.monotonic() - asked > _ANSWER_MS / 1000:
                raise UnknownTopicOrPartitionError(f"there is no topic {topic}")
            time.sleep(0.1)
        return sorted(numbers)

    def backwards(self, floor: int = 0) -> Iterator:
        """The records of ``control`` from the newest down to offset ``floor``."""
        for offset in reversed(range(floor, self.end)):
            yield next(self._records(self._control, offset, offset + 1))

    def missing(self) -> list[Place]:
        """The partitions that lack the last record of ``control``: a command died before it came to them.

        Records are written one at a time, so only the last one can be missing anywhere. Which, the group says,
        unless it was idle for longer than Kafka keeps offsets.
        """
        last = None if whole_up_to(self._consumer) == self.end else next(self.backwards(), None)
        if last is None:
            return []
        id_ = decode_control(last.value).id
        places = self.targets
        since = dict.fromkeys(places, max(0, last.timestamp - _CLOCKS_MS))
        starts = self._consumer.offsets_for_times(since, timeout_ms=_ANSWER_MS)
        until = last.timestamp + _WINDOW_MS
        return [
            place for place in places
            if starts[place] is None or not self.holds(place, id_, starts[place].offset, until)
        ]  # fmt: skip

    def holds(self, place: Place, id_: str, start: int, until_ms: int | None = None) -> bool:
        """Whether a partition has the control record ``id_`` from offset ``start`` on, appended by ``until_ms``."""
        for record in self._records(place, start, self.end_of(place)):
            if until_ms is not None and record.timestamp > until_ms:
                return False
            if kind_of(tuple(record.headers)) == KIND and decode_control(record.value).id == id_:
                return True
        return False

    def _records(self, place: Place, start: int, end: int) -> Iterator:
        if start >= end:
            return
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        heard = time.monotonic()
        while (position := self._consumer.position(place)) < end:
            for records in self._consumer.poll(1000).values():
                yield from (record for record in records if record.offset < end)
            if self._consumer.position(place) > position:
                heard = time.monotonic()
            elif time.monotonic() - heard > _ANSWER_MS / 1000:
                raise KafkaTimeoutError(f"{place.topic} {place.partition} is not served")
