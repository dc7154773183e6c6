"""The evidence of an explanation from the running system's tables."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import click
import msgspec
from clickhouse_driver.errors import Error as ClickHouseError

from infra.settings import load_settings
from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.results import Award, Cause, KpiEvidence, Position
from sinks.connection import ClickHouseSettings, connect, from_settings
from streams.explain.credits import Credit
from streams.explain.evidence import Evidence

#: Columns of the credits table that are no payload field.
_ENVELOPE = {
    "facts_partition", "facts_offset", "facts_index", "payee", "event_hash", "source", "id", "type", "time",
    "event_time", "employee", "team", "department", "role", "share", "unit_first", "extra_numbers", "extra_strings",
    "extra_flags", "credits_partition", "credits_offset", "version", "processed_at",
}  # fmt: skip


class ClickHouseEvidence:
    """Asks ClickHouse."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._settings = settings
        self._client = connect(settings)

    @classmethod
    def connect(cls) -> ClickHouseEvidence:
        """The server that the process settings name."""
        logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)  # what it logs is said in a sentence
        return cls(from_settings(load_settings()))

    def award(self, award_id: str) -> Award | None:
        """An award in its latest state."""
        rows = self._rows("SELECT * FROM kpistream.awards FINAL WHERE award_id = %(id)s", {"id": award_id})
        return _award(rows[0]) if rows else None

    def of(self, employee: str, version: int | None = None) -> Evidence:
        """Everything about an employee, under one version of the plan or the newest one."""
        who = {"employee": employee}
        credits = self._rows(
            "SELECT * FROM kpistream.credits FINAL WHERE employee = %(employee)s "
            "ORDER BY credits_offset, facts_offset, facts_index, payee",
            who,
        )
        lines = self._rows("SELECT * FROM kpistream.earnings FINAL WHERE employee = %(employee)s", who)
        awards = self._rows("SELECT * FROM kpistream.awards FINAL WHERE employee = %(employee)s", who)
        targets = self._rows(
            "SELECT kpi, period_kind, period, target FROM kpistream.kpi_periods FINAL WHERE employee = %(employee)s",
            who,
        )
        return Evidence(
            self._plan(version),
            employee,
            [_credit(row) for row in credits],
            [_award(row) for row in awards],
            [_line(row) for row in sorted(lines, key=lambda row: (row["credits_offset"], row["credits_index"]))],
            {
                (row["kpi"], row["period_kind"], row["period"]): None
                if row["target"] is None
                else Fraction(row["target"])
                for row in targets
            },
        )

    def _plan(self, version: int | None) -> Plan:
        rows = self._rows(
            "SELECT document FROM kpistream.plan_versions FINAL WHERE %(version)s IN (0, plan_version) "
            "ORDER BY version DESC LIMIT 1",
            {"version": version or 0},
        )
        if not rows:
            raise click.ClickException("no plan has been applied")
        return Plan.model_validate(json.loads(rows[0]["document"], parse_float=Decimal))

    def _rows(self, query: str, parameters: dict) -> list[dict]:
        try:
            rows, columns = self._client.execute(query, parameters, with_column_types=True)
        except (ClickHouseError, OSError) as error:
            where = f"{self._settings.host}:{self._settings.port}"
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise click.ClickException(f"ClickHouse at {where} cannot be asked: {first}") from error
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]


def _ms(time: datetime) -> int:
    whole = time.replace(tzinfo=time.tzinfo or UTC)
    return int(whole.timestamp()) * 1000 + whole.microsecond // 1000


def _field(value: object) -> int | str | bool:
    return to_fixed(value) if isinstance(value, Decimal) else value


def _credit(row: dict) -> Credit:
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
    )


def _line(row: dict) -> dict:
    names = ("line_id", "rule", "employee", "period_kind", "period", "reason", "source", "id", "award_id")
    places = {"offset": row["credits_offset"], "index": row["credits_index"]}
    return {name: row[name] for name in names} | {"amount": to_fixed(row["amount"])} | places


def _award(row: dict) -> Award:
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
