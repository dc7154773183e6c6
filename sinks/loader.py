"""The loader: buffers rows of the internal topics, inserts them, and only then says what may be committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.metrics import SINK_FAILURES, SINK_ROWS
from runtime.records import RecordBatch
from sinks.connection import ClickHouseSettings, connect_binary
from sinks.insert import Insert, build_insert
from sinks.rows import Pieces, rows_of

#: An insert is closed once it holds this many rows. Each is a single block: the driver cannot send several to
#: INSERT ... SELECT FROM input() (it waits for a packet that the server sends only at the end).
BLOCK_ROWS = 100_000


class LoadError(Exception):
    """An insert failed as often as it may; nothing of this flush may be committed."""


@dataclass(frozen=True)
class Retry:
    """Attempts at one insert and the pause after the first failed one, in seconds; each pause doubles."""

    attempts: int = 6
    pause: float = 0.25
    longest: float = 8.0


def loader_client(settings: ClickHouseSettings) -> Client:
    """A client as the loader needs it."""
    # cells lie by quarter, and events of any years may come together
    return connect_binary(settings, max_partitions_per_insert_block=0)


class Loader:
    """Not thread-safe: one owner calls ``add`` and then ``flush`` (blocking, so from a thread), never both at
    once.
    """

    def __init__(
        self,
        client_factory: Callable[[], Client],
        retry: Retry = Retry(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client_factory = client_factory
        self._client: Client | None = None
        self._retry = retry
        self._sleep = sleep
        self._buffers: dict[str, Pieces] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        #: Rows that wait for the next flush.
        self.buffered_rows = 0

    def add(self, batch: RecordBatch) -> None:
        """Buffer one batch; raises RowError, and buffers none of it, where a record is not what its topic
        holds.
        """
        decoded = [
            piece for record in batch.records for piece in rows_of(batch.topic, batch.partition, record)
        ]
        for piece in decoded:
            self._buffers.setdefault(piece.table.name, []).append(piece)
            self.buffered_rows += piece.count
        self._offsets[batch.topic, batch.partition] = batch.records[-1].offset + 1

    def flush(self) -> dict[tuple[str, int], int]:
        """Insert everything, then return what may be committed: next offset by (topic, partition).

        Raises LoadError; then everything is still buffered, and a later flush inserts it again. That, and the
        retry of an insert that timed out but was applied, is harmless: the tables keep one row per key.
        """
        # the fewest rows first: values and awards, which people wait for, are seen before facts and credits
        for _, pieces in sorted(self._buffers.items(), key=lambda one: sum(piece.count for piece in one[1])):
            for together in _blocks(pieces):
                self._insert(build_insert(together))
        # Only here is every row stored.
        committable, self._offsets, self._buffers, self.buffered_rows = self._offsets, {}, {}, 0
        return committable

    def close(self) -> None:
        """Close the connection; rows that were not flushed are read again by the next owner."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None

    def _insert(self, insert: Insert) -> None:
        """The identical insert until it is acknowledged, a bounded number of times."""
        pause = self._retry.pause
        for attempt in range(1, self._retry.attempts + 1):
            try:
                self._client = self._client or self._client_factory()
                self._client.execute(insert.query, insert.data)
                SINK_ROWS.labels(insert.table).inc(insert.count)
                return
            except (Error, OSError, EOFError) as error:
                self.close()
                SINK_FAILURES.inc()
                if attempt == self._retry.attempts:
                    raise LoadError(
                        f"{insert.table}: {insert.count} rows could not be inserted in {attempt} attempts; "
                        f"the last said: {error}"
                    ) from error
            self._sleep(pause)
            pause = min(2 * pause, self._retry.longest)


def _blocks(pieces: Pieces) -> Iterator[Pieces]:
    """Consecutive pieces in groups of about BLOCK_ROWS rows."""
    group: Pieces = []
    count = 0
    for piece in pieces:
        group.append(piece)
        count += piece.count
        if count >= BLOCK_ROWS:
            yield group
            group, count = [], 0
    if group:
        yield group
