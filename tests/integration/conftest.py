"""Helpers for tests on real servers."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from clickhouse_driver import Client
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.consumer.fetcher import ConsumerRecord

from infra.local.stack import LocalStack
from infra.settings import Settings
from tests.integration.emptying import empty, start_again
from tests.integration.forked import end_forking


def pytest_sessionfinish() -> None:
    """Nothing that a test run started outlives it."""
    end_forking()


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables alone, as a process with these has them."""
    fields = {name.removeprefix("KPISTREAM_").lower(): value for name, value in environment.items()}
    return Settings(_env_file=None, **fields)


def emptied(stack: LocalStack) -> Iterator[LocalStack]:
    """The servers with nothing in them, for what needs topics and tables of fixed names, or kills servers."""
    empty(stack)
    yield stack
    start_again(stack)


#: For one test; or for the tests of one module together, none of which asks for ``own_stack``.
own_stack = pytest.fixture(emptied, name="own_stack")
module_stack = pytest.fixture(emptied, name="module_stack", scope="module")


@pytest.fixture
def topic(stack: LocalStack, unique_prefix: str) -> str:
    """An empty topic with one partition."""
    create_topic(stack, unique_prefix)
    return unique_prefix


@pytest.fixture
def writer(stack: LocalStack) -> Iterator[Client]:
    """A ClickHouse client with the rights of workers and sinks."""
    with stack.clickhouse.client() as client:
        yield client


def create_topic(stack: LocalStack, name: str, partitions: int = 1) -> None:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
    try:
        admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        admin.close()


def send(stack: LocalStack, topic: str, value: bytes, **options: object) -> None:
    """Produce one record and wait until the broker has it."""
    producer = KafkaProducer(bootstrap_servers=stack.kafka.bootstrap, max_request_size=16_000_000,
                             max_block_ms=5000)
    try:
        producer.send(topic, value, **options).get(20)
    finally:
        producer.close()


def read_all(stack: LocalStack, topic: str, number: int = 0) -> list[ConsumerRecord]:
    """Every record that is in one partition of a topic now."""
    partition = TopicPartition(topic, number)
    consumer = KafkaConsumer(bootstrap_servers=stack.kafka.bootstrap, auto_offset_reset="earliest",
                             max_partition_fetch_bytes=16_000_000)
    try:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        records: list[ConsumerRecord] = []
        while consumer.position(partition) < end:
            records += consumer.poll(1000).get(partition, [])
        return records
    finally:
        consumer.close()


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def children(pid: int) -> list[int]:
    """Process ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
