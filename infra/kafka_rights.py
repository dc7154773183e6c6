"""What each kind of account may do in Kafka, and granting it: the brokers need an authorizer (docs/security.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from kafka.admin import ACLResourcePatternType as Match

from infra.settings import Settings
from schemas.topics import CONTROL, INTERNAL, PAYMENTS, PAYOUTS


@dataclass(frozen=True)
class Right:
    """``operations`` on one resource; ``prefixed``: on all whose names begin so."""

    resource: ResourceType
    name: str
    operations: tuple[ACLOperation, ...]
    prefixed: bool = False


_READ = (ACLOperation.READ, ACLOperation.DESCRIBE)
_WRITE = (ACLOperation.WRITE, ACLOperation.DESCRIBE)
_ALL = (ACLOperation.ALL,)
#: What only operators write: which plan holds, what is paid.
_COMMANDS = (CONTROL.name, PAYOUTS.name, PAYMENTS.name)


def producer_rights(settings: Settings) -> list[Right]:
    """Business systems write events, and read nothing."""
    return [Right(ResourceType.TOPIC, topic, _WRITE) for topic in settings.source_topics]


def worker_rights(settings: Settings) -> list[Right]:
    """Our processes read everything and write what they make; what operators decide is not theirs to write."""
    made = [topic.name for topic in INTERNAL if topic.name not in _COMMANDS]
    return [
        *(Right(ResourceType.TOPIC, topic, _READ) for topic in (*settings.source_topics, *_COMMANDS)),
        *(Right(ResourceType.TOPIC, topic, (*_READ, ACLOperation.WRITE)) for topic in made),
        Right(ResourceType.GROUP, f"{settings.group_prefix}-", _READ, prefixed=True),
        Right(ResourceType.CLUSTER, "kafka-cluster", (ACLOperation.DESCRIBE,)),
    ]


def operator_rights(settings: Settings) -> list[Right]:
    """Operators create topics, apply plans, close periods, replay dead letters."""
    topics = (*settings.source_topics, *(topic.name for topic in INTERNAL))
    return [
        *(Right(ResourceType.TOPIC, topic, _ALL) for topic in topics),
        Right(ResourceType.GROUP, f"{settings.group_prefix}-", _ALL, prefixed=True),
        Right(ResourceType.CLUSTER, "kafka-cluster", (ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS)),
    ]


ROLES = {"producer": producer_rights, "worker": worker_rights, "operator": operator_rights}


def grant(settings: Settings, accounts: Iterable[tuple[str, str]]) -> None:
    """Give (role, account) pairs their rights; a second time changes nothing. Raises kafka's errors."""
    acls = [
        ACL(f"User:{account}", "*", operation, ACLPermissionType.ALLOW,
            ResourcePattern(right.resource, right.name, Match.PREFIXED if right.prefixed else Match.LITERAL))
        for role, account in accounts
        for right in ROLES[role](settings)
        for operation in right.operations
    ]  # fmt: skip
    admin = KafkaAdminClient(**settings.kafka_options())
    try:
        for error in admin.create_acls(acls)["failed"]:
            raise error
    finally:
        admin.close()
