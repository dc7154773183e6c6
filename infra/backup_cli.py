"""``kpistream backup``, ``restore`` and ``reload``: what ClickHouse holds, saved and brought back."""

from __future__ import annotations

import re

import click

from infra.clickhouse.backups import BackupError, Place, back_up, newest_positions
from infra.clickhouse.backups import restore as restore_tables
from infra.settings import load_settings
from infra.sink_positions import SINK, STAGES, SinkPositions
from schemas.rules import RuleError
from schemas.times import time_ms
from sinks.connection import from_settings

#: A process that has just ended may count as a member for its session of ten seconds.
_MEMBERS_SECONDS = 15.0

_disk = click.option("--disk", default="", help="A disk of the server's configuration, instead of its backups folder.")


@click.command()
@click.argument("name")
@_disk
def backup(name: str, disk: str) -> None:
    """Back up ClickHouse, tables and checkpoints alike, to the folder NAME; nothing needs to stop for it."""
    place = _place(name, disk)
    settings = load_settings()
    with SinkPositions(settings) as sink:
        positions = sink.committed()
    try:
        done = back_up(from_settings(settings), place, positions)
    except BackupError as error:
        raise click.ClickException(f"no back-up {name}: {error}") from error
    click.echo(f"{name}: {done.files} files, {done.size / 1e6:.1f} MB in {done.seconds:.1f} s")


@click.command()
@click.argument("name")
@_disk
def restore(name: str, disk: str) -> None:
    """Bring back the back-up NAME into an empty ClickHouse; what came after it, the topics give back.

    Stop workers and sinks before. Started again, workers fold on from the restored checkpoints, and sinks load from
    where they stood at the back-up.
    """
    place = _place(name, disk)
    settings = load_settings()
    with SinkPositions(settings) as sink:
        _refuse_running(sink, (*STAGES, SINK))
        try:
            done = restore_tables(from_settings(settings), place)
        except BackupError as error:
            raise click.ClickException(f"{name} not restored: {error}") from error
        click.echo(f"{name}: {done.files} files, {done.size / 1e6:.1f} MB restored in {done.seconds:.1f} s")
        _from_backup(sink)
    click.echo("now start workers and sinks; first kpistream migrate, if the program is newer than the back-up")


@click.command()
@click.option("--since", help="Load again what Kafka took from this time on, such as 2026-03-31T08:00:00Z.")
@click.option("--from-start", is_flag=True, help="Load again everything that the topics hold.")
def reload(since: str | None, from_start: bool) -> None:
    """Let the sinks load the topics again: from where they stood at the newest back-up that the tables know of.

    For tables that were restored by other means than kpistream restore, or damaged. Stop the sinks before. Rows that
    are there already stay as they are.
    """
    if since and from_start:
        raise click.UsageError("--since and --from-start exclude each other")
    settings = load_settings()
    with SinkPositions(settings) as sink:
        _refuse_running(sink, (SINK,))
        if from_start:
            _tell(sink.set({}))
        elif since:
            _tell(sink.set_to_time(_milliseconds(since)))
        else:
            _from_backup(sink)


def _from_backup(sink: SinkPositions) -> None:
    known = newest_positions(from_settings(load_settings()))
    if known is None:
        raise click.ClickException("the tables know of no back-up: kpistream reload --since TIME, or --from-start")
    click.echo(f"the sink goes on from where it stood at {known[0]:%Y-%m-%d %H:%M:%S} UTC")
    _tell(sink.set(known[1]))


def _tell(records: int) -> None:
    click.echo(f"{records} records to load again")


def _refuse_running(sink: SinkPositions, roles: tuple[str, ...]) -> None:
    if groups := sink.running(roles, _MEMBERS_SECONDS):
        raise click.ClickException(f"stop workers and sinks first: {', '.join(groups)} have members")


def _milliseconds(text: str) -> int:
    try:
        return time_ms(text)
    except RuleError as error:
        raise click.UsageError(f"--since: {error}") from error


def _place(name: str, disk: str) -> Place:
    if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise click.UsageError(f"{name}: expected letters, digits, '.', '_', '-'")
    return Place(name, disk)
