"""The worker: intake, crediting, performance and rollups as Faust agents over record batches.

``faust -A streams.app worker`` and ``kpistream worker`` both run ``app``.
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from infra.logs import logging_config
from infra.mappings_file import load_mappings
from infra.plugins import load
from infra.settings import load_settings
from infra.topic_ids import topic_ids
from runtime.app import make_app
from runtime.award_log import AwardLog
from runtime.channels import BatchChannel
from runtime.checkpoints import until_answered
from runtime.control import ControlFollower
from runtime.failing import fatal
from runtime.log_bounds import NEW_NAME, RESTORE, partitions_refusal
from runtime.memory import settle
from runtime.producing import Sender, partition_by_key
from runtime.rounds import round_ended
from runtime.source import RecordBatchSource
from runtime.stage import StageRunner
from runtime.topic_identity import Reader, recognise, watch
from runtime.web import add_pages
from schemas.control import PlanApplied
from schemas.event_types import EventTypes
from schemas.topics import CREDITS, FACTS, INTERNAL, KPI_UPDATES
from streams.crediting.sources import next_offset_of, source_key
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups
from streams.stage_folds import CreditingFold, IntakeFold
from streams.state_layouts import layout_of

settings = load_settings()

app = make_app("worker", settings, logging_config(settings.log_format))

producer: AIOKafkaProducer | None = None
runners: dict[str, StageRunner] = {}
sources: list[RecordBatchSource] = []
facts_of = Intake(settings.partitions, EventTypes({}), load_mappings(settings.mappings), settings.max_event_bytes)

channels = {stage: BatchChannel(app, maxsize=1) for stage in ("intake", "crediting", "performance", "rollups")}
_TOPICS = {
    "intake": settings.source_topics,
    "crediting": (FACTS.name,),
    "performance": (CREDITS.name,),
    "rollups": (KPI_UPDATES.name,),
}


@app.agent(channels["intake"], name="intake")
async def intake(batches):
    """Business events to facts."""
    async for together in batches:
        await runners["intake"].process(*together)


@app.agent(channels["crediting"], name="crediting")
async def crediting(batches):
    """Facts to credits."""
    async for together in batches:
        await runners["crediting"].process(*together)


@app.agent(channels["performance"], name="performance")
async def performance(batches):
    """Credits to KPI values, awards and earnings."""
    async for together in batches:
        await runners["performance"].process(*together)


@app.agent(channels["rollups"], name="rollups")
async def rollups(batches):
    """KPI values of persons to those of units, and what units reach."""
    async for together in batches:
        await runners["rollups"].process(*together)


def _make_fold(stage: str):
    if stage == "intake":
        return lambda at, offset: IntakeFold(at.topic, at.partition, offset, facts_of)
    if stage == "rollups":
        return lambda at, offset: Rollups(at.partition)
    fold = {"crediting": CreditingFold, "performance": Performance}[stage]
    return lambda at, offset: fold(at.partition, settings.partitions)


def _plan_applied(control: PlanApplied) -> None:
    facts_of.set_types(EventTypes(control.plan.events))


@app.task()
async def run_stages() -> None:
    """Start what feeds the agents, once the agents are there."""
    global producer
    producer = AIOKafkaProducer(
        **settings.kafka_options(),
        enable_idempotence=True,
        acks="all",
        max_request_size=16 << 20,
        # one batch of a partition is on its way at a time: at the usual 16 kB a burst of awards took dozens of them
        max_batch_size=1 << 20,
        partitioner=partition_by_key,
    )
    await producer.start()
    await _check_topics()
    ids = await asyncio.to_thread(_ids)
    if "intake" in settings.stages:
        store = load(settings.checkpoint_store)(settings)
        await recognise(_reader("intake"), ids, store, settings.topics_taken_over)
        follower = ControlFollower(settings, _plan_applied)
        await app.add_runtime_dependency(follower)
        await follower.caught_up.wait()
    # side by side: after a kill each group waits for its dead member to time out
    told = app.add_runtime_dependency(AwardLog(settings))
    await asyncio.gather(told, *(_start(stage, ids) for stage in settings.stages))
    app.add_future(watch([*map(_reader, settings.stages)], ids, _ids, settings.topics_taken_over))
    settle()


def _reader(stage: str) -> Reader:
    return Reader(stage, _TOPICS[stage], NEW_NAME if stage == "intake" else RESTORE)


def _ids() -> dict[str, str]:
    return topic_ids(settings, [topic for stage in settings.stages for topic in _TOPICS[stage]])


async def _check_topics() -> None:
    wanted = {topic.name: topic.partitions or settings.partitions for topic in INTERNAL}
    found = {}
    for topic in wanted:
        try:
            found[topic] = len(await producer.partitions_for(topic))
        except UnknownTopicOrPartitionError:
            found[topic] = 0
    if refusal := partitions_refusal(found, wanted):
        fatal(refusal)


async def _start(stage: str, ids: dict[str, str]) -> None:
    store = load(settings.checkpoint_store)(settings)
    stateless = stage == "intake"
    topic = _TOPICS[stage][0]
    layout = layout_of(stage, settings.partitions, topic, ids.get(topic, ""), settings.topics_taken_over)
    runners[stage] = StageRunner(
        stage, _make_fold(stage), Sender(producer, stage), None if stateless else store, layout, joins=stateless
    )
    more = {}
    if stage == "intake":
        more = {"counted_to": partial(_counted_to, store), "columns": True, "round_ended": _round_ended}
    source = RecordBatchSource(runners[stage], channels[stage], _TOPICS[stage], settings, **more)
    sources.append(source)
    await app.add_runtime_dependency(sources[-1])


async def _round_ended() -> None:
    await round_ended([runners[stage] for stage in ("intake", "crediting", "performance") if stage in runners])


async def _counted_to(store, partition: TopicPartition) -> int:
    key = source_key(partition.topic, partition.partition)
    return next_offset_of(await until_answered(lambda: store.values("crediting", key)))


@app.on_before_shutdown.connect
async def _close(sender, **kwargs) -> None:
    # Faust would stop the sources only after this, and their last results need the producer
    await asyncio.gather(*(source.stop() for source in sources))
    if producer is not None:
        await producer.stop()


def _waiting_for() -> list[str]:
    return [f"partitions of {stage}" for stage in settings.stages if not (stage in runners and runners[stage].ready)]


add_pages(app, _waiting_for)
