"""``kpistream explain`` against the tables of a real server that the loader filled from the real stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.explain.from_clickhouse import ClickHouseEvidence
from infra.ingest.simulate import simulate
from infra.local.clickhouse import ClickHouseServer
from schemas.plan_file import load_plan
from sinks.connection import connect
from sinks.rows import LOADED_TOPICS
from streams.explain.evidence import explain_award, explain_period
from tests.integration.clickhouse_server import loader_of, running_server, settings_of
from tests.integration.memory_log import MemoryLog

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    plan = load_plan(ROOT / "plans" / "example.yaml")
    log = MemoryLog()
    log.apply(plan)
    log.feed(simulate(plan, seed=5, start=date(2026, 3, 2), days=20, events_per_day=150))
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        loader = loader_of(running)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        loader.flush()
        yield running


@pytest.fixture
def environment(server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOST": server.host,
        "PORT": server.tcp_port,
        "USER": "writer",
        "PASSWORD": server.password,
    }.items():
        monkeypatch.setenv(f"KPISTREAM_CLICKHOUSE_{name}", str(value))


def test_every_award_and_month_of_the_tables_agrees(server: ClickHouseServer) -> None:
    source = ClickHouseEvidence(settings_of(server))
    ids = source._rows("SELECT award_id FROM kpistream.awards FINAL ORDER BY award_id", {})
    paid = source._rows("SELECT DISTINCT employee, period FROM kpistream.earnings FINAL ORDER BY 1, 2", {})
    assert len(ids) > 20 and paid
    evidence = {}
    for row in ids:
        award = source.award(row["award_id"])
        known = evidence.setdefault(award.employee, source.of(award.employee, award.plan_version))
        assert explain_award(known, award).agrees, award
    for row in paid:
        rules = explain_period(evidence.get(row["employee"]) or source.of(row["employee"]), row["period"])
        assert rules and not any(rule.difference for rule in rules), row


def test_the_command_tells_it_and_fails_where_the_money_is_not_what_is_due(server, environment) -> None:
    source = ClickHouseEvidence(settings_of(server))
    (row, *_) = source._rows(
        "SELECT employee, period, line_id FROM kpistream.earnings FINAL "
        "WHERE reason = 'credit' AND amount > 0 ORDER BY line_id LIMIT 1",
        {},
    )
    arguments = ["explain", row["employee"], row["period"]]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 0 and "agrees." in told.output, told.output
    (award,) = source._rows("SELECT award_id FROM kpistream.awards FINAL ORDER BY award_id LIMIT 1", {})
    assert CliRunner().invoke(main, ["explain", award["award_id"], "--language", "zh"]).exit_code == 0
    # one line paid twice
    connect(settings_of(server)).execute(
        "INSERT INTO kpistream.earnings SELECT * REPLACE ('twice' AS line_id) FROM "
        "(SELECT * FROM kpistream.earnings FINAL WHERE line_id = %(line)s)",
        {"line": row["line_id"]},
    )
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 1 and "DIFFERS" in told.output
