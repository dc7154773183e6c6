"""The embedded stack: starts, keeps its data, guards it, leaves nothing behind."""

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_driver.errors import Error as ClickHouseError
from clickhouse_driver.errors import ServerException
from kafka.errors import KafkaTimeoutError

from infra.local.artifacts import fetch_kafka
from infra.local.connection import FILE_NAME, Connection
from infra.local.errors import StackError
from infra.local.kafka import ready_classes
from infra.local.stack import LocalStack
from tests.integration.clickhouse_server import running_server
from tests.integration.conftest import alive, children, create_topic, eventually, read_all, send

_LAST_YEAR = 1_700_000_000_000
_APPEND_TIME = 1
START = [sys.executable, "-m", "infra.local.stack_cli", "start", "--data"]


def test_records_carry_the_time_of_arrival(stack: LocalStack, topic: str) -> None:
    send(stack, topic, b"sale", timestamp_ms=_LAST_YEAR)
    record, = read_all(stack, topic)
    assert (record.value, record.timestamp_type) == (b"sale", _APPEND_TIME)
    assert record.timestamp > _LAST_YEAR


def test_the_broker_maps_the_classes_that_were_written_once(stack: LocalStack) -> None:
    assert stack.kafka.pid is not None
    mapped = Path(f"/proc/{stack.kafka.pid}/maps").read_text()
    assert str(ready_classes(fetch_kafka()) / "kafka.jsa") in mapped


def test_a_large_block_passes(stack: LocalStack, topic: str) -> None:
    block = os.urandom(12_000_000)
    send(stack, topic, block)
    assert [record.value == block for record in read_all(stack, topic)] == [True]


def test_an_unknown_topic_is_not_created(stack: LocalStack, unique_prefix: str) -> None:
    with pytest.raises(KafkaTimeoutError):
        send(stack, unique_prefix, b"lost")


def test_data_survives_an_end_in_order_and_a_kill(tmp_path: Path) -> None:
    sent, rows = [b"before"], [(1,), (2,)]
    with LocalStack(tmp_path) as stack:
        create_topic(stack, "kept")
        send(stack, "kept", b"before")
        with stack.clickhouse.client() as client:
            client.execute("CREATE TABLE t (n Int64) ENGINE = MergeTree ORDER BY n")
            client.execute("INSERT INTO t VALUES", rows)
        before = stack.connection
        for end in ("stop", "kill"):
            with stack.clickhouse.client() as client:
                client.execute("INSERT INTO t VALUES", more := [(len(rows) + 1,)])
            rows += more
            for server in (stack.kafka, stack.clickhouse):
                getattr(server, end)()
                assert server.pid is None
                server.start()
            assert stack.connection == before, "a server must come back where its clients look for it"
            send(stack, "kept", after := f"after {end}".encode())
            sent.append(after)
            check_kept(stack, sent, rows)
    with LocalStack(tmp_path) as again:  # other ports now
        assert again.connection.clickhouse_password == before.clickhouse_password
        check_kept(again, sent, rows)


def check_kept(stack: LocalStack, sent: list[bytes], rows: list[tuple[int]]) -> None:
    assert [record.value for record in read_all(stack, "kept")] == sent
    with stack.clickhouse.client() as client:
        assert client.execute("SELECT n FROM t ORDER BY n") == rows


def test_clickhouse_ends_where_a_write_fails_and_keeps_what_it_took(tmp_path: Path) -> None:
    """A bound on the size of files stands in for a full disk: merges outgrow it, then inserts."""
    rows, done = 2000, 0
    with running_server(tmp_path, migrated=False) as server:
        with server.client() as client:
            client.execute("CREATE DATABASE kpistream")
            client.execute("CREATE TABLE kpistream.t (batch Int64, x String) ENGINE = MergeTree ORDER BY batch")
        pid = server.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
        with pytest.raises((ClickHouseError, OSError, EOFError)), server.client() as client:
            while done < 500:
                client.execute("INSERT INTO kpistream.t VALUES", [(done, os.urandom(8).hex()) for _ in range(rows)])
                done += 1
        assert eventually(lambda: server.pid is None, 10)
        assert "it cannot write to its files (File too large)" in server.log.read_text()
        assert done > 1, "some were taken before"
        server.start()
        with server.client() as client:
            kept = client.execute("SELECT batch, count(), uniq(x) > 0 FROM kpistream.t GROUP BY batch ORDER BY batch")
    assert kept[:done] == [(batch, rows, 1) for batch in range(done)]
    assert kept[done:] in ([], [(done, rows, 1)]), "the one whose answer was lost: whole or absent"


def test_passwords_stay_out_of_sight(stack: LocalStack) -> None:
    passwords = [stack.connection.clickhouse_password, stack.connection.clickhouse_bi_password]
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children(os.getpid())]
    logs = [path.read_text(errors="replace") for path in stack.data_dir.rglob("*.log") if path.is_file()]
    assert commands and logs
    assert not [password for password in passwords for text in commands + logs if password in text]
    secret = [path for path in stack.data_dir.rglob("*") if path.suffix in (".password", ".env", ".xml")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret if path.is_file()} == {0o600}


def test_only_this_machine_is_served(stack: LocalStack) -> None:
    connection = stack.connection
    ports = {connection.clickhouse_port, connection.clickhouse_http_port,
             int(connection.kafka_bootstrap.split(":")[1])}
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if line.split()[3] == "0A" and int(port, 16) in ports:
                listening.add(address)
    assert listening == {"0100007F", "0000000000000000FFFF00000100007F"}


def test_no_server_outlives_its_parent(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        assert not (tmp_path / FILE_NAME).exists()
        parent = subprocess.Popen([*START, str(tmp_path)], stdout=subprocess.DEVNULL)
        assert eventually((tmp_path / FILE_NAME).exists, 60)  # both answer: the folder is usable after each end
        servers = children(parent.pid)
        assert len(servers) == 2 and all(map(alive, servers))
        parent.send_signal(number)
        assert parent.wait(30) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        assert eventually(lambda servers=servers: not any(map(alive, servers)))
    with LocalStack(tmp_path) as again, again.clickhouse.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = subprocess.run([*START, str(tmp_path), "--kafka-port", port], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (f"Error: Port {port} for Kafka is taken or not allowed: "
                           "choose another, or none to get a free one.\n")


def test_two_stacks_do_not_share_a_folder(stack: LocalStack) -> None:
    with pytest.raises(StackError, match="in use by another stack"):
        LocalStack(stack.data_dir).start()
    assert Connection.read(stack.data_dir) == stack.connection, "the running one is undisturbed"


def test_two_stacks_run_side_by_side(stack: LocalStack) -> None:
    with LocalStack() as other:
        ours, theirs = stack.connection, other.connection
        assert ours.kafka_bootstrap != theirs.kafka_bootstrap
        with other.clickhouse.client(password=ours.clickhouse_password) as client, \
                pytest.raises(ServerException):
            client.execute("SELECT 1")
    assert not other.data_dir.exists(), "a stack without a folder of its own keeps nothing"
