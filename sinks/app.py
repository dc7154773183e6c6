"""The sink: one Faust agent that loads every internal topic into ClickHouse. Insert, then commit."""

from __future__ import annotations

import asyncio

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
from runtime.web import add_pages
from schemas.topics import CREDITS, FACTS
from sinks.checkpoints import open_store
from sinks.connection import from_settings
from sinks.lane import Lane
from sinks.loader import Loader, loader_client
from sinks.rows import LOADED_TOPICS, RowError

settings = load_settings()

#: Facts and credits, of which there is most, and what people look at: values and awards do not wait for the others.
_TRACES, _VALUES = "traces", "values"

app = make_app("sink-app", settings, logging_config(settings.log_format))
batches = BatchChannel(app, maxsize=16)
source: SinkSource | None = None


def _lane(name: str) -> Lane:
    return Lane(name, Loader(lambda: loader_client(from_settings(settings))), lambda reached: source.commit(reached))


lanes: dict[str, Lane] = {}


@app.agent(batches, name="loader")
async def loader(stream):
    """Every internal topic to its tables."""
    async for batch in stream:
        try:
            await lanes[_lane_of(batch.topic)].add(batch)
        except RowError as error:
            fatal(f"sink: {error}")


@app.task()
async def run_sink() -> None:
    """Start what feeds the loader."""
    global source
    lanes.update({name: _lane(name) for name in (_TRACES, _VALUES)})
    ids = await asyncio.to_thread(_ids)
    reader = Reader("sink", LOADED_TOPICS, RESTORE)
    await recognise(reader, ids, open_store(settings), settings.topics_taken_over)
    app.add_future(watch([reader], ids, _ids, settings.topics_taken_over))
    source = SinkSource(batches, LOADED_TOPICS, settings, _flush, lambda: any(lane.waits for lane in lanes.values()))
    await app.add_runtime_dependency(source)
    settle()
    for lane in lanes.values():
        app.add_future(lane.run())


def _lane_of(topic: str) -> str:
    return _TRACES if topic in (FACTS.name, CREDITS.name) else _VALUES


async def _flush() -> None:
    await asyncio.gather(*(lane.flush() for lane in lanes.values()))


def _ids() -> dict[str, str]:
    return topic_ids(settings, LOADED_TOPICS)


add_pages(app, lambda: [] if source is not None and source.ready else ["partitions"])
