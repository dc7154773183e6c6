"""The connection file: private, complete, readable by us and by a shell."""

import stat
import subprocess
from pathlib import Path

from infra.local.connection import Connection

CONNECTION = Connection("127.0.0.1:1", "127.0.0.1", 2, 3, "writer", "it's $HOME `x` \"y\"", "bi", "päss")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = CONNECTION.write(tmp_path)
    assert Connection.read(tmp_path) == CONNECTION
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_shell_can_source_it(tmp_path: Path) -> None:
    path = CONNECTION.write(tmp_path)
    command = f'. {path}; printf %s "$KPISTREAM_CLICKHOUSE_PASSWORD"'
    said = subprocess.check_output(["sh", "-c", command], text=True)
    assert said == CONNECTION.clickhouse_password


def test_passwords_are_not_shown() -> None:
    shown = repr(CONNECTION) + "".join(CONNECTION.public_lines())
    assert "it's" not in shown and "päss" not in shown
    assert "KPISTREAM_KAFKA_BOOTSTRAP=127.0.0.1:1" in CONNECTION.public_lines()
