"""``kpistream backtest``: a plan over a file of events, without servers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from infra.backtest_inputs import EventLines, feed_files, mapping_of, plan_of
from infra.backtest_report import Only, report_of
from infra.backtest_tables import print_report
from schemas.plan_lookup import suggestion
from schemas.plan_moves import employees_of
from streams.backtest import FEWEST_RECORDS, MOST_RECORDS, Backtest

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--plan", "plan_file", type=_FILE, required=True, help="The plan to try.")
@click.option(
    "--events",
    "event_files",
    type=_FILE,
    multiple=True,
    required=True,
    help="Events, one JSON document a line; further files may follow it.",
)
@click.argument("more", type=_FILE, nargs=-1, metavar="[FILE]...")
@click.option(
    "--mapping",
    "mapping_file",
    type=_FILE,
    help="Topic mappings (as KPISTREAM_MAPPINGS), for events of another shape.",
)
@click.option("--topic", help="Whose mapping to use, where the file has several.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--employee", help="Show this employee and his units only.")
@click.option("--period", help="Show periods of this key only, such as 2026-03.")
@click.option(
    "--batch",
    type=click.IntRange(1),
    help=f"Records folded at once, {FEWEST_RECORDS:,} growing to {MOST_RECORDS:,} by default; changes the speed, the "
    "ids of earning lines, and how often awards of units are decided.",
)
def backtest(
    plan_file: Path,
    event_files: tuple[Path, ...],
    more: tuple[Path, ...],
    mapping_file: Path | None,
    topic: str | None,
    form: str,
    employee: str | None,
    period: str | None,
    batch: int | None,
) -> None:
    """What a plan gives on a file of events: KPI values, attainment, awards and earning lines, by the same
    code that runs on the stream.
    """
    plan = plan_of(plan_file)
    if employee is not None and employee not in (known := [one.id for one, _ in employees_of(plan)]):
        raise click.ClickException(
            f"no such employee in {plan_file}: {employee}{suggestion(employee, known)}"
        )
    run = Backtest(mapping_of(mapping_file, topic))
    run.apply(plan)
    lines = EventLines([*event_files, *more])
    feed_files(run, lines, batch)
    report = report_of(plan, run.finish(), lines.place_of, Only(employee, period))
    if form == "json":
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print_report(report, plan, with_days=period is not None)
