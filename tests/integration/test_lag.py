"""The lag exporter beside Kafka's own consumer-groups tool, and with the servers away."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.sales import plan_of, produce_sales
from infra.control_topic import apply_plan
from infra.lag.computation import Place
from infra.lag.kafka_reader import KafkaReader
from infra.local.artifacts import fetch
from infra.local.ports import PortReservation
from infra.local.stack import LocalStack
from schemas.plan_file import load_plan
from tests.integration.conftest import create_topic, eventually, settings_of
from tests.integration.forked import ForkedCommand
from tests.integration.pipeline import ROOT, Pipeline

#: Metrics of one page: (name, sorted labels) → value.
Page = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Exporter:
    """``kpistream lag-exporter`` as a process; ``page`` is one scrape."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._port = PortReservation()
        arguments = ["lag-exporter", "--interval", "0.2", "--web-port", str(self._port.port)]
        self.process = ForkedCommand("lag-exporter", arguments, log, environment)

    @property
    def port(self) -> int:
        return self._port.port

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def page(self) -> Page:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port.port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def close(self) -> None:
        self.process.stop(20)
        self._port.release()


@contextmanager
def exporter(environment: dict[str, str], folder: Path) -> Iterator[Exporter]:
    running = Exporter(environment, folder / "lag-exporter.log")
    try:
        running.process.wait_until(running.ready, 60)
        yield running
    finally:
        running.close()


def value(page: Page, name: str, **labels: object) -> float | None:
    return page.get((name, tuple(sorted((key, str(one)) for key, one in labels.items()))))


def of_exporter(page: Page) -> dict[tuple[str, str, int], tuple[int, int, int]]:
    """(group, topic, partition) → (committed, end, lag), of partitions with a commit."""
    found = {}
    for (name, labels), lag in page.items():
        if name == "kafka_consumergroup_lag" and lag >= 0:
            where = dict(labels)
            at = {"topic": where["topic"], "partition": where["partition"]}
            committed = value(page, "kafka_consumergroup_current_offset", **where)
            end = value(page, "kafka_topic_partition_current_offset", **at)
            found[where["consumergroup"], at["topic"], int(at["partition"])] = (int(committed), int(end), int(lag))
    return found


def of_kafkas_tool(bootstrap: str) -> dict[tuple[str, str, int], tuple[int, int, int] | None]:
    """The same from Kafka's own tool; None where it shows no commit."""
    command = [
        "java", "-Xmx128m", "-cp", f"{fetch().kafka_jars}/*",
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        "--bootstrap-server", bootstrap, "--describe", "--all-groups",
    ]  # fmt: skip
    done = subprocess.run(command, text=True, capture_output=True, timeout=90)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        cells = line.split()
        if len(cells) < 6 or cells[0] == "GROUP" or not cells[2].isdigit():
            continue
        group, topic, partition, committed, end, lag = cells[:6]
        known = committed != "-"
        found[group, topic, int(partition)] = (int(committed), int(end), int(lag)) if known else None
    return found


def commit(bootstrap: str, group: str, offsets: dict[tuple[str, int], int]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        consumer.assign([TopicPartition(*at) for at in offsets])
        consumer.commit({TopicPartition(*at): OffsetAndMetadata(offset, "", -1) for at, offset in offsets.items()})
    finally:
        consumer.close()


def test_every_figure_is_that_of_kafkas_own_tool(own_stack: LocalStack, tmp_path: Path):
    bootstrap = own_stack.kafka.bootstrap
    for name, partitions in (("busy", 3), ("idle", 2), ("fresh", 2)):
        create_topic(own_stack, name, partitions)
    first_ms = produce(bootstrap, "busy", (7, 5, 0))
    commit(bootstrap, "halfway", {("busy", 0): 4, ("busy", 1): 5})  # nothing on partition 2
    commit(bootstrap, "at-rest", {("idle", 0): 0, ("idle", 1): 0})
    joined = KafkaConsumer("fresh", bootstrap_servers=bootstrap, group_id="newcomer", enable_auto_commit=False)
    try:
        joined.poll(3000)  # a member with partitions and without commits
        with exporter(own_stack.connection.environment(), tmp_path) as running:
            page = running.page()
            tool = of_kafkas_tool(bootstrap)
    finally:
        joined.close()
    assert of_exporter(page) == {key: figures for key, figures in tool.items() if figures is not None}
    assert of_exporter(page) == {
        ("halfway", "busy", 0): (4, 7, 3), ("halfway", "busy", 1): (5, 5, 0),
        ("at-rest", "idle", 0): (0, 0, 0), ("at-rest", "idle", 1): (0, 0, 0),
    }  # fmt: skip
    without = [("newcomer", "fresh", 0), ("newcomer", "fresh", 1)]
    assert [key for key, figures in sorted(tool.items()) if figures is None] == without
    for group, topic, partition in [*without, ("halfway", "busy", 2)]:
        where = {"consumergroup": group, "topic": topic, "partition": partition}
        for name in ("current_offset", "lag"):
            assert value(page, f"kafka_consumergroup_{name}", **where) == -1
        assert value(page, "kpistream_consumergroup_lag_seconds", **where) == -1
    assert value(page, "kafka_consumergroup_lag_sum", consumergroup="halfway", topic="busy") == 3
    assert value(page, "kafka_consumergroup_members", consumergroup="newcomer") == 1
    assert value(page, "kafka_consumergroup_members", consumergroup="halfway") == 0
    assert value(page, "kafka_topic_partitions", topic="busy") == 3
    assert value(page, "kafka_brokers") == 1
    behind = value(page, "kpistream_consumergroup_lag_seconds", consumergroup="halfway", topic="busy", partition=0)
    assert 0 < behind <= time.time() - first_ms / 1000
    level = value(page, "kpistream_consumergroup_lag_seconds", consumergroup="halfway", topic="busy", partition=1)
    assert level == 0


def produce(bootstrap: str, topic: str, counts: tuple[int, ...]) -> int:
    """Records into each partition; the time of the first one in ms."""
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    try:
        sent = [
            producer.send(topic, b"x" * 50, partition=partition)
            for partition, count in enumerate(counts)
            for _ in range(count)
        ]
        return min(one.get(20).timestamp for one in sent)
    finally:
        producer.close()


def test_seconds_behind_are_the_age_of_the_record_at_the_commit_even_in_large_batches(
    own_stack: LocalStack, tmp_path: Path
):
    bootstrap = own_stack.kafka.bootstrap
    create_topic(own_stack, "large", 3)
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=4 << 20)
    times = {}
    for partition in range(3):  # each record larger than what the exporter asks for at once
        sent = [producer.send("large", b"x" * 300_000, partition=partition).get(20) for _ in range(2)]
        times[partition] = [one.timestamp / 1000 for one in sent]
        time.sleep(0.3)
    producer.close()
    commit(bootstrap, "slow", {("large", partition): 1 for partition in range(3)})
    commit(bootstrap, "slower", {("large", partition): 0 for partition in range(3)})  # the same place twice
    with exporter(own_stack.connection.environment(), tmp_path) as running:
        page, now = running.page(), time.time()
    for group, offset in (("slow", 1), ("slower", 0)):
        for partition in range(3):
            where = {"consumergroup": group, "topic": "large", "partition": partition}
            seconds = value(page, "kpistream_consumergroup_lag_seconds", **where)
            assert seconds == pytest.approx(now - times[partition][offset], abs=3)
        ages = [
            value(page, "kpistream_consumergroup_lag_seconds", consumergroup=group, topic="large", partition=partition)
            for partition in range(3)
        ]
        gaps = [times[partition + 1][offset] - times[partition][offset] for partition in range(2)]
        assert [ages[at] - ages[at + 1] for at in range(2)] == pytest.approx(gaps, abs=0.002)


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_waiting_records_are_read_whatever_compression_their_producer_chose(
    stack: LocalStack, topic: str, compression: str
):
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap, "compression.type": compression, "linger.ms": 200})
    times = []
    for _ in range(3):  # one batch, or it would not be compressed
        producer.produce(topic, b"x" * 5000, on_delivery=lambda _, message: times.append(message.timestamp()[1]))
    assert producer.flush(30) == 0
    place = Place(topic, 0)
    reader = KafkaReader(settings_of(stack.connection.environment()))
    try:
        assert reader.record_times([(place, 1)]) == {(place, 1): times[1]}
    finally:
        reader.close()


def test_a_stopped_worker_shows_as_lag_and_old_checkpoints_and_servers_away_as_down(
    own_stack: LocalStack, tmp_path: Path
):
    plan = plan_of(load_plan(ROOT / "plans" / "benchmark-tiers.yaml"), employees=10)
    with Pipeline(own_stack, partitions=2) as pipeline, exporter(pipeline.environment, tmp_path) as running:
        apply_plan(pipeline.settings, plan)
        produce_sales(pipeline.settings.kafka_bootstrap, "events.sales", 500, 10)
        pipeline.wait_until_drained()
        assert eventually(lambda: intake_lag(running.page()) == 0)
        assert eventually(lambda: {"crediting", "performance", "rollups"} <= stages_with_checkpoint(running.page()))
        pipeline.stop_worker()
        produce_sales(pipeline.settings.kafka_bootstrap, "events.sales", 300, 10)
        assert eventually(lambda: intake_lag(running.page()) == 300)
        assert eventually(lambda: value(running.page(), "kafka_consumergroup_members",
                                        consumergroup="kpistream-intake") == 0, 30)  # fmt: skip
        tool = of_kafkas_tool(pipeline.settings.kafka_bootstrap)
        assert of_exporter(running.page()) == {key: figures for key, figures in tool.items() if figures is not None}
        pipeline.sink.kill()  # it would wait for ClickHouse at its end
        before = oldest_checkpoint(running.page(), "crediting")
        own_stack.clickhouse.stop()
        assert eventually(lambda: value(running.page(), "kpistream_lag_exporter_clickhouse_up") == 0)
        assert eventually(lambda: oldest_checkpoint(running.page(), "crediting") > before + 1)
        assert intake_lag(running.page()) == 300
        own_stack.kafka.stop()
        assert eventually(lambda: running.page() == {("kpistream_lag_exporter_up", ()): 0.0}, 40)
        assert not running.ready()


def intake_lag(page: Page) -> float | None:
    return value(page, "kafka_consumergroup_lag_sum", consumergroup="kpistream-intake", topic="events.sales")


def stages_with_checkpoint(page: Page) -> set[str]:
    return {dict(labels)["stage"] for name, labels in page if name == "kpistream_checkpoint_age_seconds"}


def oldest_checkpoint(page: Page, stage: str) -> float:
    return max(
        age
        for (name, labels), age in page.items()
        if name == "kpistream_checkpoint_age_seconds" and dict(labels)["stage"] == stage
    )
