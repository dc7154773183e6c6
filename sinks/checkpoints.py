"""The checkpoint store on ClickHouse.

Why a checkpoint is whole or absent: it is one INSERT that the driver sends as one block, and one block into
one partition of a MergeTree table becomes one part, which exists or does not.

Why ``load`` is consistent, also with a zombie (an owner that lost its partition and does not know yet):
folding is deterministic and values are absolute, so a row for key k at version v is the state of k at offset
v, whoever wrote it. Each owner starts from a complete state at its marker L and writes, in order, every key
that changes after L. Let M be the highest marker. Its writer covered every change up to M. Another owner's
row hides one of its rows only with a version between that row's and M, and then holds the state of that key
at the later offset: the same value, or a newer one still at or below M. No row is above M, because each block
carries its own marker. So the newest row of every key is the state at M, in whatever order the blocks
arrived. One SELECT reads marker and rows from one snapshot of parts.

That rests on what was stored staying stored. Where somebody restores an older state of the table under a running
worker, its next rows would cover only what changed since a marker that is gone: so ``save`` looks first whether the
marker that a checkpoint rests on, or a higher one, is there.

A deleted key stays as a tombstone, since an older version of it may still lie in a part that is not merged.
"""

from __future__ import annotations

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.settings import Settings
from runtime.checkpoints import Checkpoint, CheckpointsSetBack, StoreUnavailable
from runtime.state_layout import parsed_name, stage_name
from sinks.connection import ClickHouseSettings, connect_binary, from_settings

MARKER = ""

_INSERT = "INSERT INTO kpistream.checkpoints (stage, partition, key, value, version, deleted) VALUES"
_NAMES = """
SELECT DISTINCT stage FROM kpistream.checkpoints
WHERE startsWith(stage, %(stage)s) AND partition = %(partition)s AND key = ''
"""
_SELECT = """
SELECT key, value FROM kpistream.checkpoints FINAL
WHERE stage = %(stage)s AND partition = %(partition)s
"""
# a few rows of each part: grouping them there would take longer than the reading
_MARKERS = """
SELECT stage, partition, version FROM kpistream.checkpoints
WHERE stage IN %(stages)s AND partition IN %(partitions)s AND key = '' SETTINGS max_threads = 1
"""
_VALUES = """
SELECT value FROM kpistream.checkpoints FINAL
WHERE startsWith(stage, %(stage)s) AND key = %(key)s AND value != ''
"""


class ClickHouseCheckpointStore:
    """Implements runtime.checkpoints.CheckpointStore; every call has its own connection, so threads may share
    it.

    ``query_settings`` go with every query: on a replicated cluster ``insert_quorum`` and
    ``select_sequential_consistency``, so that no lagging replica hands out an old marker.
    """

    def __init__(self, settings: ClickHouseSettings, **query_settings: object) -> None:
        self._settings = settings
        self._query_settings = query_settings

    def save(self, checkpoints: list[Checkpoint]) -> None:
        """Write all checkpoints as one block: all of them are stored, or none is. Raises StoreUnavailable, and
        CheckpointsSetBack where one rests on a marker that is not there.

        After an error it may have been stored nevertheless; saving it again changes nothing.
        """
        if not checkpoints:
            return
        data = _columns(checkpoints)
        try:
            with connect_binary(self._settings, **self._query_settings) as client:
                self._check_markers(client, [one for one in checkpoints if one.rests_on is not None])
                client.execute(_INSERT, data, columnar=True)
        except (Error, OSError, EOFError) as error:
            raise StoreUnavailable(f"checkpoint not saved: {error}") from error

    def _check_markers(self, client: Client, checkpoints: list[Checkpoint]) -> None:
        if not checkpoints:
            return
        names = sorted({stage_name(one.stage, one.format) for one in checkpoints})
        asked = {"stages": names, "partitions": sorted({one.partition for one in checkpoints})}
        found: dict[tuple[str, int], int] = {}
        for name, partition, marker in client.execute(_MARKERS, asked):
            place = name.decode(), partition
            found[place] = max(marker, found.get(place, marker))
        for one in checkpoints:
            marker = found.get((stage_name(one.stage, one.format), one.partition))
            if marker is None or marker < one.rests_on:
                raise CheckpointsSetBack(one, marker)

    def load(self, stage: str, partition: int) -> Checkpoint | None:
        """The newest checkpoint of the highest format with all its live rows, None where there never was one. Raises
        StoreUnavailable.
        """
        try:
            with connect_binary(self._settings, **self._query_settings) as client:
                names = client.execute(_NAMES, {"stage": stage, "partition": partition})
                formats = [number for name, number in (parsed_name(one.decode()) for (one,) in names) if name == stage]
                newest = max(formats, default=1)
                place = {"stage": stage_name(stage, newest), "partition": partition}
                found = client.execute(_SELECT, place, columnar=True)
        except (Error, OSError, EOFError) as error:
            raise StoreUnavailable(
                f"checkpoint of {stage}, partition {partition} not loaded: {error}"
            ) from error
        keys, values = found or ((), ())
        rows = {key.decode(): value for key, value in zip(keys, values, strict=True) if value}
        if not rows:
            return None
        deleted = tuple(key.decode() for key, value in zip(keys, values, strict=True) if not value)
        return Checkpoint(stage, partition, int(rows.pop(MARKER)), rows, newest, deleted)

    def values(self, stage: str, key: str) -> list[bytes]:
        """What all partitions of a stage hold under a key, in any format. Raises StoreUnavailable."""
        try:
            with connect_binary(self._settings, **self._query_settings) as client:
                return [value for (value,) in client.execute(_VALUES, {"stage": stage, "key": key})]
        except (Error, OSError, EOFError) as error:
            raise StoreUnavailable(f"state of {stage}, {key} not loaded: {error}") from error


def open_store(settings: Settings) -> ClickHouseCheckpointStore:
    """The store on the ClickHouse server of the process settings."""
    return ClickHouseCheckpointStore(from_settings(settings))


def _columns(checkpoints: list[Checkpoint]) -> list[list]:
    """Columns of the insert: each checkpoint's rows, then its marker. Raises ValueError for an empty key."""
    stages: list[bytes] = []
    partitions: list[int] = []
    keys: list[bytes] = []
    values: list[bytes] = []
    versions: list[int] = []
    for checkpoint in checkpoints:
        if MARKER in checkpoint.rows:
            raise ValueError(f"checkpoint of {checkpoint.stage}: the empty key belongs to the marker")
        count = len(checkpoint.rows) + 1
        stages += [stage_name(checkpoint.stage, checkpoint.format).encode()] * count
        partitions += [checkpoint.partition] * count
        keys += [key.encode() for key in checkpoint.rows] + [MARKER.encode()]
        values += [*checkpoint.rows.values(), str(checkpoint.next_offset).encode()]
        versions += [checkpoint.next_offset] * count
    return [stages, partitions, keys, values, versions, [0 if value else 1 for value in values]]
