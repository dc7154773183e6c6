"""What commands over a file of events read: the plan, the mapping, the events with their places."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from infra.mappings_file import load_mappings
from schemas.mapping import TopicMapping
from schemas.plan import Plan
from schemas.plan_file import InvalidPlan, examine_plan, read_plan_text
from streams.backtest import Backtest


def plan_of(file: Path) -> Plan:
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


def mapping_of(file: Path | None, topic: str | None) -> TopicMapping | None:
    """The mapping for records of another shape, None where no file is given; ClickException where it is unclear."""
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


def feed_files(run: Backtest, lines: EventLines, batch: int | None = None) -> None:
    """Fold all lines; ClickException with the file's name where one cannot be read."""
    try:
        run.feed(lines, batch)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or lines.current}: cannot be read: {error.strerror or error}"
        ) from error


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
