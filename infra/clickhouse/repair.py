"""From what a reconciliation found to adjustments of the partitions concerned, and what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from clickhouse_driver import Client

from infra.clickhouse.drift import DAY, PERIOD, Drift, cell_value
from infra.clickhouse.reconcile import Report
from schemas.control import CellAdjusted, PaidSoFar, ValuesAdjusted
from schemas.event_identity import partition_key_hash
from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.plan_awards import TierAward
from schemas.plan_scorecards import kpis_behind
from schemas.plan_units import UNIT_KINDS, of_units
from schemas.topics import partition_of
from sinks.connection import ClickHouseSettings, connect
from streams.performance.calendar import date_of, day_of

#: Cells of one record; what is more is for the next round.
CELLS = 500
_PARTS = ", ".join(f"{unit}_{part}" for unit in UNIT_KINDS for part in ("numerator", "denominator"))


def untrusted(report: Report) -> list[str]:
    """Checks by which the credits themselves may be wrong: then they are no ground for setting anything right."""
    return [check.name for check in report.checks if check.differences and not check.level]


def adjustments(
    settings: ClickHouseSettings,
    report: Report,
    plan: Plan,
    partitions: int,
    id: str,
    time: int,
    operator: str,
    reason: str,
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
    found = {}
    with connect(settings) as client:
        for partition, mine in by_partition.items():
            chosen = tuple(mine[:CELLS])
            paid = tuple(_paid(client, plan, chosen))
            found[partition] = ValuesAdjusted(
                id=id, time=time, operator=operator, reason=reason, cells=chosen, paid=paid
            )
    return found


#: Of the periods of a KPI and person that a day lies in, of rolling windows the latest: value, and sums of lines.
_PAID = """
SELECT p.period AS period, p.numerator AS numerator, p.denominator AS denominator,
    sum(e.amount) AS amount, sum(e.withheld) AS withheld
FROM
(
    SELECT if(startsWith(period_kind, 'rolling_'), 'rolling', period) AS period, first_day, last_day, numerator,
        denominator
    FROM (SELECT * FROM kpistream.kpi_periods FINAL)
    WHERE kpi = %(kpi)s AND employee = %(employee)s AND period_kind = %(kind)s
    ORDER BY version DESC, last_day DESC
    LIMIT 1 BY period
) AS p
LEFT JOIN
(
    SELECT period, amount, withheld FROM kpistream.earnings FINAL
    WHERE rule = %(rule)s AND employee = %(employee)s AND period_kind = %(kind)s
) AS e ON e.period = p.period
WHERE %(day)s BETWEEN p.first_day AND p.last_day
GROUP BY period, numerator, denominator"""


def _paid(client: Client, plan: Plan, cells: Iterable[CellAdjusted]) -> Iterable[PaidSoFar]:
    """What was paid in each period that a cell lies in, by the tier tables on its KPI and on scores of it."""
    known: dict[tuple, PaidSoFar] = {}
    rules = [rule for rule in plan.awards if isinstance(rule, TierAward) and not of_units(rule)]
    for cell in (one for one in cells if one.found != one.should):
        for rule in (one for one in rules if cell.kpi in kpis_behind(plan.scorecards, [one.kpi])):
            asked = {"kpi": rule.kpi, "employee": cell.employee, "kind": rule.period, "rule": rule.id}
            for period, *numbers in client.execute(_PAID, asked | {"day": date_of(cell.day)}):
                names = ("numerator", "denominator", "amount", "withheld")
                figures = dict(zip(names, map(to_fixed, numbers), strict=True))
                one = PaidSoFar(rule=rule.id, employee=cell.employee, period=period, **figures)
                known[rule.id, cell.employee, period] = one
    return known.values()


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
