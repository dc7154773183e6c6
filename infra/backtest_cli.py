"""``kpistream backtest``: a plan over a file of events, without servers."""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from infra.backtest_report import Only, report_of
from infra.backtest_tables import print_report
from infra.mappings_file import load_mappings
from schemas.mapping import TopicMapping
from schemas.plan import Plan
from schemas.plan_file import InvalidPlan, examine_plan, read_plan_text
from schemas.plan_lookup import suggestion
from schemas.plan_moves import employees_of
from streams.backtest import BATCH_RECORDS, Backtest

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
    default=BATCH_RECORDS,
    show_default=True,
    help="Records folded at once; changes the speed and the ids of earning lines, no figure.",
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
    batch: int,
) -> None:
    """What a plan gives on a file of events: KPI values, attainment, awards and earning lines, by the same
    code that runs on the stream.
    """
    plan = _plan(plan_file)
    if employee is not None and employee not in (known := [one.id for one, _ in employees_of(plan)]):
        raise click.ClickException(
            f"no such employee in {plan_file}: {employee}{suggestion(employee, known)}"
        )
    run = Backtest(_mapping(mapping_file, topic))
    run.apply(plan)
    lines = EventLines([*event_files, *more])
    try:
        run.feed(lines, batch)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or lines.current}: cannot be read: {error.strerror or error}"
        ) from error
    report = report_of(plan, run.finish(), lines.place_of, Only(employee, period))
    if form == "json":
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print_report(report, plan, with_days=period is not None)


def _plan(file: Path) -> Plan:
    """The plan in ``file``; ClickException with every error and its line where it cannot be used."""
    try:
        plan, errors, warnings = examine_plan(read_plan_text(file), str(file))
    except InvalidPlan as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror or error}") from error
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if plan is None:
        raise click.ClickException("\n".join(map(str, errors)))
    return plan


def _mapping(file: Path | None, topic: str | None) -> TopicMapping | None:
    if file is None:
        return None
    try:
        mappings = load_mappings(file)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if topic is None and len(mappings) == 1:
        return next(iter(mappings.values()))
    if topic not in mappings:
        asked = f"has no topic {topic}" if topic else f"has {len(mappings)} topics: choose one with --topic"
        raise click.ClickException(f"{file}: {asked}; known: {', '.join(mappings) or 'none'}")
    return mappings[topic]


class EventLines:
    """The lines of files that are not empty, and where each came from. Shows progress on a terminal."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self.current = files[0]
        # (record number, file, line) wherever lines and records cease to run side by side
        self._turns: list[tuple[int, str, int]] = []

    def __iter__(self) -> Iterator[bytes]:
        number = 0
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as progress:
            for path in self._files:
                self.current = path
                task = progress.add_task(str(path), total=path.stat().st_size)
                with path.open("rb") as file:
                    for value in self._read(file, number):
                        number += 1
                        yield value
                        if number % 1000 == 0:
                            progress.update(task, completed=file.tell())

    def _read(self, file, number: int) -> Iterator[bytes]:
        expected = 0
        for line, text in enumerate(iter(file.readline, b""), start=1):
            value = text.strip()
            if not value:
                continue
            if line != expected:
                self._turns.append((number, str(self.current), line))
            expected, number = line + 1, number + 1
            yield value

    def place_of(self, number: int) -> tuple[str, int]:
        """File and line (from 1) of a record, counted from 0."""
        first, file, line = self._turns[bisect_right(self._turns, number, key=lambda turn: turn[0]) - 1]
        return file, line + number - first
