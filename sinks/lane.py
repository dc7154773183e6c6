"""Topics that are loaded together: buffered, inserted twice a second or sooner when much has come, then committed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from infra import metrics
from runtime.records import RecordBatch
from runtime.trouble import Trouble
from runtime.uninterrupted import to_the_end
from sinks.loader import Loader, LoadError

log = logging.getLogger("kpistream")

_FLUSH_SECONDS = 0.5
_FLUSH_ROWS = 200_000

#: Commits next offsets by (topic, partition).
Commit = Callable[[dict[tuple[str, int], int]], Awaitable[None]]


class Lane:
    """Batches come in while others are being inserted; where inserts do not keep up, ``add`` waits."""

    def __init__(self, name: str, loader: Loader, commit: Commit) -> None:
        self.waits = False  # for ClickHouse
        self._loader, self._commit = loader, commit
        self._inserting = asyncio.Lock()
        self._full, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._failing = Trouble(log, "rows are inserted again", stage=name)

    async def add(self, batch: RecordBatch) -> None:
        """Buffer one batch; raises RowError, and buffers none of it, where a record is not what its topic holds."""
        await self._room.wait()
        self._loader.add(batch)
        if self._loader.buffered_rows >= _FLUSH_ROWS:
            self._room.clear()
            self._full.set()

    async def run(self) -> None:
        """Flush for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FLUSH_SECONDS):  # wait_for may lose a cancellation, until Python 3.12
                    await self._full.wait()
            await self.flush()

    async def flush(self) -> None:
        """Insert what is buffered, then commit the offsets it reaches to."""
        await to_the_end(self._flush())  # cut off, its thread would go on inserting beside the next flush

    async def _flush(self) -> None:
        async with self._inserting:
            started = time.perf_counter()
            taken = self._loader.take()
            self._full.clear()
            self._room.set()
            if not taken.offsets:
                return
            while True:
                try:
                    await asyncio.to_thread(self._loader.insert, taken)
                    break
                except LoadError as error:
                    # ClickHouse may be away for long; nothing is committed, and a full buffer lets nothing in
                    self._failing.met("insert failed, going on trying", error)
                    self.waits = True
            self.waits = False
            self._failing.over()
            await self._commit(taken.offsets)
            metrics.SINK_SECONDS.observe(time.perf_counter() - started)
