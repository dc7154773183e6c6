"""Dead letters as ClickHouse keeps them: the newest version of each, raw bytes and all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sinks.connection import ClickHouseSettings, connect_binary

_COLUMNS = "dead_letter_id, stage, topic, partition, offset, reason, detail, raw, key, record_time"
#: Letters fetched at once; each may hold a record of some hundred kilobytes.
_AT_ONCE = 200
_NONE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class StoredLetter:
    """One dead letter. ``raw`` and ``key`` are the record's bytes (a tombstone's ``raw`` is empty)."""

    id: str
    stage: str
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    raw: bytes
    key: bytes | None
    record_time: datetime | None  # the producer's or the broker's, if it is one


class DeadLetterTable:
    """Reads kpistream.dead_letters; raises the driver's errors. A context manager."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._client = connect_binary(settings)

    def __enter__(self) -> DeadLetterTable:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def counts(self, reason: str | None = None, topic: str | None = None) -> list[tuple[str, str, int]]:
        """(topic, reason, number) of all letters that match, most first."""
        rows = self._client.execute(
            "SELECT topic, reason, count() AS letters FROM kpistream.dead_letters FINAL"
            f" WHERE {_MATCHES} GROUP BY topic, reason ORDER BY letters DESC, topic, reason",
            {"reason": reason or "", "topic": topic or ""},
        )
        return [(topic.decode(), reason.decode(), number) for topic, reason, number in rows]

    def newest(self, limit: int, reason: str | None = None, topic: str | None = None) -> list[StoredLetter]:
        """The ``limit`` letters that came last among those that match, latest first."""
        rows = self._client.execute(
            f"SELECT {_COLUMNS} FROM kpistream.dead_letters FINAL WHERE {_MATCHES}"
            " ORDER BY processed_at DESC, topic, partition, offset DESC, `index` DESC LIMIT %(limit)s",
            {"reason": reason or "", "topic": topic or "", "limit": limit},
        )
        return list(map(_letter, rows))

    def ids(self, reason: str | None = None, topic: str | None = None) -> list[str]:
        """Ids of the letters that match, in the order they came from their partitions."""
        rows = self._client.execute(
            f"SELECT dead_letter_id FROM kpistream.dead_letters FINAL WHERE {_MATCHES}"
            " ORDER BY topic, partition, offset, `index`",
            {"reason": reason or "", "topic": topic or ""},
        )
        return [one.decode() for (one,) in rows]

    def letters(self, ids: Sequence[str]) -> Iterator[StoredLetter]:
        """The letters of these ids in the order given; ids that there are none of are left out."""
        for start in range(0, len(ids), _AT_ONCE):
            wanted = tuple(ids[start : start + _AT_ONCE])
            rows = self._client.execute(
                f"SELECT {_COLUMNS} FROM kpistream.dead_letters FINAL WHERE dead_letter_id IN %(ids)s",
                {"ids": wanted},
            )
            found = {letter.id: letter for letter in map(_letter, rows)}
            yield from (found[one] for one in wanted if one in found)


#: '' matches every reason and every topic.
_MATCHES = "(%(reason)s = '' OR reason = %(reason)s) AND (%(topic)s = '' OR topic = %(topic)s)"


def _letter(row: tuple) -> StoredLetter:
    id, stage, topic, partition, offset, reason, detail, raw, key, record_time = row
    texts = [value.decode("utf-8", "replace") for value in (id, stage, topic, reason, detail)]
    known = record_time if record_time > _NONE else None
    return StoredLetter(*texts[:3], partition, offset, *texts[3:], raw, key, known)
