"""The order in which values were published, as rows: what awards of units were decided on. Pure."""

from __future__ import annotations

from schemas.control import PartitionClosed, PlanApplied, decode_control
from sinks.columns import columns
from sinks.insert import Objects, Origin, Table
from sinks.json_rows import rows_from_dicts

UPDATES = Table(
    "updates",
    columns(
        "kind:text credits_partition:int credits_offset:int updates_offset:int control_id:text partitions:int "
        "period_kind:text period:text version:uint processed_at:time"
    ),
)


def days_published(meta: dict, origin: Origin) -> list[Objects]:
    """Of a kpi-days block: how far into which credits partition it goes."""
    return [_row(origin, kind="days", credits_partition=meta["partition"], credits_offset=meta["offset"])]


def limits_begun(meta: dict, origin: Origin) -> list[Objects]:
    """Of a left-out block: from which credits offset on everything that limits leave out is told."""
    return [_row(origin, kind="limits", credits_partition=meta["partition"], credits_offset=meta["since"])]


def partition_closed_rows(value: bytes, origin: Origin) -> list[Objects]:
    """A credits partition's word that it has come to a close."""
    marker = PartitionClosed.model_validate_json(value)
    close = marker.close
    row = _row(
        origin, kind="close", credits_partition=marker.partition, credits_offset=marker.offset, control_id=close.id,
        partitions=marker.partitions, period_kind=close.kind, period=close.period,
    )  # fmt: skip
    return [row]


def plan_rows(value: bytes, origin: Origin) -> list[Objects]:
    """Where a plan takes effect for awards of units; the copies of other control records decide nothing there."""
    control = decode_control(value)
    return [_row(origin, kind="plan", control_id=control.id)] if isinstance(control, PlanApplied) else []


def _row(origin: Origin, **given: object) -> Objects:
    nothing = {"credits_partition": -1, "credits_offset": -1, "control_id": "", "partitions": 0}
    empty = nothing | {"period_kind": "", "period": ""}
    # published again after a restart: the first record is the one that counted
    place = {"updates_offset": origin.offset, "version": 2**64 - 1 - origin.offset}
    return rows_from_dicts(UPDATES, [empty | given | place], origin)
