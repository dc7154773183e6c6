"""Records of any topic as readable values: blocks by row, numbers as decimal texts, hashes as hex. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from infra.backtest_report import number_text
from schemas.blocks import BlockError, decode_block, kind_of
from schemas.control import CLOSED_KIND
from schemas.control import KIND as CONTROL
from schemas.dead_letters import decode_dead_letter
from schemas.times import time_of
from schemas.topics import CREDITS, DEAD_LETTERS, EARNINGS, FACTS, KPI_UPDATES, UNIT_UPDATES

_BLOCK_TOPICS = frozenset(topic.name for topic in (FACTS, CREDITS, KPI_UPDATES, UNIT_UPDATES, EARNINGS))
#: int64 columns that hold ten-thousandths; so do all int64 payload fields.
_FIXED = frozenset(
    {
        "numerator",
        "denominator",
        "withheld",
        "low",
        "high",
        "team_numerator",
        "team_denominator",
        "department_numerator",
        "department_denominator",
        "company_numerator",
        "company_denominator",
        "value",
        "target",
        "attainment",
        "amount",
        "basis",
        "value_after",
    }
)
_TIMES = frozenset({"time", "event_time"})
_DAYS = frozenset({"day", "first_day", "last_day"})
_EPOCH = date(1970, 1, 1)


def shown(topic: str, partition: int, record: Any) -> Iterator[dict[str, Any]]:
    """JSON-able values of one record (offset, timestamp, key, value, headers), in the order to be printed.

    A block gives its metadata, then each row; any other record gives one value, also a foreign one:
    JSON where it is that, else text, else hex. Nothing raises.
    """
    at = {"topic": topic, "partition": partition, "offset": record.offset, "time": _time(record.timestamp)}
    kind = kind_of(record.headers)
    if topic in _BLOCK_TOPICS and kind not in (CONTROL, CLOSED_KIND) and record.value is not None:
        try:
            yield from _block(at, kind, record.value)
        except (BlockError, ValueError) as error:
            yield {"record": at, "error": str(error), "value": readable(record.value)}
        return
    found = {"record": at} | ({"kind": kind} if kind else {})
    if record.key is not None:
        found["key"] = readable(record.key)
    yield found | {"value": _value(topic, record.value)}


def readable(value: bytes) -> str:
    """Bytes as text where they are UTF-8, else ``hex:`` and their hex digits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"hex:{value.hex()}"


def _block(at: dict, kind: str, value: bytes) -> Iterator[dict[str, Any]]:
    table, meta = decode_block(value)
    yield {"record": at, "kind": kind, "rows": table.num_rows, "block": meta}
    readers = [(name, _reader(name, table.schema.field(name).type)) for name in table.schema.names]
    place = {"partition": at["partition"], "offset": at["offset"]}
    for number, row in enumerate(table.to_pylist()):
        values = {name: read(row[name]) for name, read in readers if row[name] is not None}
        yield {"at": place | {"row": number}, "kind": kind} | {"values": values}


def _reader(name: str, kind: pa.DataType) -> Callable[[Any], Any]:
    if pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind):
        return bytes.hex
    if pa.types.is_list(kind):
        return lambda members: [f"{member:016x}" for member in members]
    if pa.types.is_int64(kind) and (name in _FIXED or name.startswith("data.")):
        return number_text
    if name in _TIMES:
        return _time
    if name in _DAYS:
        return lambda day: (_EPOCH + timedelta(days=day)).isoformat()
    return lambda value: value


def _value(topic: str, value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        if topic == DEAD_LETTERS.name:
            letter = decode_dead_letter(value)
            key = None if letter.key is None else readable(letter.key)
            times = {"timestamp": _time(letter.timestamp)}
            return msgspec.structs.asdict(letter) | {"raw": readable(letter.raw), "key": key} | times
        return msgspec.json.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return readable(value)


def _time(ms: int | None) -> str | None:
    """ISO 8601 in UTC; None for a record without a timestamp, or one beyond what a calendar holds."""
    try:
        return None if ms is None or ms < 0 else time_of(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return None
