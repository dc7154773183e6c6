"""From what a reconciliation found to adjustments of the partitions concerned, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from clickhouse_driver import Client

from infra.clickhouse.drift import DAY, PERIOD, Drift, cell_value
from infra.clickhouse.reconcile import Report
from schemas.control import CellAdjusted, ValuesAdjusted
from schemas.event_identity import partition_key_hash
from schemas.plan_units import UNIT_KINDS
from schemas.topics import partition_of
from sinks.connection import ClickHouseSettings, connect
from streams.performance.calendar import day_of

#: Cells of one record; what is more is for the next round.
CELLS = 500
_PARTS = ", ".join(f"{unit}_{part}" for unit in UNIT_KINDS for part in ("numerator", "denominator"))


def untrusted(report: Report) -> list[str]:
    """Checks by which the credits themselves may be wrong: then they are no ground for setting anything right."""
    return [check.name for check in report.checks if check.differences and not check.level]


def adjustments(
    settings: ClickHouseSettings, report: Report, partitions: int, id: str, time: int, operator: str, reason: str
) -> dict[int, ValuesAdjusted]:
    """An adjustment for each credits partition that has a wrong day, or a period that does not fit its days.

    Such a period comes with its latest day, as it is: whatever the engine has there is published again.
    """
    drifts = [drift for check in report.checks for drift in check.drifts]
    cells = {_name(cell): cell for cell in (drift.cell() for drift in drifts if drift.level == DAY)}
    with connect(settings) as client:
        for drift in (one for one in drifts if one.level == PERIOD):
            for cell in _days_of(client, drift):
                cells.setdefault(_name(cell), cell)
    by_partition: dict[int, list[CellAdjusted]] = defaultdict(list)
    for _, cell in sorted(cells.items()):
        by_partition[partition_of(partition_key_hash(cell.employee), partitions)].append(cell)
    return {
        partition: ValuesAdjusted(id=id, time=time, operator=operator, reason=reason, cells=tuple(mine[:CELLS]))
        for partition, mine in by_partition.items()
    }


def _name(cell: CellAdjusted) -> tuple:
    return cell.kpi, cell.employee, cell.team, cell.department, cell.day


def _days_of(client: Client, drift: Drift) -> Iterable[CellAdjusted]:
    """Every day cell of the period: which of them the engine has otherwise nobody knows yet."""
    rows, columns = client.execute(
        "SELECT employee, team, department, day, numerator, denominator, members, "
        f"{_PARTS} FROM kpistream.kpi_days FINAL WHERE kpi = %(kpi)s AND employee = %(employee)s "
        "AND day BETWEEN %(first)s AND %(last)s ORDER BY day",
        {"kpi": drift.kpi.id, "employee": drift.row["employee"], "first": drift.row["first_day"],
         "last": drift.row["last_day"]},
        with_column_types=True,
    )  # fmt: skip
    for row in (dict(zip([name for name, _ in columns], one, strict=True)) for one in rows):
        value = cell_value(drift.kpi, row)
        place = {name: row[name] for name in ("employee", "team", "department")}
        yield CellAdjusted(kpi=drift.kpi.id, **place, day=day_of(row["day"]), found=value, should=value)


def outcomes(settings: ClickHouseSettings, id: str) -> dict[str, int]:
    """How many cells of an adjustment were adjusted, published again, refused."""
    with connect(settings) as client:
        return dict(
            client.execute(
                "SELECT outcome, count() FROM kpistream.adjustments FINAL WHERE adjustment = %(id)s GROUP BY outcome "
                "ORDER BY outcome",
                {"id": id},
            )
        )
