"""``kpistream plan diff``: who gains and loses what, before anyone applies a plan."""

from __future__ import annotations

import json
from pathlib import Path

import click

from infra.backtest_inputs import EventLines, feed_files, mapping_of, plan_of
from infra.plan_diff_report import diff_report, print_diff
from schemas.plan_changes import plan_changes
from schemas.plan_file import read_plan_text
from schemas.yaml_source import read_yaml
from streams.backtest import Backtest, BacktestResult
from streams.plan_comparison import Scope, compare

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("diff")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "--events",
    "event_files",
    type=_FILE,
    multiple=True,
    required=True,
    help="Events, one JSON document a line; further files may follow it.",
)
@click.argument("more", type=_FILE, nargs=-1, metavar="[FILE]...")
@click.option("--mapping", "mapping_file", type=_FILE, help="Topic mappings, for events of another shape.")
@click.option("--topic", help="Whose mapping to use, where the file has several.")
@click.option("--employee", default="", help="Compare this employee only.")
@click.option("--period", "periods", multiple=True, help="Compare periods of this key only; may be given again.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def diff(
    old: Path,
    new: Path,
    event_files: tuple[Path, ...],
    more: tuple[Path, ...],
    mapping_file: Path | None,
    topic: str | None,
    employee: str,
    periods: tuple[str, ...],
    form: str,
) -> None:
    """Who gains and loses what when NEW takes the place of OLD: both plans over the same events, from the start."""
    before, after = plan_of(old), plan_of(new)
    if before.currency != after.currency:
        raise click.ClickException(
            f"{old} pays in {before.currency}, {new} in {after.currency}: their money cannot be compared"
        )
    mapping, files = mapping_of(mapping_file, topic), [*event_files, *more]

    def results(plan) -> BacktestResult:
        run = Backtest(mapping)
        run.apply(plan)
        feed_files(run, EventLines(files))
        return run.finish()

    found = compare(results(before), results(after), Scope(employee, frozenset(periods)))
    changes = plan_changes(*(read_yaml(read_plan_text(file)) for file in (old, new)))
    report = diff_report(before, after, changes, found)
    if form == "json":
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print_diff(report, before, after)
