"""Creating the topics, and refusing a set-up that differs from the settings."""

from __future__ import annotations

from contextlib import suppress

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from infra.settings import Settings
from schemas.topics import INTERNAL

MAX_MESSAGE_BYTES = 16 << 20


class TopicsDiffer(Exception):
    """A topic exists with another partition count than the settings say."""


def wanted_topics(settings: Settings) -> dict[str, tuple[int, dict[str, str]]]:
    """Name → (partitions, configuration) of every topic that kpistream needs."""
    wanted = {}
    for topic in INTERNAL:
        config = {
            "retention.ms": str(topic.retention_ms),
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "cleanup.policy": "delete",
        }
        wanted[topic.name] = (topic.partitions or settings.partitions, config)
    for name in settings.source_topics:
        # event time lives in the payload; a backfill must not be deleted for its age
        wanted[name] = (settings.partitions, {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"})
    return wanted


def create_topics(settings: Settings) -> list[str]:
    """Create what is missing and return it; raises TopicsDiffer where partitions of an existing topic differ.

    Business topics may have any number of partitions; internal ones are keyed by our partitioner, so theirs is fixed.
    """
    admin = KafkaAdminClient(**settings.kafka_options())
    try:
        existing = set(admin.list_topics())
        wanted = wanted_topics(settings)
        missing = [
            NewTopic(name, num_partitions=partitions, replication_factor=settings.replication, topic_configs=config)
            for name, (partitions, config) in wanted.items()
            if name not in existing
        ]
        if missing:
            with suppress(TopicAlreadyExistsError):  # another process was faster
                admin.create_topics(missing)
        _check_partitions(admin, settings)
        return [topic.name for topic in missing]
    finally:
        admin.close()


def _check_partitions(admin: KafkaAdminClient, settings: Settings) -> None:
    wanted = wanted_topics(settings)
    described = admin.describe_topics([topic.name for topic in INTERNAL])
    for topic in described:
        name, found = topic["name"], len(topic["partitions"])
        if found and found != wanted[name][0]:
            raise TopicsDiffer(
                f"topic {name} has {found} partitions, but KPISTREAM_PARTITIONS asks for {wanted[name][0]}: "
                f"set it to {found}; repartitioning would scatter what belongs together"
            )
