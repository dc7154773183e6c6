"""ClickHouse's own BACKUP and RESTORE of our databases, with the sink's place in the topics inside."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_driver import Client

from sinks.connection import ClickHouseSettings, connect

#: (topic, partition) → next offset.
Positions = dict[tuple[str, int], int]

_DATABASES = "DATABASE kpistream, DATABASE bi"
_POLL_SECONDS = 0.2


class BackupError(Exception):
    """ClickHouse could not make or restore a back-up; the sentence says what it said."""


@dataclass(frozen=True)
class Place:
    """Where a back-up lies: a folder under the server's ``backups.allowed_path``, or on a ``disk`` of its
    configuration (which may be object storage).
    """

    name: str
    disk: str = ""


@dataclass(frozen=True)
class Done:
    """What ClickHouse wrote or read: files, bytes on disk, seconds."""

    files: int
    size: int
    seconds: float


def back_up(settings: ClickHouseSettings, place: Place, positions: Mapping[tuple[str, int], int]) -> Done:
    """Back up tables and views as they are at this moment; loading and folding may go on. Raises BackupError.

    ``positions``: how far the sink had committed before this call, so that all of it is in the tables.
    """
    now = datetime.now(UTC)
    rows = [(now, place.name, *at, offset) for at, offset in sorted(positions.items())]
    with connect(settings) as client:
        if rows:
            into = "INSERT INTO kpistream.backups (processed_at, name, topic, partition, next_offset) VALUES"
            client.execute(into, rows)
        return _run(client, "BACKUP", "TO", place)


def restore(settings: ClickHouseSettings, place: Place) -> Done:
    """Restore tables and views into a server that has none of them. Raises BackupError."""
    with connect(settings) as client:
        present = "SELECT count() FROM system.tables WHERE database IN ('kpistream', 'bi')"
        if client.execute(present) != [(0,)]:
            raise BackupError(
                "there are tables or views already. What a back-up does not hold would stay among what it does: drop "
                "both databases first (DROP DATABASE bi; DROP DATABASE kpistream), or restore into an empty server"
            )
        return _run(client, "RESTORE", "FROM", place)


def newest_positions(settings: ClickHouseSettings) -> tuple[datetime, Positions] | None:
    """When the newest back-up that the tables know of was begun, and where the sink stood then; None if they know none.

    In a restored database that is the back-up itself.
    """
    newest = """
    SELECT processed_at, topic, partition, next_offset FROM kpistream.backups FINAL
    WHERE processed_at = (SELECT max(processed_at) FROM kpistream.backups)
    """
    with connect(settings) as client:
        rows = client.execute(newest)
    if not rows:
        return None
    return rows[0][0], {(topic, partition): offset for _, topic, partition, offset in rows}


def _run(client: Client, verb: str, towards: str, place: Place) -> Done:
    """In the background, since a large one takes longer than a connection may be silent."""
    where, names = "File(%(name)s)", {"name": place.name}
    if place.disk:
        where, names = "Disk(%(disk)s, %(name)s)", {"name": place.name, "disk": place.disk}
    begun = time.monotonic()
    id = client.execute(f"{verb} {_DATABASES} {towards} {where} ASYNC", names)[0][0]
    asked = "SELECT status, error, num_files, total_size FROM system.backups WHERE id = %(id)s"
    while True:
        found = client.execute(asked, {"id": id})
        if not found:
            raise BackupError("ClickHouse was started anew meanwhile and knows nothing of it any more")
        status, error, files, size = found[0]
        if status in ("BACKUP_CREATED", "RESTORED"):
            return Done(files, size, time.monotonic() - begun)
        if status not in ("CREATING_BACKUP", "RESTORING"):
            raise BackupError(error.split(", Stack trace")[0] or status)
        time.sleep(_POLL_SECONDS)
