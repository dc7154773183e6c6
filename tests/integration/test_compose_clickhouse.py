"""The ClickHouse files that docker-compose.yml mounts, read by a real server: accounts, passwords, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra.clickhouse.migrate import migrate
from infra.compose import generate
from infra.local import clickhouse as embedded
from infra.local.clickhouse import ClickHouseServer
from infra.local.clickhouse_config import SERVER_SETTINGS
from sinks.connection import ClickHouseSettings

#: Error codes of ClickHouse.
READONLY, ACCESS_DENIED, AUTHENTICATION_FAILED = 164, 497, 516

PASSWORDS = {"writer": "of-the-writer", "bi": "of-bi"}

#: The library's own account, without which it serves nobody; the image of docker-compose.yml does not have it.
_LIBRARY = """<clickhouse><users><default>
  <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
  <grants><query>GRANT SELECT ON system.numbers</query><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
</default></users></clickhouse>
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """The embedded server on the mounted users file, with the mounted server settings beside its own paths."""
    folder = tmp_path_factory.mktemp("clickhouse")
    files = generate.FOLDER / "clickhouse"
    settings = (files / "server.xml").read_text(encoding="utf-8")
    for place, text in {"users.d/library.xml": _LIBRARY, "config.d/kpistream.xml": settings}.items():
        target = folder / place
        target.parent.mkdir()
        target.write_text(text, encoding="utf-8")
    running = ClickHouseServer(folder, password=PASSWORDS["writer"], bi_password=PASSWORDS["bi"])
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, variable in generate.PASSWORD_VARIABLES.items():
                patch.setenv(variable, PASSWORDS[name])
            patch.setattr(embedded, "users_xml", lambda _: (files / "users.xml").read_text(encoding="utf-8"))
            # Only what belongs to the place: everything else comes from the mounted file.
            patch.setattr(embedded, "server_xml", _paths_only)
            running.start()
        yield running
    finally:
        running.close()


def _paths_only(users_file: Path, log: Path) -> str:
    return (
        f"<clickhouse><logger><log>{log}</log><console>0</console></logger><users_config>{users_file}</users_config>"
        f"<user_directories><users_xml><path>{users_file}</path></users_xml></user_directories></clickhouse>"
    )


def client(server: ClickHouseServer, user: str, password: str) -> Client:
    return Client(server.host, port=server.tcp_port, user=user, password=password)


def test_the_writer_may_do_all_that_migrations_need(server: ClickHouseServer) -> None:
    settings = ClickHouseSettings(server.host, server.tcp_port, "writer", PASSWORDS["writer"])
    assert migrate(settings)
    assert migrate(settings) == []


@pytest.mark.parametrize("user", PASSWORDS)
@pytest.mark.parametrize("password", ["", "wrong"])
def test_nobody_connects_without_the_password(server: ClickHouseServer, user: str, password: str) -> None:
    with client(server, user, password) as refused, pytest.raises(ServerException) as error:
        refused.execute("SELECT 1")
    assert error.value.code == AUTHENTICATION_FAILED


def test_the_reader_sees_views_and_nothing_else(server: ClickHouseServer) -> None:
    migrate(ClickHouseSettings(server.host, server.tcp_port, "writer", PASSWORDS["writer"]))
    with client(server, "bi", PASSWORDS["bi"]) as reader:
        assert reader.execute("SELECT count() FROM bi.attainment") == [(0,)]
        for forbidden in ("SELECT count() FROM kpistream.checkpoints", "CREATE TABLE bi.x (a Int8) ENGINE = Memory"):
            with pytest.raises(ServerException) as error:
                reader.execute(forbidden)
            assert error.value.code in (ACCESS_DENIED, READONLY)


def test_the_server_takes_its_settings_from_the_mounted_file(server: ClickHouseServer, writer: Client) -> None:
    """Beside the embedded stack, which has the same settings in its own file."""
    with client(server, "writer", PASSWORDS["writer"]) as mounted:
        for table, wanted in (
            ("system.server_settings", SERVER_SETTINGS), ("system.merge_tree_settings", SERVER_SETTINGS["merge_tree"])
        ):  # fmt: skip
            query = f"SELECT name, value, changed FROM {table} WHERE name IN %(names)s ORDER BY name"
            found = mounted.execute(query, {"names": list(wanted)})
            assert found == writer.execute(query, {"names": list(wanted)})
            assert sum(changed for *_, changed in found) >= 3
