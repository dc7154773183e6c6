"""``kpistream explain`` against the tables of a real server that the loader filled from the real stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.explain.command import evidence_for
from infra.explain.from_clickhouse import ClickHouseEvidence
from infra.explain.update_log import timeline_of
from infra.ingest.simulate import simulate
from infra.local.clickhouse import ClickHouseServer
from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.plan_file import load_plan
from sinks.connection import connect
from sinks.rows import LOADED_TOPICS
from streams.explain.evidence import decided_on, explain_award
from streams.explain.period import explain_period
from tests.integration.clickhouse_server import flush, loader_of, running_server, settings_of
from tests.integration.memory_log import MemoryLog

ROOT = Path(__file__).parents[2]


def with_units(plan: Plan) -> Plan:
    """By process date, with a bonus that each team's members share, and awards that compare people."""
    kpi = next(kpi.id for kpi in plan.kpis if kpi.aggregate == "sum")
    bonus = {
        "kind": "tiers", "id": "team-bonus", "name": "T", "kpi": kpi, "period": "month", "unit": "team",
        "share": "by_value", "pays": "flat", "tiers": [{"value": 1, "amount": 1000}],
    }  # fmt: skip
    compared = [
        {"kind": "honour", "kpi": kpi, "top": 2, "unit": "team", "settle": "live", "prize": 100},
        {"kind": "first", "all": [{"kpi": kpi, "value": 10000}], "places": 3, "prize": 50},
        {"kind": "pool", "kpi": kpi, "rate": "1%", "share_by": kpi, "unit": "department"},
    ]
    more = [{"id": f"p{number}", "name": "P", "period": "week"} | one for number, one in enumerate(compared)]
    given = plan.model_dump(mode="json", exclude_none=True)
    rates = {"rates": [{"currency": "USD", "date": "2026-03-01", "rate": "7.1234"}]}
    return Plan.model_validate(given | {"late": "process_date", "awards": [*given["awards"], bonus, *more]} | rates)


def abroad(events: list[dict]) -> list[dict]:
    """With every fifth sale in dollars, those that are refunded, and what comes about them."""
    sales = [event["id"] for event in events if event["type"] == "sale"][::5]
    sales += [event["data"]["sale_id"] for event in events if event["type"] == "refund"]
    for event in events:
        if event["id"] in sales or event["data"].get("sale_id") in sales:
            event["data"]["currency"] = "USD"
    return events


def later(plan: Plan) -> Plan:
    """Other prizes and money of units, somebody in another team, and no pool any more."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": plan.version + 1}
    given["awards"] = [award for award in given["awards"] if award["kind"] != "pool"]
    for award in given["awards"]:
        award |= {"prize": 70} if "prize" in award else {}
        if award["id"] == "team-bonus":
            award["tiers"] = [{"value": 1, "amount": 1200}]
    first, second, *_ = given["organisation"]["departments"][0]["teams"]
    second["employees"].append(first["employees"].pop())
    return Plan.model_validate(given)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    plan = with_units(load_plan(ROOT / "plans" / "example.yaml"))
    log = MemoryLog()
    log.apply(plan)
    events = abroad(list(simulate(plan, seed=5, start=date(2026, 3, 2), days=16, events_per_day=100)))
    log.feed(events[: len(events) // 2])
    log.close(plan, "week", "2026-W11", "test")
    log.apply(later(plan))
    log.feed(events[len(events) // 2 :])
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        loader = loader_of(running)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)
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
    evidence, parts, compared = {}, 0, set()
    for row in ids:
        award = source.award(row["award_id"])
        if not award.employee or award.rule.startswith("p"):
            place = decided_on(source.plan_of(award.plan_version), award), award.period, award.plan_version
            whole = evidence.get(place) or evidence_for(source, award)
            evidence[place] = whole
            explained = explain_award(whole, award)
            assert explained.agrees and explained.stated, award  # credits of two partitions are behind it
            compared |= {award.kind} if explained.placed else set()
            continue
        place = award.employee, award.plan_version
        known = evidence[place] = evidence.get(place) or source.of(*place)
        assert explain_award(known, award).agrees, award
    whole_unit = cache(source.unit)
    for row in paid:
        own = evidence[row["employee"]] = evidence.get(row["employee"]) or source.of(row["employee"])
        units = partial(whole_unit, period=row["period"])
        rules = explain_period(own, row["period"], units)
        assert rules and all(rule.agrees and rule.due is not None for rule in rules), row
        parts += sum(rule.unit is not None for rule in rules)
    assert parts > 5 and compared == {"honour", "first"}


def test_amounts_in_another_currency_are_told_as_events_had_them(server: ClickHouseServer) -> None:
    source = ClickHouseEvidence(settings_of(server))
    rows = source._rows("SELECT DISTINCT employee, team FROM kpistream.credits FINAL", {})
    own = [credit for row in rows for credit in source.of(row["employee"]).credits]
    teams = {row["team"] for row in rows}
    units = [credit for team in teams for credit in source.unit("team", team, period="2026-W12").credits]
    facts = source._rows("SELECT id, type, amount FROM kpistream.facts FINAL WHERE currency = 'USD'", {})
    was = {row["id"]: to_fixed(row["amount"]) for row in facts}
    assert {row["type"] for row in facts} == {"sale", "refund"}
    for found in (own, units):
        told = {credit.id: credit.converted.amount for credit in found if credit.converted}
        assert told == {credit.id: was[credit.id] for credit in found if credit.id in was} and told
    assert {credit.converted.rate for credit in own if credit.converted} == {Decimal("7.1234")}


def test_what_a_worker_published_again_does_not_change_the_order(server: ClickHouseServer) -> None:
    def moments() -> list:
        return timeline_of(ClickHouseEvidence(settings_of(server))._rows, "1", {}).moments

    before = moments()
    connect(settings_of(server)).execute(
        "INSERT INTO kpistream.updates SELECT * REPLACE (updates_offset + 1000 AS updates_offset, "
        "version - 1000 AS version, credits_offset - back AS credits_offset) "
        "FROM kpistream.updates ARRAY JOIN [0, 1] AS back WHERE kind = 'days' AND credits_offset > 2"
    )
    assert len(before) > 10 and moments() == before


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
