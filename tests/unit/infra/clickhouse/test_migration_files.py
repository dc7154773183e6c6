"""The migration files and how they are cut into statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.clickhouse.migration_files import MigrationError, read_migrations, statements
from infra.clickhouse.view_files import read_views


def test_our_files_are_read_in_the_order_of_their_numbers() -> None:
    numbers = [migration.number for migration in read_migrations()]
    assert numbers == sorted(set(numbers))
    assert not {*numbers} & {*range(13, 45)}, "databases know other files by these"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_a.sql", "0001_b.sql"], r"0001_b\.sql: 0001_a\.sql has the same number"),
        (["1_a.sql"], r"1_a\.sql: expected a name such as"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(MigrationError, match=message):
        read_migrations(tmp_path)


def test_checksum_depends_on_every_byte(tmp_path: Path) -> None:
    file = tmp_path / "0001_a.sql"
    file.write_text("SELECT 1;\n")
    before = read_migrations(tmp_path)[0].checksum
    file.write_text("SELECT 1; \n")
    assert read_migrations(tmp_path)[0].checksum != before


def test_statements_end_at_semicolons_at_line_ends_only() -> None:
    sql = (
        "-- a comment; with a semicolon\n"
        "CREATE TABLE a (n Int8 COMMENT 'one; two') ENGINE = Memory;\n\nSELECT 2;\n"
    )
    assert statements(sql) == ["CREATE TABLE a (n Int8 COMMENT 'one; two') ENGINE = Memory", "SELECT 2"]


def test_every_definition_has_its_cluster_variant() -> None:
    for name, sql in [*((one.name, one.sql) for one in read_migrations()), ("views", read_views())]:
        single, clustered = statements(sql), statements(sql, cluster="main")
        assert len(single) == len(clustered)
        for statement in clustered:
            # rows that one server takes come to its replicas by themselves
            expected = 0 if statement.startswith("INSERT ") else 1
            assert statement.count("ON CLUSTER `main`") == expected, (name, statement[:60])
            assert "ENGINE = ReplacingMergeTree" not in statement
        for statement in single:
            assert "CLUSTER" not in statement.upper(), name


def test_a_cluster_name_cannot_carry_sql() -> None:
    with pytest.raises(MigrationError, match="expected letters"):
        statements("SELECT 1;", cluster="a` SELECT")
