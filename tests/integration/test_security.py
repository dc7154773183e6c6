"""Accounts and TLS on the real servers: everything runs with them, and whoever is refused is told why."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.kafka_rights import grant
from infra.local.clickhouse import ClickHouseServer
from infra.local.connection import Connection
from infra.settings import Settings
from infra.topic_admin import create_topics
from tests.integration.pipeline import Pipeline
from tests.integration.secure_servers import AUTHORIZER, PASSWORD, USER, SecureKafka, TlsFront, make_certificates

PLAN = Path(__file__).parent.parent.parent / "plans" / "example.yaml"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Both servers; ``settings`` reach them, passwords from files."""
    folder = tmp_path_factory.mktemp("secure")
    certificates = make_certificates(folder)
    clickhouse, kafka = ClickHouseServer(folder / "clickhouse"), SecureKafka(
        folder / "kafka", certificates, {"ops": PASSWORD}, **AUTHORIZER
    )
    (folder / "kafka-password").write_text(PASSWORD + "\n")
    (folder / "writer-password").write_text(clickhouse.password + "\n")
    front = TlsFront(clickhouse.tcp_port, certificates)
    settings = {
        "kafka_bootstrap": kafka.secure, "kafka_security": "SASL_SSL", "kafka_user": USER,
        "kafka_password_file": folder / "kafka-password", "kafka_ca": certificates.ca,
        "clickhouse_port": front.port, "clickhouse_tls": "true", "clickhouse_ca": certificates.ca,
        "clickhouse_password": "", "clickhouse_password_file": folder / "writer-password",
    }  # fmt: skip
    connection = Connection(
        kafka.secure, "127.0.0.1", front.port, clickhouse.http_port, "writer", "", "bi", clickhouse.bi_password
    )
    try:
        clickhouse.launch()
        kafka.launch()
        clickhouse.wait_ready()
        kafka.wait_ready()
        # our processes have a worker's rights; USER also sends the events
        roles = [("operator", "ops"), ("worker", USER), ("producer", USER)]
        grant(Settings(_env_file=None, kafka_bootstrap=kafka.bootstrap), roles)
        create_topics(Settings(_env_file=None, kafka_bootstrap=kafka.bootstrap, partitions=2))
        yield SimpleNamespace(
            connection=connection, certificates=certificates, settings=settings, clickhouse=clickhouse, kafka=kafka
        )
    finally:
        kafka.close()
        clickhouse.close()
        front.close()


def doctor(environment: dict[str, str]) -> dict[str, list[dict]]:
    result = CliRunner().invoke(main, ["doctor", "--format", "json"], env=environment)
    found: dict[str, list[dict]] = {}
    for one in json.loads(result.stdout):
        found.setdefault(one["area"], []).append(one)
    return found


def test_the_whole_path_runs_with_accounts_and_tls(secure: SimpleNamespace):
    with Pipeline(secure, partitions=2, **secure.settings) as pipeline:
        refused = pipeline.command("plan", "apply", str(PLAN))
        assert "Kafka allows kpistream no such thing" in refused.output
        pipeline.environment["KPISTREAM_KAFKA_USER"] = "ops"
        pipeline.apply(PLAN)
        pipeline.environment["KPISTREAM_KAFKA_USER"] = USER
        sale = {"specversion": "1.0", "type": "sale", "source": "shop", "time": "2026-03-02T10:00:00Z"}
        pipeline.produce("events.sales", [
            sale | {"id": str(number), "data": {"employee": "E1001", "amount": "90000.00", "currency": "CNY"}}
            for number in range(20)
        ])  # fmt: skip
        pipeline.wait_until_drained()
        counted = "SELECT count() FROM bi.credits WHERE source = %(source)s"
        assert pipeline.query(counted, {"source": "shop"}) == [(20,)], pipeline.logs()

        found = doctor(pipeline.environment)
        assert [one for ones in found.values() for one in ones if one["level"] == "error"] == []
        shown = pipeline.command("show", "facts", "--limit", "1")
        assert shown.exit_code == 0, shown.output
        top = pipeline.command("top", "--once")
        assert top.exit_code == 0, top.output
        said = [json.dumps(found), shown.output, top.output, pipeline.logs(100_000), repr(pipeline.settings)]
        for secret in (PASSWORD, secure.clickhouse.password, secure.clickhouse.bi_password):
            assert not any(secret in text for text in said)
        by_plain = doctor(pipeline.environment | {"KPISTREAM_KAFKA_SASL_MECHANISM": "PLAIN"})
        assert [one["level"] for one in by_plain["kafka"]] == ["ok"]


@pytest.mark.parametrize(("changed", "area", "sentence"), [
    ({"KAFKA_PASSWORD_FILE": "", "KAFKA_PASSWORD": "guess-one"}, "kafka", "refuses the account kpistream by SCRAM-SHA"),
    ({"KAFKA_CA": "other"}, "kafka", "shows a certificate that is not trusted"),
    ({"KAFKA_SECURITY": "PLAINTEXT"}, "kafka", "hangs up on a client that speaks PLAINTEXT"),
    ({"CLICKHOUSE_PASSWORD_FILE": "", "CLICKHOUSE_PASSWORD": "guess-two"}, "clickhouse", "refuses the account"),
    ({"CLICKHOUSE_CA": "other"}, "clickhouse", "shows a certificate that is not trusted"),
    ({"CLICKHOUSE_TLS": "false"}, "clickhouse", "if it expects TLS, set KPISTREAM_CLICKHOUSE_TLS=true"),
])  # fmt: skip
def test_whoever_is_refused_is_told_why(secure: SimpleNamespace, changed: dict, area: str, sentence: str):
    given = {f"KPISTREAM_{name.upper()}": str(value) for name, value in secure.settings.items()}
    other = {f"KPISTREAM_{name}": str(secure.certificates.other_ca) if value == "other" else value
             for name, value in changed.items()}  # fmt: skip
    environment = {
        name: value for name, value in (secure.connection.environment() | given | other).items() if value
    } | {"KPISTREAM_ENV_FILE": "/dev/null"}
    (found,) = [one for one in doctor(environment)[area] if one["level"] == "error"][:1]
    assert sentence in found["text"]
    command = "topics" if area == "kafka" else "migrate"
    result = CliRunner().invoke(main, [command], env=environment)
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert sentence in result.output
    assert "guess" not in result.output + json.dumps(found)
    if area == "kafka" and environment["KPISTREAM_KAFKA_SECURITY"] == "SASL_SSL":
        program = [str(Path(sys.executable).with_name("kpistream")), "worker"]
        ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=30)
        assert ended.returncode == 78
        assert sentence in ended.stderr
