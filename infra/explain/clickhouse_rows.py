"""Rows of the tables as what an explanation is made of. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec

from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.results import Award, Cause, KpiEvidence, Position
from streams.explain.conversions import Original
from streams.explain.credits import Credit, unit_fields
from streams.explain.plan_history import Rebuilt
from streams.performance.calendar import day_of

_ABOUT_SALES = ("sale_amount", "sale_now", "sale_before", "sale_had")
#: Columns of the credits table that are no payload field.
_ENVELOPE = {
    "facts_partition", "facts_offset", "facts_index", "payee", "event_hash", "source", "id", "type", "time",
    "event_time", "employee", "team", "department", "role", "share", "unit_first", "extra_numbers", "extra_strings",
    "extra_flags", "credits_partition", "credits_offset", "version", "processed_at",
    "moved", "sale_time", "limited", *_ABOUT_SALES,
}  # fmt: skip


def read_plan(row: dict) -> Plan:
    """A plan as kpistream.plan_versions keeps it."""
    return Plan.model_validate(json.loads(row["document"], parse_float=Decimal))


def _ms(time: datetime) -> int:
    whole = time.replace(tzinfo=time.tzinfo or UTC)
    return int(whole.timestamp()) * 1000 + whole.microsecond // 1000


def _field(value: object) -> int | str | bool:
    return to_fixed(value) if isinstance(value, Decimal) else value


def credit_of(row: dict) -> Credit:
    """A row of kpistream.credits."""
    fields = {name: _field(value) for name, value in row.items() if name not in _ENVELOPE and value is not None}
    for extra in ("extra_numbers", "extra_strings", "extra_flags"):
        fields |= {name: _field(value) for name, value in row[extra].items()}
    return Credit(
        row["credits_offset"],
        row["source"],
        row["id"],
        row["type"],
        _ms(row["time"]),
        row["employee"],
        row["share"],
        fields,
        partition=row["credits_partition"],
        **unit_fields(
            row
            | {
                "event_time": _ms(row["event_time"]),
                **{name: None if row[name] is None else to_fixed(row[name]) for name in _ABOUT_SALES},
                "sale_time": None if row["sale_time"] is None else _ms(row["sale_time"]),
            }
        ),
    )


def original_of(row: dict) -> Original:
    """A row of kpistream.facts with an amount."""
    return Original(to_fixed(row["amount"]), row["currency"], _ms(row["time"]))


def line_of(row: dict) -> dict:
    """A row of kpistream.earnings, with amounts in ten-thousandths."""
    names = (
        "line_id", "rule", "employee", "team", "department", "period_kind", "period", "reason", "source", "id",
        "award_id", "plan_version", "currency",
    )  # fmt: skip
    places = {"offset": row["credits_offset"], "index": row["credits_index"]}
    return {name: row[name] for name in names} | {
        "amount": to_fixed(row["amount"]), "posted_in": row["posted_in"] or row["period"],
    } | places  # fmt: skip


def targets_of(rows: list[dict]) -> dict[tuple[str, str, str], Fraction | None]:
    """Targets as they were published with values, in units."""
    return {
        (row["kpi"], row["period_kind"], row["period"]): None if row["target"] is None else Fraction(row["target"])
        for row in rows
    }


def award_of(row: dict) -> Award:
    """A row of kpistream.awards."""
    own = {name: row[name] for name in Award.__struct_fields__ if name in row and name not in ("evidence", "amount")}
    return Award(
        **({"pays": ""} | own),
        name={"en": row["name_en"], "zh": row["name_zh"]},
        amount=None if row["amount"] is None else f"{row['amount']:f}",
        evidence=msgspec.json.decode(row["evidence"], type=tuple[KpiEvidence, ...]),
        cause=Cause(row["cause_source"], row["cause_id"], row["cause_type"], _ms(row["cause_time"])),
        position=Position(
            row["position_partition"], row["position_offset"], row["position_index"], row["position_payee"]
        ),
    )


def rebuilt_cell(row: dict) -> Rebuilt:
    """A row of kpistream.adjustments."""
    place = row["credits_partition"], row["credits_offset"]
    return Rebuilt(*place, row["kpi"], row["employee"], day_of(row["day"]))
