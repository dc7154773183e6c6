"""``kpistream reconcile``: do the tables agree with each other, and with a second way of computing them?"""

from __future__ import annotations

import getpass
import json
import re
import time
from uuid import uuid4

import click

from infra.clickhouse.reconcile import Report
from infra.clickhouse.reconcile import reconcile as run_checks
from infra.exporter_command import serve_until_told, web_port_option
from infra.settings import Settings, load_settings
from sinks.connection import ClickHouseSettings, from_settings

#: The port beside the lag exporter's.
DEFAULT_PORT = 9309
#: Rounds of a repair: the first may only bring to light what the engine has.
_ROUNDS = 3
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Span(click.ParamType):
    """``30s``, ``5m``, ``1h``, in seconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As ParamType."""
        found = re.fullmatch(r"(\d+)([smh])", str(value))
        if not found or not int(found[1]):
            self.fail(f"{value}: expected a number with s, m or h, such as 5m", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2]])


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--every", type=Span(), help="Compare KPI values again and again, such as 5m, and serve /metrics.")
@web_port_option("With --every: its port.", default=DEFAULT_PORT, show_default=True)
@click.option("--repair", is_flag=True, help="Set right in-band what differs of KPI values.")
@click.option("--reason", default="", help="With --repair: why, for bi.adjustments.")
@click.option("--by", help="With --repair: who, for bi.adjustments; by default the name of the login.")
@click.option("--wait", type=click.FloatRange(0), default=60, show_default=True, help="Seconds to wait for the tables.")
def reconcile(
    form: str, every: float | None, web_port: int, repair: bool, reason: str, by: str | None, wait: float
) -> None:
    """Recompute by SQL what the stages folded, and compare: events, credits, KPI values, outcomes.

    Exact once the loader has caught up; with --every only KPI values, and exact at any time. Exit code 1 where anything
    differs.
    """
    if every is not None and repair:
        raise click.UsageError("--every only compares: --repair is for somebody who looks at what differs")
    if repair and not reason.strip():
        raise click.UsageError("--repair expects --reason: an adjustment nobody can explain is worthless")
    settings = load_settings()
    if every is not None:
        _serve(settings, web_port, every, wait)
        return
    connection = from_settings(settings)
    report = run_checks(connection)
    if repair:
        report = _repaired(settings, connection, report, reason, by or getpass.getuser(), wait)
    click.echo(
        json.dumps(as_json(report), ensure_ascii=False, indent=1) if form == "json" else as_text(report)
    )
    if report.differences:
        raise SystemExit(1)


def _serve(settings: Settings, port: int, every: float, wait: float) -> None:
    from infra.reconcile_service import ReconcileExporter

    serve_until_told(lambda stop: ReconcileExporter(settings, wait, stop), settings, port, every)


def _repaired(
    settings: Settings, connection: ClickHouseSettings, report: Report, reason: str, operator: str, wait: float
) -> Report:
    """The report after adjustments for what differs; each round says what became of it."""
    from infra.caught_up import values_loaded
    from infra.clickhouse.repair import adjustments, outcomes, untrusted
    from infra.control_topic import adjust, credits_partitions, newest_plan

    applied = newest_plan(settings)
    if applied is None:
        raise click.ClickException("no plan has been applied")

    for _ in range(_ROUNDS):
        if names := untrusted(report):
            raise click.ClickException(
                f"nothing was adjusted: the credits themselves may be wrong ({', '.join(names)} differ), "
                "so a recomputation from them proves nothing; mend these first"
            )
        id_ = uuid4().hex
        now = time.time_ns() // 1_000_000
        partitions = credits_partitions(settings)
        records = adjustments(connection, report, applied.plan, partitions, id_, now, operator, reason)
        if not records:
            return report
        adjust(settings, records)
        click.echo(f"adjustment {id_}: written", err=True)  # it stands, whatever fails from here on
        if values_loaded(settings, wait) is None:
            raise click.ClickException(
                f"adjustment {id_} is written, but the tables do not show it after {wait:.0f} s: reconcile again once "
                "worker and sink have caught up"
            )
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes(connection, id_).items())
        click.echo(f"adjustment {id_}: {told or 'nothing'}", err=True)
        report = run_checks(connection)
        if not report.differences:
            return report
    return report


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
