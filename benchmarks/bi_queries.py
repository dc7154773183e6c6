"""Typical questions to the ``bi`` views at ten million KPI rows, asked as the account of BI tools.

``python -m benchmarks.bi_queries [--rows N]``
"""

from __future__ import annotations

import statistics
import time
from datetime import date
from pathlib import Path

import click
from clickhouse_driver.errors import Error

from benchmarks.backtest import PLAN, grown
from benchmarks.own import Own, wait_for
from benchmarks.table import markdown, number
from schemas.plan_file import load_plan

EMPLOYEES = 2_000
_FIRST_DAY = date(2025, 1, 1)
_TIMES = 5  # the median counts
_PIECES = 10  # inserts, so that there are parts to bring together, as there are in life

_DAYS = """
INSERT INTO kpistream.kpi_days (kpi, employee, team, department, day, numerator, denominator, low, high,
    team_numerator, team_denominator, department_numerator, department_denominator, company_numerator,
    company_denominator, plan_version, version, processed_at)
SELECT k.kpi, o.employee, o.team, o.department, toDate('{first}') + d.number AS day,
    toDecimal64(cityHash64(kpi, employee, day) % 100000, 4) / 100 AS n,
    toDecimal64(1 + cityHash64(day, employee) % 9, 4) AS m,
    n, n, n, m, n, m, n, m, 1, 1, now64(3)
FROM kpistream.current_kpis AS k CROSS JOIN kpistream.current_organisation AS o
CROSS JOIN (SELECT number FROM numbers({start}, {days})) AS d
"""
_PERIODS = """
INSERT INTO kpistream.kpi_periods (kpi, employee, period_kind, period, first_day, last_day, numerator, denominator,
    value, target, attainment, plan_version, version, processed_at)
SELECT kpi, employee, 'month', formatDateTime(toStartOfMonth(day), '%Y-%m'), toStartOfMonth(day),
    toLastDayOfMonth(any(day)),
    sum(numerator) AS n, sum(denominator), n, 700000, n / 700000, 1, 1, now64(3)
FROM kpistream.kpi_days GROUP BY kpi, employee, toStartOfMonth(day)
"""
#: What rollups keeps of units, its values being sums here.
_UNITS = """
INSERT INTO kpistream.unit_periods (kpi, unit_kind, unit, period_kind, period, first_day, last_day, numerator,
    denominator, value, plan_version, version, processed_at)
SELECT kpi, '{level}', {unit} AS unit_, 'month', formatDateTime(toStartOfMonth(day), '%Y-%m'), toStartOfMonth(day),
    toLastDayOfMonth(any(day)), sum({level}_numerator) AS n, sum({level}_denominator), n, 1, 1, now64(3)
FROM kpistream.kpi_days GROUP BY kpi, unit_, toStartOfMonth(day)
"""
QUERIES = {
    "a person's months": "SELECT period, value FROM bi.kpi_person_month "
    "WHERE kpi = 'revenue' AND employee = 'S101' ORDER BY period",
    "a person's 30 days, all KPIs": "SELECT kpi, day, value FROM bi.kpi_person_day "
    "WHERE employee = 'S101' AND day >= toDate('2025-01-01') AND day < toDate('2025-01-31') ORDER BY kpi, day",
    "attainment of a month, the first 100": "SELECT employee_name, value, target, attainment_percent, gap "
    "FROM bi.attainment WHERE kpi = 'revenue' AND period_kind = 'month' AND period = '2025-01' "
    "ORDER BY attainment_percent DESC LIMIT 100",
    "leaderboard of a month": "SELECT rank, employee_name, value FROM bi.leaderboard WHERE kpi = 'revenue' "
    "AND scope_kind = 'company' AND period_kind = 'month' AND period = '2025-01' ORDER BY rank LIMIT 20",
    "teams by month": "SELECT team, period, value FROM bi.kpi_team_month WHERE kpi = 'revenue' ORDER BY team, period",
    "departments by quarter": "SELECT department, period, value FROM bi.kpi_department_quarter "
    "WHERE kpi = 'satisfaction' ORDER BY department, period",
    "teams by quarter, all KPIs": "SELECT kpi, team, period, value FROM bi.kpi_team_quarter ORDER BY kpi, team, period",
    "the company by month, all KPIs": "SELECT kpi, period, value FROM bi.kpi_company_month ORDER BY kpi, period",
    "the company's year by day": "SELECT day, value FROM bi.kpi_company_day WHERE kpi = 'revenue' ORDER BY day",
    "the company's week by day, all KPIs": "SELECT kpi, day, value FROM bi.kpi_company_day "
    "WHERE day >= toDate('2025-03-03') AND day < toDate('2025-03-10') ORDER BY kpi, day",
    "a team's 30 days, all KPIs": "SELECT kpi, day, value FROM bi.kpi_team_day WHERE team = 'sales-north' "
    "AND day >= toDate('2025-01-01') AND day < toDate('2025-01-31') ORDER BY kpi, day",
}
#: What a view says in all, and the same from the rows beneath.
CHECKS = (
    ("SELECT sum(numerator) FROM bi.kpi_person_month WHERE kpi = 'revenue'",
     "SELECT sum(numerator) FROM kpistream.kpi_days WHERE kpi = 'revenue'"),
    ("SELECT sum(value) FROM bi.attainment WHERE kpi = 'revenue' AND period = '2025-01'",
     "SELECT sum(numerator) FROM kpistream.kpi_days WHERE kpi = 'revenue' AND toStartOfMonth(day) = '2025-01-01'"),
    ("SELECT sum(numerator) FROM bi.kpi_company_month WHERE kpi = 'visits'",
     "SELECT sum(company_numerator) FROM kpistream.kpi_days WHERE kpi = 'visits'"),
)  # fmt: skip


def fill(own: Own, rows: int) -> int:
    """KPI days, and the months that follow from them; how many days' rows there are."""
    plan = grown(load_plan(PLAN), EMPLOYEES)
    own.apply(plan)
    sink = own.start("sink")  # brings the plan into its tables

    def count_of(table: str) -> int:
        return own.query(f"SELECT count() FROM kpistream.{table}")[0][0]

    wait_for("the plan's tables", lambda: count_of("current_organisation") > 0, sink)
    sink.stop()
    people, kpis = count_of("current_organisation"), count_of("current_kpis")
    days = max(rows // people // kpis, _PIECES)
    step = -(-days // _PIECES)
    for start in range(0, days, step):
        own.query(_DAYS.format(first=_FIRST_DAY, start=start, days=min(step, days - start)))
    own.query(_PERIODS)
    company = "(SELECT company FROM kpistream.current_plan)"
    for level, unit in (("team", "team"), ("department", "department"), ("company", company)):
        own.query(_UNITS.format(level=level, unit=unit))
    return count_of("kpi_days")


def ask(own: Own) -> list[list[str]]:
    """A row for each question: median and slowest, and how many rows came."""
    rows = []
    with own.stack.clickhouse.client("bi") as client:
        for name, query in QUERIES.items():
            taken, answer = [], []
            try:
                for _ in range(_TIMES):
                    began = time.perf_counter()
                    answer = client.execute(query)
                    taken.append((time.perf_counter() - began) * 1000)
            except Error as error:
                rows.append([name, "", "", f"failed: {str(error).strip().splitlines()[0][:200]}"])
                continue
            rows.append([name, number(statistics.median(taken)), number(max(taken)), number(len(answer))])
    return rows


@click.command()
@click.option("--rows", default=10_000_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(rows: int, report: Path | None) -> None:
    """Fill, check, ask, print the section."""
    with Own() as own:
        count = fill(own, rows)
        click.echo(f"{count:,} rows", err=True)
        wrong = [view for view, beneath in CHECKS if own.query(view) != own.query(beneath)]
        asked = ask(own)
    verdict = "wrong: " + "; ".join(wrong) if wrong else f"ok: {len(CHECKS)} totals as in the rows beneath"
    head = ["question", "median ms", "slowest ms", "rows of the answer"]
    text = f"## Queries\n\n{count:,} rows of KPI days, {EMPLOYEES:,} employees. {verdict}\n\n{markdown(head, asked)}\n"
    if report:
        report.write_text(text)
    click.echo(text)
    if wrong or any(not row[1] or row[-1] == "0" for row in asked):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
