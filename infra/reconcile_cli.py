"""``kpistream reconcile``: do the tables agree with each other, and with a second way of computing them?"""

from __future__ import annotations

import json
import logging

import click
from clickhouse_driver.errors import Error as ClickHouseError

from infra.clickhouse.reconcile import Report
from infra.clickhouse.reconcile import reconcile as run_checks
from infra.settings import load_settings
from sinks.connection import from_settings


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def reconcile(form: str) -> None:
    """Recompute by SQL what the stages folded, and compare: events, credits, KPI values, outcomes.

    Exact once the loader has caught up. Exit code 1 where anything differs.
    """
    connection = from_settings(load_settings())
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)  # it logs what we say in a sentence
    try:
        report = run_checks(connection)
    except (ClickHouseError, OSError) as error:
        where = f"{connection.host}:{connection.port}"
        raise click.ClickException(f"ClickHouse at {where} cannot be asked: {_first_line(error)}") from error
    click.echo(
        json.dumps(as_json(report), ensure_ascii=False, indent=1) if form == "json" else as_text(report)
    )
    if report.differences:
        raise SystemExit(1)


def as_json(report: Report) -> dict:
    """The report as JSON-able values."""
    names = ("name", "compared", "differences", "examples")
    checks = [{name: getattr(check, name) for name in names} for check in report.checks]
    return {"checks": checks, "differences": report.differences}


def as_text(report: Report) -> str:
    """A line for each check, examples of what differs, and a closing sentence."""
    compared = sum(check.compared for check in report.checks)
    lines = [str(check) for check in report.checks]
    if not compared:
        closing = "Nothing to compare: the tables are empty."
    elif report.differences:
        failed = sum(1 for check in report.checks if check.differences)
        closing = f"{report.differences:,} differences in {failed} of {len(report.checks)} checks."
    else:
        closing = f"Everything agrees: {compared:,} comparisons in {len(report.checks)} checks."
    return "\n".join([*lines, closing])


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
