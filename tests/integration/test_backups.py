"""Back-up and restore of ClickHouse, and the sink's place in the topics; with processes under load: tests/chaos."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

import infra.backup_cli
from infra.clickhouse.migrate import migrate
from infra.local.stack import LocalStack
from infra.sink_positions import SinkPositions
from infra.topic_admin import create_topics
from runtime.checkpoints import Checkpoint
from schemas.topics import AWARDS, OUTCOMES
from sinks.checkpoints import open_store
from sinks.connection import from_settings
from tests.integration.pipeline import Pipeline

OUTCOME, AWARD = (OUTCOMES.name, 0), (AWARDS.name, 1)


@pytest.fixture(scope="module")
def used(module_stack: LocalStack) -> Iterator[Pipeline]:
    """Topics and tables, no processes; five outcomes and three awards."""
    pipeline = Pipeline(module_stack, partitions=2)
    create_topics(pipeline.settings)
    migrate(from_settings(pipeline.settings))
    producer = KafkaProducer(**pipeline.settings.kafka_options())
    for topic, partition in [OUTCOME] * 5 + [AWARD] * 3:
        producer.send(topic, b"{}", partition=partition).get(30)
    producer.close()
    yield pipeline
    pipeline.stop()


def _committed(used: Pipeline) -> dict[tuple[str, int], int]:
    with SinkPositions(used.settings) as sink:
        return {at: offset for at, offset in sink.committed().items() if offset}


def _commit(used: Pipeline, **offsets: int) -> None:
    places = {"outcome": TopicPartition(*OUTCOME), "award": TopicPartition(*AWARD)}
    consumer = KafkaConsumer(**used.settings.kafka_options(), group_id="kpistream-sink", enable_auto_commit=False)
    consumer.assign(list(places.values()))
    consumer.commit({places[name]: OffsetAndMetadata(offset, "", -1) for name, offset in offsets.items()})
    consumer.close()


def _said(used: Pipeline, *command: str, code: int = 0) -> str:
    result = used.command(*command)
    assert result.exit_code == code, result.output
    return result.output


def test_a_backup_brings_back_tables_checkpoints_and_the_place_of_the_sink(used: Pipeline):
    store = open_store(used.settings)
    store.save([Checkpoint("performance", 0, 7, {"key": b"old"})])
    _commit(used, outcome=3, award=2)
    assert "first: " in _said(used, "backup", "first")
    store.save([Checkpoint("performance", 0, 9, {"key": b"new"})])
    _commit(used, outcome=5, award=3)
    assert "already exists" in _said(used, "backup", "first", code=1)
    assert "there are tables or views already" in _said(used, "restore", "first", code=1)
    used.query("DROP DATABASE bi")
    used.query("DROP DATABASE kpistream")
    assert "never not restored" in _said(used, "restore", "never", code=1)
    said = _said(used, "restore", "first")
    assert "3 records to load again" in said, said
    assert _committed(used) == {OUTCOME: 3, AWARD: 2}
    assert store.load("performance", 0) == Checkpoint("performance", 0, 7, {"key": b"old"})
    assert used.query("SELECT count() FROM bi.awards") == [(0,)]
    assert migrate(from_settings(used.settings)) == []


def test_the_sink_is_set_back_to_a_time_to_the_start_or_to_the_newest_backup(used: Pipeline):
    _commit(used, outcome=4, award=2)
    _said(used, "backup", "second")
    _commit(used, outcome=5, award=3)
    assert "2 records" in _said(used, "reload")
    assert _committed(used) == {OUTCOME: 4, AWARD: 2}
    assert "6 records" in _said(used, "reload", "--from-start")
    assert _committed(used) == {}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    assert "0 records" in _said(used, "reload", "--since", now)
    assert _committed(used) == {OUTCOME: 5, AWARD: 3}
    assert "8 records" in _said(used, "reload", "--since", "2020-01-01T00:00:00Z")
    assert "RFC 3339" in _said(used, "reload", "--since", "yesterday", code=2)
    assert "exclude each other" in _said(used, "reload", "--since", now, "--from-start", code=2)


def test_under_running_processes_nothing_is_restored(used: Pipeline, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(infra.backup_cli, "_MEMBERS_SECONDS", 0.5)
    worker = KafkaConsumer("credits", **used.settings.kafka_options(), group_id="kpistream-performance")
    worker.poll(3000)
    assert "stop workers and sinks first: kpistream-performance" in _said(used, "restore", "second", code=1)
    worker.close()
    sink = KafkaConsumer("outcomes", **used.settings.kafka_options(), group_id="kpistream-sink")
    sink.poll(3000)
    assert "stop workers and sinks first: kpistream-sink" in _said(used, "reload", code=1)
    sink.close()


@pytest.mark.parametrize("name", ["../x", "a b", "x')", ""])
def test_a_name_is_a_name(used: Pipeline, name: str):
    assert "expected letters" in _said(used, "backup", name, code=2)
