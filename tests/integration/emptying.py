"""A stack with nothing in it, as a new one has it, without the seconds that two servers take to start."""

from __future__ import annotations

import time

from clickhouse_driver import Client
from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError

from infra.local.stack import LocalStack

#: Of the servers themselves.
_INTERNAL = "__"
_KEPT = ("system", "information_schema", "INFORMATION_SCHEMA", "default")


def start_again(stack: LocalStack) -> None:
    """What a test stopped or killed runs again."""
    for server in (stack.clickhouse, stack.kafka):
        if server.pid is None:
            server.start()


def empty(stack: LocalStack, seconds: float = 30) -> None:
    """No topics, no consumer groups, no databases."""
    with stack.clickhouse.client() as client:
        _drop_databases(client)
    admin, deadline = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap), time.monotonic() + seconds
    try:
        while left := _delete(admin):
            if time.monotonic() > deadline:
                raise AssertionError(f"Kafka still holds {left}")
            time.sleep(0.1)
    finally:
        admin.close()


def _drop_databases(client: Client) -> None:
    for (name,) in client.execute("SHOW DATABASES"):
        if name not in _KEPT:
            client.execute(f"DROP DATABASE `{name}` SYNC")
    for (name,) in client.execute("SHOW TABLES FROM default"):
        client.execute(f"DROP TABLE default.`{name}` SYNC")


def _delete(admin: KafkaAdminClient) -> list[str]:
    """What was still there, or what the broker is still busy with, such as loading groups after a start."""
    try:
        return _deleted(admin)
    except KafkaError as error:
        if not error.retriable:
            raise
        return [repr(error)]


def _deleted(admin: KafkaAdminClient) -> list[str]:
    """Members of killed processes would stay in their groups for the time of a session."""
    topics = [name for name in admin.list_topics() if not name.startswith(_INTERNAL)]
    groups = [one["group_id"] for one in admin.list_groups()]
    for group, found in admin.describe_groups(groups).items() if groups else ():
        if members := [MemberToRemove(one["member_id"]) for one in found["members"]]:
            admin.remove_group_members(group, members)
    if groups:
        admin.delete_groups(groups)
    if topics:
        admin.delete_topics(topics)
    return topics + groups
