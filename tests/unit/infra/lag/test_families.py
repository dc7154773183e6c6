"""A reading as a page of metrics: the names and labels that kafka_exporter's dashboards expect."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from infra.lag.computation import Group, Partition, Place, Snapshot, lags
from infra.lag.families import Reading, families

A0, A1 = Place("a", 0), Place("a", 1)


class Fixed(Collector):
    def __init__(self, reading: Reading | None) -> None:
        self._reading = reading

    def collect(self):
        return families(self._reading)


def page(reading: Reading | None) -> list[str]:
    registry = CollectorRegistry()
    registry.register(Fixed(reading))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_every_metric_of_a_group_and_its_topic():
    partitions = {A0: Partition(2, 100, 1, 3, 2), A1: Partition(0, 50, 2, 3, 3, False)}
    snapshot = Snapshot(3, partitions, {"g": Group(2, {A0: 90})}, {1: "one:9092"})
    ages = {("crediting", "g", A0): 1.5}
    reading = Reading(snapshot, lags(snapshot), {(A0, 90): 4_000}, ages, 6_500, clickhouse=False)
    assert page(reading) == [
        "kpistream_lag_exporter_up 1.0",
        "kpistream_lag_exporter_clickhouse_up 0.0",
        "kafka_brokers 3.0",
        'kafka_broker_info{address="one:9092",id="1"} 1.0',
        'kafka_topic_partition_current_offset{partition="0",topic="a"} 100.0',
        'kafka_topic_partition_current_offset{partition="1",topic="a"} 50.0',
        'kafka_topic_partition_oldest_offset{partition="0",topic="a"} 2.0',
        'kafka_topic_partition_oldest_offset{partition="1",topic="a"} 0.0',
        'kafka_topic_partition_leader{partition="0",topic="a"} 1.0',
        'kafka_topic_partition_leader{partition="1",topic="a"} 2.0',
        'kafka_topic_partition_replicas{partition="0",topic="a"} 3.0',
        'kafka_topic_partition_replicas{partition="1",topic="a"} 3.0',
        'kafka_topic_partition_in_sync_replica{partition="0",topic="a"} 2.0',
        'kafka_topic_partition_in_sync_replica{partition="1",topic="a"} 3.0',
        'kafka_topic_partition_leader_is_preferred{partition="0",topic="a"} 1.0',
        'kafka_topic_partition_leader_is_preferred{partition="1",topic="a"} 0.0',
        'kafka_topic_partition_under_replicated_partition{partition="0",topic="a"} 1.0',
        'kafka_topic_partition_under_replicated_partition{partition="1",topic="a"} 0.0',
        'kafka_topic_partitions{topic="a"} 2.0',
        'kafka_consumergroup_members{consumergroup="g"} 2.0',
        'kafka_consumergroup_current_offset{consumergroup="g",partition="0",topic="a"} 90.0',
        'kafka_consumergroup_current_offset{consumergroup="g",partition="1",topic="a"} -1.0',
        'kafka_consumergroup_current_offset_sum{consumergroup="g",topic="a"} 90.0',
        'kafka_consumergroup_lag{consumergroup="g",partition="0",topic="a"} 10.0',
        'kafka_consumergroup_lag{consumergroup="g",partition="1",topic="a"} -1.0',
        'kpistream_consumergroup_lag_seconds{consumergroup="g",partition="0",topic="a"} 2.5',
        'kpistream_consumergroup_lag_seconds{consumergroup="g",partition="1",topic="a"} -1.0',
        'kafka_consumergroup_lag_sum{consumergroup="g",topic="a"} 10.0',
        'kpistream_checkpoint_age_seconds{consumergroup="g",partition="0",stage="crediting",topic="a"} 1.5',
    ]


def test_without_a_reading_no_old_figure_is_shown():
    assert page(None) == ["kpistream_lag_exporter_up 0.0"]
