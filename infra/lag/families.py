"""A reading as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric

from infra.lag.computation import Lag, Place, RecordTimes, Snapshot, committed_sums, lag_sums

_PLACE = ("topic", "partition")
_GROUP_PLACE = ("consumergroup", *_PLACE)


@dataclass(frozen=True)
class Reading:
    """Everything that one round found; ``checkpoint_ages`` by (stage, group, partition) in seconds."""

    snapshot: Snapshot
    rows: list[Lag]
    record_times: RecordTimes = field(default_factory=dict)
    checkpoint_ages: Mapping[tuple[str, str, Place], float] = field(default_factory=dict)
    now_ms: int = 0
    clickhouse: bool = True


def families(reading: Reading | None) -> Iterator[Metric]:
    """All metrics; without a reading only that there is none: an old figure would pass for a new one."""
    yield Gauge("kpistream_lag_exporter_up", "1 if Kafka answered in the last round", value=reading is not None)
    if reading is None:
        return
    yield Gauge(
        "kpistream_lag_exporter_clickhouse_up", "1 if ClickHouse answered in the last round", value=reading.clickhouse
    )
    yield from _cluster(reading.snapshot)
    yield from _groups(reading)
    ages = Gauge(
        "kpistream_checkpoint_age_seconds",
        "Time since the newest checkpoint; of stages without state, since their commit was seen to move",
        labels=("stage", *_GROUP_PLACE),
    )
    for (stage, group, place), age in sorted(reading.checkpoint_ages.items()):
        ages.add_metric((stage, group, *_labels(place)), age)
    yield ages


def _cluster(snapshot: Snapshot) -> Iterator[Metric]:
    yield Gauge("kafka_brokers", "Brokers in the cluster", value=snapshot.brokers)
    info = Gauge("kafka_broker_info", "1 for each broker", labels=("id", "address"))
    for number, address in sorted(snapshot.addresses.items()):
        info.add_metric((str(number), address), 1)
    yield info
    counts: dict[str, int] = {}
    columns = {
        "current_offset": ("Offset of the next record to come", lambda one: one.end),
        "oldest_offset": ("Offset of the oldest record", lambda one: one.oldest),
        "leader": ("Broker that leads the partition", lambda one: one.leader),
        "replicas": ("Copies of the partition", lambda one: one.replicas),
        "in_sync_replica": ("Copies that are in sync", lambda one: one.in_sync),
        "leader_is_preferred": ("1 if its first copy leads", lambda one: int(one.preferred)),
        "under_replicated_partition": ("1 if a copy is not in sync", lambda one: int(one.in_sync < one.replicas)),
    }
    for name, (help_text, value) in columns.items():
        family = Gauge(f"kafka_topic_partition_{name}", help_text, labels=_PLACE)
        for place, partition in sorted(snapshot.partitions.items()):
            family.add_metric(_labels(place), value(partition))
        yield family
    for place in sorted(snapshot.partitions):
        counts[place.topic] = counts.get(place.topic, 0) + 1
    partitions = Gauge("kafka_topic_partitions", "Partitions of the topic", labels=("topic",))
    for topic, count in counts.items():
        partitions.add_metric((topic,), count)
    yield partitions


def _groups(reading: Reading) -> Iterator[Metric]:
    members = Gauge("kafka_consumergroup_members", "Members of the group", labels=("consumergroup",))
    for name, group in sorted(reading.snapshot.groups.items()):
        members.add_metric((name,), group.members)
    offset = Gauge("kafka_consumergroup_current_offset", "Offset it committed, -1 for none", labels=_GROUP_PLACE)
    lag = Gauge("kafka_consumergroup_lag", "Records it has not committed, -1 without a commit", labels=_GROUP_PLACE)
    seconds = Gauge(
        "kpistream_consumergroup_lag_seconds",
        "Time since the record at the committed offset was written: 0 when level, -1 without a commit",
        labels=_GROUP_PLACE,
    )
    for row in reading.rows:
        labels = (row.group, *_labels(row.place))
        offset.add_metric(labels, row.committed)
        lag.add_metric(labels, row.records)
        age = row.seconds(reading.record_times, reading.now_ms)
        if age is not None:
            seconds.add_metric(labels, age)
    sums = Gauge("kafka_consumergroup_lag_sum", "Sum over the topic's partitions", labels=("consumergroup", "topic"))
    for labels, total in lag_sums(reading.rows).items():
        sums.add_metric(labels, total)
    commits = Gauge(
        "kafka_consumergroup_current_offset_sum", "Sum over the topic's partitions", labels=("consumergroup", "topic")
    )
    for labels, total in committed_sums(reading.rows).items():
        commits.add_metric(labels, total)
    yield from (members, offset, commits, lag, seconds, sums)


def _labels(place: Place) -> tuple[str, str]:
    return place.topic, str(place.partition)
