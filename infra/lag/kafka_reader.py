"""Asks Kafka for a snapshot: groups, their commits, the ends of the partitions, times of waiting records."""

from __future__ import annotations

import time
from collections.abc import Iterable

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from infra.kafka_records import KafkaConsumer
from infra.lag.computation import Group, Partition, Place, Snapshot
from infra.settings import Settings

_TIMEOUT_MS = 10_000
#: Time for reading waiting records in one round; what is missing then is asked for again in the next.
_RECORDS_SECONDS = 3.0


class KafkaReader:
    """Not for use by several threads. Methods raise KafkaError; after one, close it and make another."""

    def __init__(self, settings: Settings) -> None:
        options = settings.kafka_options()
        self._admin = KafkaAdminClient(**options, request_timeout_ms=_TIMEOUT_MS, bootstrap_timeout_ms=_TIMEOUT_MS)
        try:
            self._consumer = KafkaConsumer(
                **options,
                enable_auto_commit=False,
                auto_offset_reset="earliest",  # where the record went with its segment in between
                allow_auto_create_topics=False,
                max_partition_fetch_bytes=1 << 16,  # one batch is enough; a larger one comes whole nevertheless
                bootstrap_timeout_ms=_TIMEOUT_MS,
            )
        except KafkaError:
            self._admin.close()
            raise
        self._times: dict[tuple[Place, int], int | None] = {}

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()
        self._admin.close()

    def snapshot(self) -> Snapshot:
        """Ask once: groups and commits first, ends after them."""
        brokers = {
            one["broker_id"]: f"{one['host']}:{one['port']}" for one in self._admin.describe_cluster()["brokers"]
        }
        names = sorted(
            group["group_id"] for group in self._admin.list_groups() if group["protocol_type"] in ("", "consumer")
        )
        groups = self._groups(names)
        return Snapshot(len(brokers), self._partitions(), groups, brokers)

    def record_times(self, wanted: Iterable[tuple[Place, int]]) -> dict[tuple[Place, int], int | None]:
        """(partition, offset) → ms since the epoch of the record there, or of the next one after it.

        None where nothing but transaction markers lie there, or the record has no time; missing where the broker took
        too long. Records that were read before are remembered as long as they are asked for.
        """
        keys = set(wanted)
        self._times = {key: when for key, when in self._times.items() if key in keys and when is not None}
        missing = sorted(keys - self._times.keys())
        deadline = time.monotonic() + _RECORDS_SECONDS
        while missing and time.monotonic() < deadline:
            one_each = dict(reversed(missing))  # several groups may wait in one place
            self._read(one_each, deadline)
            missing = [key for key in missing if one_each[key[0]] != key[1]]
        return dict(self._times)

    def _read(self, offsets: dict[Place, int], deadline: float) -> None:
        waiting = {TopicPartition(place.topic, place.partition): offset for place, offset in offsets.items()}
        self._consumer.assign(list(waiting))
        for partition, offset in waiting.items():
            self._consumer.seek(partition, offset)
        while waiting and time.monotonic() < deadline:
            for partition, records in self._consumer.poll(200).items():
                if partition in waiting and records:
                    place = Place(partition.topic, partition.partition)
                    self._times[place, waiting.pop(partition)] = _time(records[0].timestamp)
                    self._consumer.pause(partition)
            for partition in [one for one in waiting if self._at_end(one)]:
                self._times[Place(partition.topic, partition.partition), waiting.pop(partition)] = None
        self._consumer.assign([])

    def _at_end(self, partition: TopicPartition) -> bool:
        end = self._consumer.highwater(partition)
        return end is not None and self._consumer.position(partition) >= end

    def _groups(self, names: list[str]) -> dict[str, Group]:
        if not names:
            return {}
        described = self._admin.describe_groups(names)
        committed = self._admin.list_group_offsets(dict.fromkeys(names))
        return {
            name: Group(
                len(described[name]["members"]),
                {Place(*at): one.offset for at, one in committed.get(name, {}).items() if one.offset >= 0},
                _assigned(described[name]["members"]),
            )
            for name in names
        }

    def _partitions(self) -> dict[Place, Partition]:
        topics = [topic for topic in self._admin.describe_topics() if not topic["is_internal"]]
        found = {
            Place(topic["name"], one["partition_index"]): one
            for topic in topics
            for one in topic["partitions"]
            if one["leader_id"] >= 0  # without a leader nobody knows its offsets
        }
        asked = [TopicPartition(place.topic, place.partition) for place in found]
        if not asked:
            return {}
        oldest = self._admin.list_partition_offsets(dict.fromkeys(asked, OffsetSpec.EARLIEST))
        ends = self._admin.list_partition_offsets(dict.fromkeys(asked, OffsetSpec.LATEST))
        return {
            place: Partition(
                oldest[TopicPartition(place.topic, place.partition)].offset,
                ends[TopicPartition(place.topic, place.partition)].offset,
                one["leader_id"],
                len(one["replica_nodes"]),
                len(one["isr_nodes"]),
                one["leader_id"] == one["replica_nodes"][0],
            )
            for place, one in found.items()
        }


def _assigned(members: list[dict]) -> frozenset[Place]:
    return frozenset(
        Place(topic["topic"], number)
        for member in members
        for topic in (member.get("member_assignment") or {}).get("assigned_partitions", ())
        for number in topic["partitions"]
    )


def _time(timestamp: int | None) -> int | None:
    """None of a record without one: −1, and in the oldest message format not even that."""
    return timestamp if timestamp is not None and timestamp >= 0 else None
