"""Which dead letters can be sent again, to where; and sending them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

import xxhash
from kafka import KafkaAdminClient, KafkaProducer

from infra.dead_letter_table import StoredLetter
from infra.settings import Settings

_TIMEOUT_S = 60
_IN_FLIGHT = 500


@dataclass
class Replay:
    """What a replay does: letters by topic that go there, and those left out by why."""

    sent: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Record:
    """A record to send: the bytes as they once came."""

    topic: str
    key: bytes | None
    value: bytes


def records_of(
    letters: Iterable[StoredLetter], mapped: Collection[str], to: str | None, replay: Replay
) -> Iterator[Record]:
    """The records of those letters that can be sent again; ``replay`` counts them and the others. Pure.

    ``mapped``: topics whose records are mapped to events; ``to``: send everything there instead of back.
    Of equal records of one topic one is sent: a letter that failed in a replay is there twice.
    """
    seen: set[bytes] = set()
    for letter in letters:
        topic = to or letter.topic
        why = _obstacle(letter, topic, mapped)
        mark = xxhash.xxh3_128_digest(topic.encode() + b"\0" + (letter.key or b"") + b"\0" + letter.raw)
        if not why and mark in seen:
            why = "the same record as another one"
        if why:
            replay.left_out[why] += 1
            continue
        seen.add(mark)
        replay.sent[topic] += 1
        yield Record(topic, letter.key, letter.raw)


def _obstacle(letter: StoredLetter, topic: str, mapped: Collection[str]) -> str:
    """Why a letter cannot be sent to ``topic``, '' if it can."""
    if letter.reason == "tombstone":
        return "tombstones, which hold nothing to send"
    if letter.reason == "too_large":
        return "too large, so that only the beginning was kept"
    if letter.stage == "crediting" and topic in mapped:
        return f"CloudEvents, and {topic} is mapped from another shape; --to TOPIC sends them elsewhere"
    if letter.stage == "intake" and topic != letter.topic and (topic in mapped or letter.topic in mapped):
        return f"written in the shape of {letter.topic}, not in that of {topic}"
    return ""


def send(settings: Settings, records: Iterable[Record]) -> None:
    """Send every record, each delivery confirmed; raises kafka.errors.KafkaError where one fails, LookupError where its
    topic is missing.
    """
    topics = _topics(settings)  # asked at once: the producer would wait for one to appear
    producer = KafkaProducer(
        **settings.kafka_options(),
        acks="all",
        max_request_size=16 << 20,
        compression_type="lz4",
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=15_000,
        max_block_ms=15_000,
    )
    try:
        waiting = []
        for record in records:
            if record.topic not in topics:
                raise LookupError(f"topic {record.topic} does not exist")
            waiting.append(producer.send(record.topic, record.value, key=record.key))
            if len(waiting) >= _IN_FLIGHT:
                _confirm(waiting)
        _confirm(waiting)
    finally:
        producer.close(timeout=5)


def _topics(settings: Settings) -> Collection[str]:
    admin = KafkaAdminClient(**settings.kafka_options(), bootstrap_timeout_ms=15_000)
    try:
        return frozenset(admin.list_topics())
    finally:
        admin.close()


def _confirm(waiting: list) -> None:
    for future in waiting:
        future.get(timeout=_TIMEOUT_S)
    waiting.clear()
