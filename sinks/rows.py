"""Records of the internal topics as rows of tables. Pure. A new table is one entry in SINKS.

Blocks stay columnar from the topic to the insert; only control records and what is JSON,
which is little, passes through Python objects.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pyarrow as pa

from runtime.records import Record
from schemas import topics
from schemas.blocks import decode_block, kind_of
from schemas.control import CLOSED_KIND
from schemas.control import KIND as CONTROL
from sinks.block_tables import BLOCKS, BlockTable, payload_values
from sinks.columns import constant, from_arrow
from sinks.control_rows import control_rows, position_rows
from sinks.insert import Objects, Origin, Rows
from sinks.json_rows import alert_rows, award_rows, dead_letter_rows, outcome_rows, payment_rows, payout_rows
from sinks.update_rows import days_published, limits_begun, partition_closed_rows, plan_rows


class RowError(ValueError):
    """A record of an internal topic cannot be loaded; the message names topic, partition and offset."""


Pieces = list[Rows | Objects]
RowFunction = Callable[[bytes, Origin], Pieces]


def block_rows(block: BlockTable, beside: Callable[[dict, Origin], Pieces] | None = None) -> RowFunction:
    """The function that reads blocks for ``block``; ``beside``: further rows, from a block's metadata."""

    def rows(value: bytes, origin: Origin) -> Pieces:
        batch, meta = decode_block(value, checked=True)
        more = beside(meta, origin) if beside is not None else []
        return [_from_block(block, batch, meta, origin), *more] if batch.num_rows else more

    return rows


def _none(value: bytes, origin: Origin) -> Pieces:
    """Of records that no table holds."""
    return []


#: (topic, kind of the record) to what makes rows of it; kind '' stands for any other kind.
SINKS: dict[tuple[str, str], RowFunction] = {
    (topics.FACTS.name, "facts"): block_rows(BLOCKS["facts"]),
    (topics.CREDITS.name, "credits"): block_rows(BLOCKS["credits"]),
    (topics.KPI_UPDATES.name, "kpi-days"): block_rows(BLOCKS["kpi-days"], days_published),
    (topics.KPI_UPDATES.name, "kpi-periods"): block_rows(BLOCKS["kpi-periods"]),
    (topics.KPI_UPDATES.name, "adjustments"): block_rows(BLOCKS["adjustments"]),
    (topics.KPI_UPDATES.name, "left-out"): block_rows(BLOCKS["left-out"], limits_begun),
    # what of shared events counts once is for rollups, which tells what comes of it
    (topics.KPI_UPDATES.name, "shared-counts"): _none,
    (topics.KPI_UPDATES.name, "shared-moved"): _none,
    (topics.UNIT_UPDATES.name, "kpi-days"): block_rows(BLOCKS["kpi-days"]),
    (topics.UNIT_UPDATES.name, "unit-periods"): block_rows(BLOCKS["unit-periods"]),
    (topics.EARNINGS.name, "earnings"): block_rows(BLOCKS["earnings"]),
    (topics.AWARDS.name, ""): award_rows,
    (topics.DEAD_LETTERS.name, ""): dead_letter_rows,
    (topics.OUTCOMES.name, ""): outcome_rows,
    (topics.ALERTS.name, ""): alert_rows,
    (topics.PAYOUTS.name, ""): payout_rows,
    (topics.PAYMENTS.name, ""): payment_rows,
    (topics.CONTROL.name, ""): control_rows,
    # Copies of what the control topic holds: of those in credits and KPI updates the place matters.
    (topics.FACTS.name, CONTROL): _none,
    (topics.KPI_UPDATES.name, CONTROL): plan_rows,
    (topics.KPI_UPDATES.name, CLOSED_KIND): partition_closed_rows,
    (topics.CREDITS.name, CONTROL): position_rows,
}
#: The topics that the loader reads.
LOADED_TOPICS = tuple(sorted({topic for topic, _ in SINKS}))


def rows_of(topic: str, partition: int, record: Record) -> Pieces:
    """Rows of one record; raises RowError where it is not what its topic holds."""
    kind = kind_of(record.headers)
    make = SINKS.get((topic, kind)) or SINKS.get((topic, ""))
    place = f"{topic}, partition {partition}, offset {record.offset}"
    if make is None:
        raise RowError(f"{place}: expected a kind that the topic holds, found {kind!r}")
    if record.value is None:
        raise RowError(f"{place}: expected a value, found none")
    try:
        return make(record.value, Origin(topic, partition, record.offset, record.timestamp))
    except (ValueError, ArithmeticError, KeyError, TypeError, pa.ArrowException, msgspec.MsgspecError) as error:
        raise RowError(f"{place}: {type(error).__name__}: {error}") from error


def _from_block(block: BlockTable, batch: pa.RecordBatch, meta: dict, origin: Origin) -> Rows:
    count = batch.num_rows
    fixed = block.constants(meta, origin) | {"processed_at": origin.timestamp}
    kinds = {column.name: column.kind for column in block.table.columns}
    values = {name: constant(kinds[name], value, count) for name, value in fixed.items()}
    values |= block.per_row(meta, origin, count)
    for column in block.table.columns:
        at = batch.schema.get_field_index(block.sources.get(column.name, column.name))
        if at >= 0 and column.name not in values:
            values[column.name] = from_arrow(column.kind, batch.column(at))
    extras: dict[tuple[str, str], pa.Array] = {}
    if block.payload:
        known, extras = payload_values(batch)
        values |= known
    return Rows(block.table, count, values, extras)
