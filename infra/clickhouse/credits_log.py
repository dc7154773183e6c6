"""The credits topic from the tables: the records that stood in a partition, with their places and times.

What decides nothing is not the same: of a record that came twice the first one is there, and how strings are coded.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter

import pyarrow as pa
from clickhouse_driver import Client

from infra.explain.clickhouse_rows import read_plan
from schemas.blocks import encode_block, kind_header
from schemas.control import KIND, Control, PeriodClosed, PlanApplied, encode_control
from schemas.topics import CREDITS
from sinks.block_tables import BLOCKS, PAYLOAD
from streams.backtest import MemoryRecord

_TABLE = BLOCKS[CREDITS.name]
#: How kinds of columns are asked for that blocks hold otherwise; the inverse of what a sink sends.
_ASKED = {"hash": "hex({})", "fixed": "reinterpretAsInt64({})", "time": "toUnixTimestamp64Milli({})"}
_STRINGS = pa.dictionary(pa.int32(), pa.string())
_TYPES = {"text": _STRINGS, "flag": pa.bool_(), "hash": pa.binary(16), "fixed": pa.int64(), "time": pa.int64()}
#: Columns of blocks that are no int64 and no dictionary, although others of their kind are.
_NARROW = {
    "id": pa.string(), "index": pa.int32(), "payee": pa.int16(), "share": pa.int32(), "unit_first": pa.uint8(),
    "moved": pa.int8(),
}  # fmt: skip
_PLACED = {"facts_partition", "credits_partition", "credits_offset", "version", "processed_at"}
_COLUMNS = [column for column in _TABLE.table.columns if column.name not in _PLACED]
_PAYLOAD = {column.name for column in PAYLOAD}
#: Maps of fields that a plan declares, as blocks hold their values.
_EXTRAS = {
    "mapApply((k, v) -> (k, reinterpretAsInt64(v)), extra_numbers)": pa.int64(),
    "extra_strings": _STRINGS,
    "extra_flags": pa.bool_(),
}
#: Rows that the server sends at once, and bytes from which on it sorts on its disk.
_ROWS, _SORTED_IN_MEMORY = 20_000, 1 << 30


class Incomplete(Exception):
    """The tables lack a record that was in the credits."""


def credits_log(client: Client, partition: int, end: int) -> Iterator[MemoryRecord]:
    """The records of a credits partition with offsets below ``end``, in order, as far as there is something in them.

    Raises Incomplete where the tables lack a plan or an adjustment, clickhouse_driver's errors. Whether they lack
    credits reconciliation tells.
    """
    controls = sorted(_controls(client, partition, end), key=attrgetter("offset"))
    return merge(controls, _credits(client, partition, end), key=attrgetter("offset"))


def _controls(client: Client, partition: int, end: int) -> Iterator[MemoryRecord]:
    for offset, time, control, version, document in client.execute(
        "SELECT credits_offset, toUnixTimestamp64Milli(p.processed_at), p.control_id, p.plan_version, v.document "
        "FROM (SELECT * FROM kpistream.plan_positions FINAL) AS p "
        "LEFT JOIN (SELECT * FROM kpistream.plan_versions FINAL) AS v ON v.control_id = p.control_id "
        "WHERE credits_partition = %(partition)s AND credits_offset < %(end)s",
        {"partition": partition, "end": end},
    ):
        if not document:
            raise Incomplete(f"kpistream.plan_versions lacks version {version} of the plan")
        yield _control(offset, time, PlanApplied(id=control, plan=read_plan({"document": document})))
    for offset, time, control, kind, period in _placed(client, "period_closes", "period_kind, period", partition, end):
        yield _control(offset, time, PeriodClosed(id=control, kind=kind, period=period))
    kept = set()
    for offset, time, _, record in _placed(client, "adjustment_records", "record", partition, end):
        kept.add(offset)
        yield MemoryRecord(offset, record.encode(), kind_header(KIND), timestamp=time)
    folded = _placed(client, "adjustments", "number", partition, end, "adjustment")
    if lacking := sorted({offset for offset, *_ in folded} - kept):
        raise Incomplete(
            f"kpistream.adjustment_records lacks the adjustment at offset {lacking[0]} of credits partition {partition}"
        )


def _placed(client: Client, table: str, columns: str, partition: int, end: int, id: str = "control_id") -> list[tuple]:
    return client.execute(
        f"SELECT credits_offset, toUnixTimestamp64Milli(processed_at), {id}, {columns} FROM kpistream.{table} FINAL "
        "WHERE credits_partition = %(partition)s AND credits_offset < %(end)s",
        {"partition": partition, "end": end},
    )


def _control(offset: int, time: int, record: Control) -> MemoryRecord:
    return MemoryRecord(offset, encode_control(record), kind_header(KIND), timestamp=time)


def _credits(client: Client, partition: int, end: int) -> Iterator[MemoryRecord]:
    asked = [_asked(column.name, column.kind, column.nullable) for column in _COLUMNS]
    rows = client.execute_iter(
        "SELECT credits_offset, toUnixTimestamp64Milli(processed_at), facts_partition, "
        f"{', '.join([*asked, *_EXTRAS])} FROM kpistream.credits FINAL "
        "WHERE credits_partition = %(partition)s AND credits_offset < %(end)s "
        "ORDER BY credits_offset, facts_offset, facts_index, payee",
        {"partition": partition, "end": end},
        settings={"max_block_size": _ROWS, "max_bytes_before_external_sort": _SORTED_IN_MEMORY},
    )
    for (offset, time, facts), mine in groupby(rows, key=itemgetter(0, 1, 2)):
        yield MemoryRecord(offset, _block(facts, list(mine)), kind_header(CREDITS.name), timestamp=time)


def _asked(name: str, kind: str, nullable: bool) -> str:
    if kind not in _ASKED:
        return f"`{name}`"
    if not nullable:
        return _ASKED[kind].format(f"`{name}`")
    return f"if(isNull(`{name}`), NULL, {_ASKED[kind].format(f'assumeNotNull(`{name}`)')})"


def _block(facts_partition: int, rows: list[tuple]) -> bytes:
    """One record of credits from its rows."""
    columns = list(zip(*rows, strict=True))[3:]
    arrays = {}
    for column, values in zip(_COLUMNS, columns, strict=False):
        if column.nullable and all(value is None for value in values):
            continue
        if column.kind == "hash":
            values = list(map(bytes.fromhex, values))
        name = _TABLE.sources.get(column.name, column.name)
        type_ = _NARROW.get(name) or _TYPES.get(column.kind, pa.int64())
        arrays[f"data.{name}" if column.name in _PAYLOAD else name] = _array(values, type_)
    for type_, maps in zip(_EXTRAS.values(), columns[len(_COLUMNS) :], strict=True):
        for name in sorted({name for one in maps for name in one}):
            arrays[f"data.{name}"] = _array([one.get(name) for one in maps], type_)
    offsets = arrays["offset"]
    meta = {"partition": facts_partition, "first": offsets[0].as_py(), "last": offsets[-1].as_py()}
    return encode_block(pa.RecordBatch.from_pydict(arrays), meta)


def _array(values: list | tuple, type_: pa.DataType) -> pa.Array:
    if type_ is _STRINGS:
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, type_)
