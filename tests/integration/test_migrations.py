"""Migrations on a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.clickhouse.migrate import migrate, status
from infra.clickhouse.migration_files import FOLDER, MigrationError, read_migrations, statements
from infra.local.clickhouse import ClickHouseServer
from tests.integration.clickhouse_server import running_server, settings_of


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse"), migrated=False) as running:
        yield running


@pytest.fixture
def empty(server: ClickHouseServer) -> ClickHouseServer:
    with server.client() as client:
        for database in ("bi", "kpistream"):
            client.execute(f"DROP DATABASE IF EXISTS {database} SYNC")
    return server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "migrations"))


def _tables(server: ClickHouseServer) -> list[tuple[str, str]]:
    query = "SELECT database, name FROM system.tables WHERE database IN ('kpistream', 'bi') ORDER BY 1, 2"
    with server.client() as client:
        return client.execute(query)


def test_dry_run_tells_what_would_be_done_and_changes_nothing(empty: ClickHouseServer) -> None:
    pending = migrate(settings_of(empty), dry_run=True)
    assert [one.name for one in pending] == [*(one.name for one in read_migrations()), "views"]
    assert _tables(empty) == []
    assert {one.state for one in status(settings_of(empty))} == {"pending"}


def test_applies_everything_once(empty: ClickHouseServer) -> None:
    applied = migrate(settings_of(empty))
    assert [one.name for one in applied] == [*(one.name for one in read_migrations()), "views"]
    assert migrate(settings_of(empty)) == []
    states = status(settings_of(empty))
    assert {one.state for one in states} == {"applied"}
    assert all(one.applied_at for one in states)


def test_goes_on_after_a_migration_that_was_cut_short(empty: ClickHouseServer, folder: Path) -> None:
    last = sorted(folder.glob("*.sql"))[-1]
    whole = last.read_text()
    last.write_text(whole + "\nCREATE TABLE kpistream.broken (no_type) ENGINE = Nonsense;\n")
    with pytest.raises(MigrationError, match=rf"{last.name}, statement {len(statements(whole)) + 1}:"):
        migrate(settings_of(empty), folder=folder)
    last.write_text(whole)
    assert [one.name for one in migrate(settings_of(empty), folder=folder)] == [last.name, "views"]


def test_views_are_made_anew_where_one_of_them_changed(empty: ClickHouseServer) -> None:
    migrate(settings_of(empty))
    with empty.client() as client:
        client.execute("CREATE OR REPLACE VIEW bi.targets AS SELECT 1 AS outdated")
        client.execute(
            "INSERT INTO kpistream.migrations (number, name, checksum) SELECT number, name, 'of an older program' "
            "FROM kpistream.migrations FINAL WHERE name = 'views'"
        )
    assert {one.name for one in status(settings_of(empty)) if one.state == "pending"} == {"views"}
    assert [one.name for one in migrate(settings_of(empty))] == ["views"]
    with empty.client() as client:
        assert client.execute("SELECT * FROM bi.targets") == []
    assert migrate(settings_of(empty)) == []


def test_a_database_of_the_files_that_were_folded_is_taken_over(empty: ClickHouseServer) -> None:
    migrate(settings_of(empty))
    with empty.client() as client:
        client.execute("TRUNCATE TABLE kpistream.migrations")
        former = [(2, "0002_facts.sql", "a"), (25, "0025_overlays.sql", "b"), (44, "0044_no_value.sql", "c")]
        client.execute("INSERT INTO kpistream.migrations (number, name, checksum) VALUES", former)
    assert [one.name for one in migrate(settings_of(empty))] == [
        *(one.name for one in read_migrations() if one.number > 44), "views",
    ]  # fmt: skip
    assert {one.state for one in status(settings_of(empty))} == {"applied"}


@pytest.mark.parametrize("done", [0, 3, 5, 6, 8])
def test_cells_of_before_lie_by_quarter_wherever_the_move_was_cut_short(
    empty: ClickHouseServer, folder: Path, done: int
) -> None:
    moving = folder / "0054_days_by_quarter.sql"
    steps = statements(moving.read_text())
    assert len(steps) == 8
    later = [path for path in folder.glob("*.sql") if path.name >= moving.name]
    for path in later:
        path.unlink()
    migrate(settings_of(empty), folder=folder)
    quarters = 3 if done else 150  # more than ClickHouse takes in one insert by default
    days = "SELECT 'sales', 'e', 't', 'd', toDate('{first}') + number * 90, {value}, {value}{columns}"
    row = "INSERT INTO kpistream.kpi_days (kpi, employee, team, department, day, numerator, version) "
    with empty.client() as client:
        client.execute(row + days.format(first="1980-01-15", value="number", columns=f" FROM numbers({quarters})"))
        for number, step in enumerate(steps[:done]):
            client.execute(step)
            day, value = f"2026-01-{15 + number}", 1000 + number  # a sink is at work meanwhile
            client.execute(row + days.format(first=day, value=value, columns=" FROM numbers(1)"))
    migrate(settings_of(empty))
    expected = [*range(quarters), *range(1000, 1000 + done)]
    with empty.client() as client:
        assert client.execute("SELECT toInt64(numerator) FROM kpistream.kpi_days FINAL ORDER BY day") == [
            (value,) for value in expected
        ]
        assert client.execute(
            "SELECT name, partition_key FROM system.tables WHERE database = 'kpistream' AND name LIKE 'kpi_days%'"
        ) == [("kpi_days", "toStartOfQuarter(day)")]


def test_a_new_file_is_applied_alone(empty: ClickHouseServer, folder: Path) -> None:
    migrate(settings_of(empty), folder=folder)
    number = read_migrations(folder)[-1].number + 1
    (folder / f"{number:04}_later.sql").write_text(
        "CREATE TABLE IF NOT EXISTS kpistream.later (n Int8) ENGINE = Memory;\n"
    )
    assert [one.number for one in migrate(settings_of(empty), folder=folder)] == [number]
    assert ("kpistream", "later") in _tables(empty)


def test_a_changed_file_is_refused_by_name(empty: ClickHouseServer, folder: Path) -> None:
    migrate(settings_of(empty), folder=folder)
    changed = folder / "0002_facts.sql"
    changed.write_text(changed.read_text() + "-- a comment\n")
    with pytest.raises(MigrationError, match=r"0002_facts\.sql: the file was changed after it was applied"):
        migrate(settings_of(empty), folder=folder)
    with pytest.raises(MigrationError, match=r"0002_facts\.sql"):
        migrate(settings_of(empty), dry_run=True, folder=folder)
    assert [one.name for one in status(settings_of(empty), folder=folder) if one.state == "changed"] == [
        changed.name
    ]


def test_a_database_newer_than_the_program_is_refused(empty: ClickHouseServer, folder: Path) -> None:
    migrate(settings_of(empty), folder=folder)
    last = sorted(folder.glob("*.sql"))[-1]
    last.unlink()
    with pytest.raises(MigrationError, match=rf"{last.name}: applied on .* older than the database"):
        migrate(settings_of(empty), folder=folder)


def test_every_table_and_column_has_a_comment(empty: ClickHouseServer) -> None:
    migrate(settings_of(empty))
    with empty.client() as client:
        tables = client.execute(
            "SELECT name FROM system.tables WHERE database IN ('kpistream', 'bi') AND comment = ''"
        )
        columns = client.execute(
            "SELECT database, table, name FROM system.columns WHERE database IN ('kpistream', 'bi') AND "
            "comment = ''"
        )
        described = client.execute("SELECT count() FROM system.columns WHERE database IN ('kpistream', 'bi')")
    assert tables == []
    assert columns == []
    assert described[0][0] > 400


def test_every_table_is_idempotent_and_knows_when_it_was_processed(empty: ClickHouseServer) -> None:
    migrate(settings_of(empty))
    with empty.client() as client:
        engines = client.execute(
            "SELECT name, engine FROM system.tables WHERE database = 'kpistream' AND engine != 'View' AND "
            "name != 'migrations'"
        )
        timed = client.execute(
            "SELECT table FROM system.columns WHERE database = 'kpistream' AND name = 'processed_at' "
            "AND type = 'DateTime64(3, \\'UTC\\')'"
        )
    assert {engine for _, engine in engines} == {"ReplacingMergeTree"}
    assert {name for name, _ in engines} == {name for (name,) in timed}
    assert {
        "facts",
        "credits",
        "kpi_days",
        "kpi_periods",
        "updates",
        "left_out",
        "unit_periods",
        "awards",
        "earnings",
        "alerts",
        "dead_letters",
        "outcomes",
        "checkpoints",
        "backups",
        "plan_versions",
        "plan_positions",
        "period_closes",
        "adjustments",
        "adjustment_records",
        "closes",
        "kpis",
        "targets",
        "organisation",
        "payouts",
        "payments",
    } == {name for name, _ in engines}
