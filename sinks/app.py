"""The sink: one Faust agent that loads every internal topic into ClickHouse. Insert, then commit."""

from __future__ import annotations

import asyncio
import logging
import time

from infra import metrics
from infra.logs import logging_config
from infra.settings import load_settings
from infra.topic_ids import topic_ids
from runtime.app import make_app
from runtime.channels import BatchChannel
from runtime.failing import fatal
from runtime.log_bounds import RESTORE
from runtime.memory import settle
from runtime.sink_source import SinkSource
from runtime.topic_identity import Reader, recognise, watch
from runtime.trouble import Trouble
from runtime.uninterrupted import to_the_end
from runtime.web import add_pages
from sinks.checkpoints import open_store
from sinks.connection import from_settings
from sinks.loader import Loader, LoadError, loader_client
from sinks.rows import LOADED_TOPICS, RowError

log = logging.getLogger("kpistream")
settings = load_settings()

_FLUSH_SECONDS = 0.5
_FLUSH_ROWS = 200_000

app = make_app("sink-app", settings, logging_config(settings.log_format))
batches = BatchChannel(app, maxsize=16)
source: SinkSource | None = None


class _Flusher:
    """Inserts twice a second, or sooner when much has come."""

    def __init__(self) -> None:
        self.loader = Loader(lambda: loader_client(from_settings(settings)))
        self.lock = asyncio.Lock()
        self.waits = False  # for ClickHouse
        self._failing = Trouble(log, "rows are inserted again")

    async def add(self, batch) -> None:
        """Buffer one batch; flush when the buffer is large."""
        async with self.lock:
            try:
                self.loader.add(batch)
            except RowError as error:
                fatal(f"sink: {error}")
        if self.loader.buffered_rows >= _FLUSH_ROWS:
            await self.flush()

    async def flush(self) -> None:
        """Insert what is buffered, then commit the offsets it reaches to."""
        await to_the_end(self._flush())  # cut off, its thread would go on inserting beside the next flush

    async def _flush(self) -> None:
        async with self.lock:
            started = time.perf_counter()
            while True:
                try:
                    reached = await asyncio.to_thread(self.loader.flush)
                    break
                except LoadError as error:
                    # ClickHouse may be away for long; nothing is committed, polling waits behind the full channel
                    self._failing.met("insert failed, going on trying", error)
                    self.waits = True
            self.waits = False
            self._failing.over()
            if reached:
                await source.commit(reached)
                metrics.SINK_SECONDS.observe(time.perf_counter() - started)


flusher: _Flusher | None = None


@app.agent(batches, name="loader")
async def loader(stream):
    """Every internal topic to its tables."""
    async for batch in stream:
        await flusher.add(batch)


@app.task()
async def run_sink() -> None:
    """Start what feeds the loader."""
    global source, flusher
    flusher = _Flusher()
    ids = await asyncio.to_thread(_ids)
    reader = Reader("sink", LOADED_TOPICS, RESTORE)
    await recognise(reader, ids, open_store(settings), settings.topics_taken_over)
    app.add_future(watch([reader], ids, _ids, settings.topics_taken_over))
    source = SinkSource(batches, LOADED_TOPICS, settings, flusher.flush, lambda: flusher.waits)
    await app.add_runtime_dependency(source)
    settle()
    while not app.should_stop:
        await asyncio.sleep(_FLUSH_SECONDS)
        await flusher.flush()


def _ids() -> dict[str, str]:
    return topic_ids(settings, LOADED_TOPICS)


add_pages(app, lambda: [] if source is not None and source.ready else ["partitions"])
