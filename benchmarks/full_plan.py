"""The plan for a whole company through worker and sink, checked by SQL and against the backtest of the same events.

``python -m benchmarks.full_plan [--events N] [--employees N]``
"""

from __future__ import annotations

import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import click

from benchmarks.backtest import PLAN, backtest, grown, simulated
from benchmarks.ceiling import HEAD, beside, ceiling
from benchmarks.own import Own, measure, produce_events, wait_for
from benchmarks.table import markdown, number
from infra.clickhouse.reconcile import reconcile
from schemas.plan import Plan
from schemas.plan_file import load_plan
from sinks.connection import from_settings
from streams.backtest import BacktestResult

_TABLES = ("facts", "credits", "kpi_days", "kpi_periods", "awards", "earnings")


def load(own: Own) -> list[list[str]]:
    """Start a sink on topics that are full; rows a second of each table, and over all."""
    sink = own.start("sink")
    wait_for("first rows", lambda: sink.total("kpistream_sink_rows_total") > 0, sink)
    began, cpu, first = time.perf_counter(), sink.cpu_seconds(), sink.total("kpistream_sink_rows_total")
    seen = [0.0, time.perf_counter(), cpu]

    def quiet() -> bool:
        total = sink.total("kpistream_sink_rows_total")
        if total != seen[0]:
            seen[:] = [total, time.perf_counter(), sink.cpu_seconds()]
        return time.perf_counter() - seen[1] > 15 and not sink.total("kpistream_lag_records")

    wait_for("the end of loading", quiet, sink)
    seconds, used = seen[1] - began, seen[2] - cpu  # without the wait for more, in which it is asked all the time
    by_table = [[table, number(sink.total("kpistream_sink_rows_total", table=table))] for table in _TABLES]
    rows = seen[0] - first
    sink.stop()
    return [
        *([name, count, "", ""] for name, count in by_table),
        ["all", number(seen[0]), number(rows / max(seconds, 0.1)), number(rows / max(used, 0.01))],
    ]


def differences(own: Own, plan: Plan, wanted: BacktestResult) -> list[str]:
    """Where ClickHouse says something else than the backtest: values of persons, units, and money."""
    found = []
    periods = "SELECT kpi, employee, period_kind, period, numerator, denominator FROM kpistream.kpi_periods FINAL"
    found += _compare(
        "KPI values",
        {row[:4]: (_fixed(row[4]), _fixed(row[5])) for row in own.query(periods)},
        {key: (row["numerator"], row["denominator"]) for key, row in wanted.periods.items()},
    )
    money: dict[tuple, int] = defaultdict(int)
    # The others depend on the order of events, which partitions change: what was reached once stays, what is behind its
    # pace on some day is recommended. Those made by ``grown`` to be awarded again stand as the final values say.
    orderless = {award.id for award in plan.awards if getattr(award, "rearm", False)}
    for line in wanted.earnings:
        if line["rule"] in orderless:
            money[line["rule"], line["employee"], line["period"]] += line["amount"]
    lines = "SELECT rule, employee, period, sum(amount) FROM kpistream.earnings FINAL GROUP BY 1, 2, 3"
    loaded = {row[:3]: _fixed(row[3]) for row in own.query(lines) if row[0] in orderless}
    found += _compare("earnings", loaded, money)
    standing: dict[tuple, bool] = {}
    for award in wanted.awards:
        if award.rule in orderless:
            standing[award.rule, award.employee, award.period, award.tier] = award.state != "revoked"
    columns = "rule, employee, period, tier"
    awards = f"SELECT {columns}, argMax(state, sequence) FROM kpistream.awards FINAL GROUP BY {columns}"
    stand = {row[:4]: row[4] != "revoked" for row in own.query(awards) if row[0] in orderless}
    return found + _compare("awards", stand, standing)


def _compare(what: str, found: dict, wanted: dict) -> list[str]:
    nothing = (0, (0, 0), False)  # a key that came to nothing may be told of, or not
    keys = found.keys() | wanted.keys()
    wrong = [key for key in keys if found.get(key) != wanted.get(key)]
    wrong = [key for key in wrong if not all(side.get(key, 0) in nothing for side in (found, wanted))]
    return [f"{len(wrong)} of {len(keys)} {what} differ, such as {wrong[0]}"] if wrong else []


def _fixed(value: Decimal) -> int:
    return int(value * 10_000)


@click.command()
@click.option("--events", default=400_000, show_default=True)
@click.option("--employees", default=2_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(events: int, employees: int, report: Path | None) -> None:
    """Measure, check, print the section."""
    plan = grown(load_plan(PLAN), employees)
    made = simulated(plan, events)
    before = ceiling(events)
    with Own() as own:
        own.apply(plan)
        produce_events(own.broker, made)
        worker = own.start()
        result = measure(events, worker)
        worker.stop()
        after = ceiling(events)
        loaded = load(own)
        checks = reconcile(from_settings(own.settings))
        timed = backtest(plan, made)
        wrong = differences(own, plan, timed.result)
    if checks.differences:
        wrong.append(f"{checks.differences} differences found by SQL")
    verdict = "wrong: " + ", ".join(wrong) if wrong else (
        f"ok: {sum(check.compared for check in checks.checks):,} comparisons by SQL, "
        f"{len(timed.result.periods):,} KPI values, money and awards as in the backtest"
    )  # fmt: skip
    head = ["events", "events/s", "steady events/s", "CPU µs/event", *HEAD, "check"]
    row = [
        number(events), *("" if wrong else number(result[name], digits) for name, digits in (
            ("events_per_second", 0), ("steady_events_per_second", 0), ("cpu_us_per_event", 2),
        )), *([""] * len(HEAD) if wrong else beside(result["steady_events_per_second"], before, after)), verdict,
    ]  # fmt: skip
    kinds = f"{len(plan.kpis)} KPIs, {len(plan.awards)} rules, {employees:,} employees"
    text = (
        f"## The full plan\n\n`{PLAN}`: {kinds}; the simulator's mix with refunds, splits, duplicates and late events; "
        f"one worker with every stage.\n\n{markdown(head, [row])}\n\n### Loading\n\nOne sink on the topics that the "
        f"worker left.\n\n{markdown(['table', 'rows', 'rows/s', 'rows per CPU second of the sink'], loaded)}\n"
    )
    if report:
        report.write_text(text)
    click.echo(text)
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
