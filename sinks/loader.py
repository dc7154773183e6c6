"""The loader: buffers rows of the internal topics and inserts them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
    """An insert failed as often as it may; nothing of what was to be inserted may be committed."""


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


@dataclass
class Buffered:
    """Rows by table, and what may be committed once all of them are stored: next offset by (topic, partition)."""

    pieces: dict[str, Pieces] = field(default_factory=dict)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    rows: int = 0


class Loader:
    """``add`` and ``take`` are for one thread; what was taken may be inserted in another, one after the other."""

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
        self._buffered = Buffered()

    @property
    def buffered_rows(self) -> int:
        """Rows that nobody has taken."""
        return self._buffered.rows

    def add(self, batch: RecordBatch) -> None:
        """Buffer one batch; raises RowError, and buffers none of it, where a record is not what its topic
        holds.
        """
        decoded = [
            piece for record in batch.records for piece in rows_of(batch.topic, batch.partition, record)
        ]
        for piece in decoded:
            self._buffered.pieces.setdefault(piece.table.name, []).append(piece)
            self._buffered.rows += piece.count
        self._buffered.offsets[batch.topic, batch.partition] = batch.records[-1].offset + 1

    def take(self) -> Buffered:
        """All that was added since the last time."""
        taken, self._buffered = self._buffered, Buffered()
        return taken

    def insert(self, taken: Buffered) -> None:
        """Insert everything that was taken; only then its offsets may be committed.

        Raises LoadError; inserting the same again is harmless, as is the retry of an insert that timed out but was
        applied: the tables keep one row per key.
        """
        # the fewest rows first: awards and what else is rare need not wait for what there is much of
        for _, pieces in sorted(taken.pieces.items(), key=lambda one: sum(piece.count for piece in one[1])):
            for together in _blocks(pieces):
                self._insert(build_insert(together))

    def close(self) -> None:
        """Close the connection; rows that were not inserted are read again by the next owner."""
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
