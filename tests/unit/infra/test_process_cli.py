"""Processes that are started with what cannot be used end with a sentence."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main


@pytest.mark.parametrize(("given", "sentence"), [
    ({"KPISTREAM_STAGES": "crediting,foo"}, "Error: KPISTREAM_STAGES is not usable: it names some of intake, "),
    ({"KPISTREAM_STAGES": ","}, "Error: KPISTREAM_STAGES is not usable: it names some of intake, "),
    ({"KPISTREAM_WEB_PORT": "0"}, "Error: KPISTREAM_WEB_PORT is not usable: Input should be greater"),
    ({"KPISTREAM_CLICKHOUSE_PORT": "65536"}, "Error: KPISTREAM_CLICKHOUSE_PORT is not usable: Input should be less"),
    ({"KPISTREAM_MAPPINGS": "/nowhere"}, "Error: /nowhere: cannot be read: No such file"),
])  # fmt: skip
def test_settings_that_no_worker_can_use(given: dict[str, str], sentence: str):
    result = CliRunner().invoke(main, ["worker"], env={"KPISTREAM_ENV_FILE": "/dev/null"} | given)
    assert result.exit_code == 1
    assert result.output.startswith(sentence)


@pytest.mark.parametrize(("content", "sentence"), [
    (b"events.sales: [", ":1: not valid YAML"),
    (b"events.sales: {id: \xff}", ": not UTF-8"),
    (b"events.sales: 5", ":1: events.sales"),
])  # fmt: skip
def test_a_mappings_file_that_is_none(tmp_path: Path, content: bytes, sentence: str):
    file = tmp_path / "mappings.yaml"
    file.write_bytes(content)
    environment = {"KPISTREAM_ENV_FILE": "/dev/null", "KPISTREAM_MAPPINGS": str(file)}
    result = CliRunner().invoke(main, ["worker"], env=environment)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {file}{sentence}")


@pytest.mark.parametrize("command", [["worker"], ["sink"]], ids=" ".join)
def test_where_no_kafka_listens(command: list[str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
    environment = {"KPISTREAM_ENV_FILE": "/dev/null", "KPISTREAM_KAFKA_BOOTSTRAP": nowhere}
    result = CliRunner().invoke(main, command, env=environment | {"KPISTREAM_COMMAND_PATIENCE_SECONDS": "0.1"})
    assert result.exit_code == 69
    assert result.output.splitlines() == [
        f"no Kafka listens at {nowhere}; waiting for 0 s",
        f"Error: no Kafka listens at {nowhere}",
    ]


@pytest.mark.parametrize("command", [
    ["worker"], ["sink"], ["alerts", "run"], ["lag-exporter"], ["reconcile", "--every", "5m"],
], ids=" ".join)  # fmt: skip
def test_a_port_that_is_none(command: list[str]):
    result = CliRunner().invoke(main, [*command, "--web-port", "0"], env={"KPISTREAM_ENV_FILE": "/dev/null"})
    assert result.exit_code == 2
    assert "0 is not in the range 1<=x<=65535" in result.output
