"""Brings a server to the newest schema: applies the migrations that are missing, refuses changed files, then makes all
views anew where one of them changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clickhouse_driver import Client

from infra.clickhouse.migration_files import FOLDER, Migration, MigrationError, read_migrations, statements
from infra.clickhouse.view_files import read_views
from sinks.connection import ClickHouseSettings, connect

_VIEWS = 10_000  # files have four digits
#: The last of the files that those of today up to its number were made of: a database that has it has their tables.
_FOLDED = (44, "0044_no_value.sql")

# Before the first migration, since it records that one too.
_STATUS_TABLE = """
CREATE DATABASE IF NOT EXISTS kpistream /*on cluster*/
COMMENT 'kpistream: tables loaded from the internal topics, and the checkpoints of the processors';
CREATE TABLE IF NOT EXISTS kpistream.migrations /*on cluster*/
(
    `number` UInt32 COMMENT 'Number of the migration',
    `name` String COMMENT 'File',
    `checksum` String COMMENT 'SHA-256 of the file',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY number
COMMENT 'Migrations that were applied';
"""


@dataclass(frozen=True)
class Status:
    """One migration, or all views: ``state`` is applied, pending, changed (the file differs from what was applied) or
    missing.
    """

    number: int
    name: str
    state: str
    applied_at: datetime | None = None


def migrate(
    settings: ClickHouseSettings, dry_run: bool = False, *, cluster: str = "", folder: Path = FOLDER
) -> list[Migration]:
    """Apply what is pending, in order; returns it. With ``dry_run`` nothing is written.

    Every statement can run twice, so a migration that was cut short is simply run again. Raises
    MigrationError where the files do not match what was applied, or where a statement fails.
    """
    migrations = _read(folder)
    with connect(settings) as client:
        states = {status.number: status for status in _compare(migrations, _applied(client))}
        for state in states.values():
            _refuse_mismatch(state)
        pending = [migration for migration in migrations if states[migration.number].state == "pending"]
        if not dry_run:
            _run(client, _STATUS_TABLE, "migrations table", cluster)
            for migration in pending:
                _run(client, migration.sql, migration.name, cluster)
                _record(client, migration)
    return pending


def status(settings: ClickHouseSettings, *, folder: Path = FOLDER) -> list[Status]:
    """Every migration and where it stands; changes nothing."""
    with connect(settings) as client:
        return _compare(_read(folder), _applied(client))


def _read(folder: Path) -> list[Migration]:
    views = read_views()
    checksum = hashlib.sha256(views.encode()).hexdigest()
    return [*read_migrations(folder), Migration(_VIEWS, "views", checksum, views)]


def _applied(client: Client) -> dict[int, tuple[str, str, datetime]]:
    if not client.execute("EXISTS TABLE kpistream.migrations")[0][0]:
        return {}
    rows = client.execute(
        "SELECT number, name, checksum, applied_at FROM kpistream.migrations FINAL ORDER BY number"
    )
    return {number: (name, checksum, when) for number, name, checksum, when in rows}


def _compare(migrations: list[Migration], applied: dict[int, tuple[str, str, datetime]]) -> list[Status]:
    """Pure: files against what was applied, by number."""
    number, name = _FOLDED
    folded = number if applied.get(number, ("",))[0] == name else 0
    result = []
    for migration in migrations:
        _, checksum, when = applied.get(migration.number, ("", "", None))
        if migration.number <= folded or checksum == migration.checksum:
            state = "applied"
        else:
            state = "pending" if when is None or migration.number == _VIEWS else "changed"
        result.append(Status(migration.number, migration.name, state, when))
    known = {migration.number for migration in migrations} | set(range(folded + 1))
    result += [Status(n, name, "missing", when) for n, (name, _, when) in applied.items() if n not in known]
    return sorted(result, key=lambda one: one.number)


def _refuse_mismatch(state: Status) -> None:
    if state.state == "changed":
        raise MigrationError(
            f"{state.name}: the file was changed after it was applied on {state.applied_at:%Y-%m-%d %H:%M} "
            "UTC; "
            "put it back and add a new migration instead"
        )
    if state.state == "missing":
        raise MigrationError(
            f"{state.name}: applied on {state.applied_at:%Y-%m-%d %H:%M} UTC, but the file is not here; "
            "this program is older than the database"
        )


def _run(client: Client, sql: str, name: str, cluster: str) -> None:
    for number, statement in enumerate(statements(sql, cluster), 1):
        try:
            client.execute(statement)
        except Exception as error:
            raise MigrationError(f"{name}, statement {number}: {error}") from error


def _record(client: Client, migration: Migration) -> None:
    row = (migration.number, migration.name, migration.checksum)
    client.execute("INSERT INTO kpistream.migrations (number, name, checksum) VALUES", [row])
