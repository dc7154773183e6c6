"""That topics are those that were read before, by Kafka's ids of them: at the start, and now and then while running.

A topic that is deleted and made anew begins at offset 0 again, and positions are how stages and tables recognise what
they have. A stage with state keeps the id in its checkpoints (``state_layout``). Of what is read by committed offsets,
which Kafka forgets with the topic, the ids are noted in the checkpoint store, under a stage of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from runtime.checkpoints import Checkpoint, CheckpointStore, until_answered
from runtime.failing import fatal

log = logging.getLogger(__name__)

#: Of the checkpoints that hold ids by topic.
STAGE = "topics"
_EVERY_SECONDS = 15.0

Ids = Mapping[str, str]


class Reader(NamedTuple):
    """Who reads which topics, and what to do where one of them is another: a sentence without its full stop."""

    role: str
    topics: Sequence[str]
    advice: str


def identity_refusal(reader: Reader, before: Ids, now: Ids, taken_over: Collection[str]) -> str | None:
    """Why ``reader`` must not read its topics on; None if it may. What Kafka tells no id of is not compared."""
    for topic in sorted(reader.topics):
        known, found = before.get(topic), now.get(topic)
        if known and found and known != found and f"{topic}:{found}" not in taken_over:
            return (
                f"{reader.role}: {topic} was read with the id {known} and has the id {found} now: it was deleted and "
                f"made anew. {reader.advice}. Only where every record is at its old offset, as in a copy of all of "
                f"Kafka: KPISTREAM_TOPICS_TAKEN_OVER={topic}:{found}"
            )
    return None


async def recognise(reader: Reader, now: Ids, store: CheckpointStore, taken_over: Collection[str]) -> None:
    """Compare with what is noted in the store, end the process where it differs, and note what is new."""
    known = await until_answered(lambda: store.load(STAGE, 0))
    before = {topic: value.decode() for topic, value in known.rows.items()} if known else {}
    if refusal := identity_refusal(reader, before, now, taken_over):
        fatal(refusal)
    ids = {topic: now.get(topic) for topic in reader.topics}
    new = {topic: found.encode() for topic, found in ids.items() if found and before.get(topic) != found}
    if new:
        noted = Checkpoint(STAGE, 0, known.next_offset + 1 if known else 1, new)
        await until_answered(lambda: store.save([noted]))


async def watch(readers: Sequence[Reader], before: Ids, ask: Callable[[], Ids], taken_over: Collection[str]) -> None:
    """Until cancelled: end the process when a topic has become another. ``ask`` may block, and fail."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            now = await asyncio.to_thread(ask)
        except Exception as error:
            log.warning("ids of topics unknown", extra={"error": repr(error)})
            continue
        for reader in readers:
            if refusal := identity_refusal(reader, before, now, taken_over):
                fatal(refusal)
        before = {**before, **{topic: found for topic, found in now.items() if found}}
