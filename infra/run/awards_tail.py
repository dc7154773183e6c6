"""The awards topic from its beginning, read in a thread as awards fire."""

from __future__ import annotations

import threading
from collections import Counter, deque

from kafka import TopicPartition
from kafka.errors import KafkaError
from msgspec import DecodeError

from infra.kafka_records import KafkaConsumer
from infra.settings import Settings
from schemas.results import Award, decode_award
from schemas.topics import AWARDS

_POLL_MS = 300


class AwardsTail:
    """``take``: what was reached, lost or regained since the last call; ``states`` counts awards by state."""

    def __init__(self, settings: Settings) -> None:
        self.states: Counter[str] = Counter()
        self._known: dict[str, str] = {}  # award id → its newest state
        self._settings = settings
        self._new: deque[Award] = deque()
        self._at: dict[TopicPartition, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="awards", daemon=True)
        self._thread.start()

    def take(self) -> list[Award]:
        """Awards since the last call, in the order in which they were read."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(5)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (KafkaError, OSError):  # the broker may be away for a moment
                self._stop.wait(1)

    def _read(self) -> None:
        consumer = KafkaConsumer(
            **self._settings.kafka_options(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            consumer.assign(
                [
                    TopicPartition(AWARDS.name, one)
                    for one in sorted(consumer.partitions_for_topic(AWARDS.name))
                ]
            )
            for partition, offset in self._at.items():
                consumer.seek(partition, offset)
            while not self._stop.is_set():
                for partition, records in consumer.poll(_POLL_MS).items():
                    self._at[partition] = records[-1].offset + 1
                    for record in records:
                        self._add(record.value)
        finally:
            consumer.close()

    def _add(self, value: bytes | None) -> None:
        try:
            award = decode_award(value)
        except DecodeError:  # only the view; the loader tells of it
            return
        before = self._known.get(award.award_id)
        self._known[award.award_id] = award.state
        self.states[award.state] += 1
        if before is not None:
            self.states[before] -= 1
        if before is None or (before == "revoked") != (
            award.state == "revoked"
        ):  # that it became final is no news
            self._new.append(award)
