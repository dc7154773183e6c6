"""Commands whose ClickHouse is away, or fails in the middle, say it in one sentence."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from clickhouse_driver.errors import NetworkError, SocketTimeoutError

from infra.cli import main
from infra.command_failures import command_failure
from infra.local.ports import PortReservation
from infra.troubles import clickhouse_refusal

COMMANDS = [
    ["reconcile"], ["dlq", "list"], ["dlq", "show", "x"], ["dlq", "replay", "--all"],
    ["explain", "E1", "2026-03"], ["migrate"],
]  # fmt: skip


def run(command: list[str], port: int) -> Result:
    where = {"KPISTREAM_CLICKHOUSE_HOST": "127.0.0.1", "KPISTREAM_CLICKHOUSE_PORT": str(port)}
    return CliRunner().invoke(main, command, env=where | {"KPISTREAM_ENV_FILE": "/dev/null"})


@contextlib.contextmanager
def one_that_hangs_up() -> Iterator[int]:
    """The port of a server that takes connections and ends them, as one that is killed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(1)
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_listens(command: list[str]):
    reserved = PortReservation()
    try:
        result = run(command, reserved.port)
    finally:
        reserved.release()
    assert result.exit_code == 1
    said = f"Error: ClickHouse: nothing listens at 127.0.0.1:{reserved.port}: try kpistream doctor\n"
    assert result.stderr == said


@pytest.mark.parametrize("command", COMMANDS)
def test_it_hangs_up(command: list[str]):
    with one_that_hangs_up() as port:
        result = run(command, port)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: ClickHouse: 127.0.0.1:{port} hangs up")
    assert len(result.stderr.splitlines()) == 1


def test_one_that_does_not_answer_is_no_question_of_accounts():
    said = clickhouse_refusal(SocketTimeoutError("(127.0.0.1:9000)"), "127.0.0.1:9000")
    assert said.startswith("127.0.0.1:9000 takes connections and does not answer in time")
    assert "nothing listens" in clickhouse_refusal(NetworkError("Connection refused (h:1)"), "h:1")


def test_what_no_server_has_to_do_with_is_not_explained_away():
    for error in (EOFError("end"), ConnectionResetError("reset"), ValueError("x")):
        try:
            raise error
        except type(error) as raised:
            assert command_failure(raised) is None
