"""Tables that are loaded from columnar blocks: their columns, and where each comes from. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from schemas.facts import sources_of
from sinks.columns import Column, columns, from_arrow
from sinks.insert import Origin, Table

#: Fields of the built-in payloads: a typed column each. All others go to the extra maps.
PAYLOAD = columns(
    "sale_id:text? sale_source:text? amount:fixed? currency:text? quantity:fixed? customer:text? "
    "product:text? "
    "channel:text? reason:text? minutes:fixed? priority:text? within_sla:flag? reopened:fixed? "
    "severity:text? "
    "upheld:flag? score:fixed? survey:text? on_time:flag? days_late:fixed? rejected:fixed? count:fixed? "
    "component:text? converted:flag? course:text? hours:fixed?"
)
PAYLOAD_KINDS = {column.name: column.kind for column in PAYLOAD}
_EXTRA_MAPS = {"fixed": "extra_numbers", "text": "extra_strings", "flag": "extra_flags"}
_LOADED = columns("version:uint processed_at:time")
_PREFIX = "data."

#: Rows of one record that a facts version can tell apart; a block holds far fewer.
_ROW_BITS = 20


@dataclass(frozen=True)
class BlockTable:
    """``sources`` names block columns that differ from the table's; ``constants`` gives the same value to
    every row, ``per_row`` the columns that depend on the row's place in the record.
    """

    table: Table
    constants: Callable[[dict, Origin], dict[str, object]]
    sources: dict[str, str] = field(default_factory=dict)
    payload: bool = False
    per_row: Callable[[dict, Origin, int], dict[str, pa.Array]] = lambda meta, origin, count: {}


def payload_values(batch: pa.RecordBatch) -> tuple[dict[str, pa.Array], dict[tuple[str, str], pa.Array]]:
    """Payload columns of a block: those with a column of their own, and (map, field) to values for the rest.

    A field that a plan declares under a built-in name but with another type goes to the maps too.
    """
    known, extras = {}, {}
    for position, name in enumerate(batch.schema.names):
        if not name.startswith(_PREFIX):
            continue
        array, name = batch.column(position), name.removeprefix(_PREFIX)
        kind = _kind(array.type)
        if PAYLOAD_KINDS.get(name) == kind:
            known[name] = from_arrow(kind, array)
        else:
            extras[_EXTRA_MAPS[kind], name] = from_arrow(kind, array)
    return known, extras


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "flag"
    return "fixed" if pa.types.is_integer(kind) else "text"


def _facts_per_row(meta: dict, origin: Origin, count: int) -> dict[str, pa.Array]:
    """Where each row came from. The earliest position gets the largest version, so that merging keeps the copy which
    crediting applied: every copy of an event is in the same facts partition, so positions there are an order.
    """
    rows = np.arange(count, dtype=np.int64)
    place = (np.uint64(origin.offset) << np.uint64(_ROW_BITS)) + rows.astype(np.uint64)
    sources = sources_of(meta, count)
    source_of = pa.array(np.repeat(np.arange(len(sources)), [source.rows for source in sources]))
    topics = pa.array([source.topic.encode() for source in sources], pa.binary()).dictionary_encode()
    return {
        "topic": topics.take(source_of),
        "partition": pa.array([source.partition for source in sources], pa.int64()).take(source_of),
        "facts_index": pa.array(rows),
        "version": pa.array(np.uint64(2**64 - 1) - place),
    }


def _credits_position(meta: dict, origin: Origin) -> dict[str, object]:
    """For blocks that say which credits offset they are folded up to."""
    return {"credits_partition": meta["partition"], "version": meta["offset"]}


def _table(name: str, spec: str, payload: tuple[Column, ...] = ()) -> Table:
    return Table(name, columns(spec) + payload + _LOADED)


BLOCKS: dict[str, BlockTable] = {
    "facts": BlockTable(
        _table(
            "facts",
            "event_hash:hash source:text id:text type:text time:time subject:text employee:text "
            "splits:text? topic:text partition:int offset:int facts_partition:int facts_offset:int "
            "facts_index:int",
            PAYLOAD,
        ),
        lambda meta, origin: {"facts_partition": origin.partition, "facts_offset": origin.offset},
        payload=True,
        per_row=_facts_per_row,
    ),
    "credits": BlockTable(
        _table(
            "credits",
            "facts_partition:int facts_offset:int facts_index:int payee:int event_hash:hash source:text "
            "id:text type:text time:time event_time:time employee:text team:text department:text role:text "
            "share:int unit_first:int sale_amount:fixed? sale_now:fixed? sale_before:fixed? "
            "sale_had:fixed? moved:int? sale_time:time? limited:flag? credits_partition:int "
            "credits_offset:int",
            PAYLOAD,
        ),
        lambda meta, origin: {
            "facts_partition": meta["partition"],
            "credits_partition": origin.partition,
            "credits_offset": origin.offset,
            "version": 2**64 - 1 - origin.offset,
        },
        sources={"facts_offset": "offset", "facts_index": "index"},
        payload=True,
    ),
    "kpi-days": BlockTable(
        _table(
            "kpi_days",
            "kpi:text employee:text team:text department:text day:day numerator:fixed "
            "denominator:fixed low:fixed? high:fixed? team_numerator:fixed team_denominator:fixed "
            "department_numerator:fixed department_denominator:fixed company_numerator:fixed "
            "company_denominator:fixed members:uints "
            "plan_version:int credits_partition:int",
        ),
        _credits_position,
    ),
    "kpi-periods": BlockTable(
        _table(
            "kpi_periods",
            "kpi:text employee:text period_kind:text period:text first_day:day last_day:day "
            "numerator:fixed denominator:fixed value:fixed? target:fixed? attainment:fixed? plan_version:int "
            "credits_partition:int",
        ),
        _credits_position,
    ),
    "adjustments": BlockTable(
        _table(
            "adjustments",
            "adjustment:text credits_partition:int credits_offset:int number:int reason:text operator:text "
            "asked_at:time kpi:text employee:text team:text department:text day:day outcome:text "
            "numerator_before:fixed denominator_before:fixed numerator:fixed denominator:fixed",
        ),
        lambda meta, origin: _credits_position(meta, origin) | {"credits_offset": meta["offset"]},
    ),
    "left-out": BlockTable(
        _table(
            "left_out",
            "credits_partition:int credits_offset:int facts_offset:int facts_index:int payee:int",
        ),
        lambda meta, origin: {"credits_partition": meta["partition"], "version": origin.offset},
    ),
    "unit-periods": BlockTable(
        _table(
            "unit_periods",
            "kpi:text unit_kind:text unit:text period_kind:text period:text first_day:day last_day:day "
            "numerator:fixed denominator:fixed value:fixed? target:fixed? attainment:fixed? plan_version:int",
        ),
        lambda meta, origin: {"version": meta["offset"]},
    ),
    "earnings": BlockTable(
        _table(
            "earnings",
            "line_id:text plan:text plan_version:int rule:text employee:text team:text "
            "department:text period_kind:text period:text posted_in:text amount:fixed withheld:fixed "
            "currency:text basis:fixed "
            "value_after:fixed reason:text source:text id:text event_time:time award_id:text "
            "credits_partition:int credits_offset:int credits_index:int payee:int",
        ),
        lambda meta, origin: {"credits_partition": meta["partition"], "version": origin.offset},
        sources={"credits_offset": "offset", "credits_index": "index"},
    ),
}
