"""What tells a topic from one of the same name that was made after it was deleted."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from kafka import KafkaAdminClient

from infra.settings import Settings


def topic_ids(settings: Settings, topics: Iterable[str]) -> dict[str, str]:
    """Kafka's ids of ``topics``, '' where it has none to tell (before 2.8). Raises kafka's errors."""
    admin = KafkaAdminClient(**settings.kafka_options())
    try:
        found = {one["name"]: one.get("topic_id") for one in admin.describe_topics(list(topics))}
    finally:
        admin.close()
    return {name: str(id_) if id_ and id_ != UUID(int=0) else "" for name, id_ in found.items()}
