"""Who may do what in the embedded ClickHouse, and that no client can bring it down."""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra.local.stack import LocalStack


@pytest.fixture(scope="module")
def view(stack: LocalStack) -> Iterator[str]:
    """A view over a table that only the writer may read."""
    with stack.clickhouse.client() as client:
        for database in ("kpistream", "bi"):
            client.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
        client.execute("CREATE TABLE kpistream.stack_test (n Int64) ENGINE = MergeTree ORDER BY n")
        client.execute("INSERT INTO kpistream.stack_test VALUES", [(7,)])
        client.execute("CREATE VIEW bi.stack_test (n Int64 COMMENT 'a number') DEFINER = writer "
                       "SQL SECURITY DEFINER AS SELECT n FROM kpistream.stack_test COMMENT 'numbers'")
        yield "bi.stack_test"
        client.execute("DROP VIEW bi.stack_test")
        client.execute("DROP TABLE kpistream.stack_test")


@pytest.fixture
def bi(stack: LocalStack) -> Iterator[Client]:
    with stack.clickhouse.client("bi") as client:
        yield client


def test_bi_reads_views_and_their_comments(bi: Client, view: str) -> None:
    assert bi.execute(f"SELECT n FROM {view}") == [(7,)]
    assert bi.execute("SELECT comment FROM system.columns WHERE table = 'stack_test'") == [("a number",)]
    assert bi.execute("SHOW DATABASES") == [("bi",)]


@pytest.mark.parametrize("statement", [
    "SELECT n FROM kpistream.stack_test",
    "INSERT INTO kpistream.stack_test VALUES (8)",
    "ALTER TABLE kpistream.stack_test DELETE WHERE 1",
    "DROP VIEW bi.stack_test",
    "CREATE VIEW bi.other AS SELECT 1",
    "CREATE TEMPORARY TABLE other (n Int64)",
    "SELECT * FROM system.users",
    "SELECT * FROM file('/etc/hostname', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'n Int64')",
    "SET readonly = 0",
    "SET max_execution_time = 100000",
])
def test_bi_may_do_nothing_else(bi: Client, view: str, statement: str, writer: Client) -> None:
    with pytest.raises(ServerException) as refused:
        bi.execute(statement)
    assert refused.value.code in (164, 452, 497)  # READONLY, SETTING_CONSTRAINT_VIOLATION, ACCESS_DENIED
    assert writer.execute(f"SELECT n FROM {view}") == [(7,)]


def test_bi_tools_may_set_what_they_set(bi: Client) -> None:
    settings = {
        "max_execution_time": 100, "max_result_rows": 1000, "output_format_json_quote_64bit_integers": 1,
    }
    assert bi.execute("SELECT getSetting('max_execution_time')", settings=settings) == [(100,)]


@pytest.mark.parametrize("user", ["writer", "bi"])
def test_passwords_are_needed(stack: LocalStack, user: str) -> None:
    with stack.clickhouse.client(user, "wrong") as client, pytest.raises(ServerException) as refused:
        client.execute("SELECT 1")
    assert refused.value.code == 516


def test_the_account_without_password_can_read_nothing(stack: LocalStack, view: str) -> None:
    with Client(stack.clickhouse.host, port=stack.clickhouse.tcp_port) as client:
        assert client.execute("SELECT currentUser()") == [("default",)]
        for table in (view, "kpistream.stack_test"):
            with pytest.raises(ServerException) as refused:
                client.execute(f"SELECT * FROM {table}")
            assert refused.value.code == 497


def test_garbage_on_a_port_does_not_stop_the_server(stack: LocalStack, writer: Client) -> None:
    pid = stack.clickhouse.pid
    for port in (stack.clickhouse.tcp_port, stack.clickhouse.http_port):
        for garbage in (b"", b"\0", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nSEL", os.urandom(1000)):
            client = socket.create_connection((stack.clickhouse.host, port))
            client.sendall(garbage)
            # Closing by a reset, as the kernel does for a process that died with unread data.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
    time.sleep(0.5)
    assert writer.execute("SELECT 1") == [(1,)]
    assert stack.clickhouse.pid == pid


@pytest.mark.parametrize("work", [
    'client.execute("INSERT INTO default.broken_off VALUES", ((n,) for n in itertools.count()))',
    'list(client.execute_iter("SELECT number FROM system.numbers"))',
    'client.execute("SELECT sleep(3)")',
], ids=["insert", "select", "wait"])
def test_a_killed_client_does_not_stop_the_server(stack: LocalStack, writer: Client, work: str) -> None:
    writer.execute("CREATE TABLE IF NOT EXISTS default.broken_off (n Int64) ENGINE = MergeTree ORDER BY n")
    pid = stack.clickhouse.pid
    program = ("import itertools, os; from clickhouse_driver import Client; address = os.environ; "
               "client = Client('127.0.0.1', port=int(address['KPISTREAM_CLICKHOUSE_PORT']), user='writer', "
               f"password=address['KPISTREAM_CLICKHOUSE_PASSWORD']); print(flush=True); {work}")
    client = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE,
                              env=os.environ | stack.connection.environment())
    assert client.stdout is not None and client.stdout.readline()
    time.sleep(0.7)  # well inside the statement, which has no end of its own that soon
    client.kill()
    client.communicate()
    time.sleep(0.5)
    assert writer.execute("SELECT 1") == [(1,)]
    assert stack.clickhouse.pid == pid
