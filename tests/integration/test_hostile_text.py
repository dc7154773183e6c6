"""Texts that look like SQL, or break quoting, from the event and the plan through the loader to every report."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.clickhouse.reconcile import reconcile
from infra.local.clickhouse import ClickHouseServer
from schemas.plan import Plan
from sinks.rows import LOADED_TOPICS
from tests.integration.clickhouse_server import flush, loader_of, running_server, settings_of
from tests.integration.memory_log import MemoryLog

FRAGMENTS = (
    "'", "''", '"', "`", "\\", "\\'", "\\\\", "\n", "\r\n", "\t", "\0", "\x1b[2J", "\x7f", "%", "%s", "%(id)s", "{}",
    "{x:String}", "--", "/*", "*/", ";", "')", "' OR 1=1 --", "'; DROP TABLE kpistream.facts; --",
    "\\'; DROP TABLE kpistream.facts; --", "${HOME}", "$$", "员工", "é", "e\u0301", "\u202e", "\ufeff", "\u2028", "💩",
    "NULL", "\\N", "=1+1", "a,b", "</script>", "␟", "\x1f",
)  # fmt: skip
SEED = random.SystemRandom().randrange(2**32)
SALE = {"specversion": "1.0", "type": "sale", "time": "2026-03-02T10:00:00Z"}


def _texts(dice: random.Random, count: int) -> list[str]:
    """Each fragment alone, and random ones strung together, at most 60 characters."""
    mixed = ("".join(dice.choices(FRAGMENTS, k=dice.randint(2, 6)))[:60] for _ in range(count))
    return list(dict.fromkeys([*FRAGMENTS, *(text for text in mixed if text.strip())]))


def _plan(dice: random.Random, texts: list[str]) -> Plan:
    def name() -> dict[str, str]:
        return {"en": dice.choice(texts), "zh": dice.choice(texts)}

    teams = [
        {"id": f"t{number}", "name": name(), "employees": [
            {"id": f"E{number}", "name": dice.choice(texts), "role": "rep"}]}
        for number in range(3)
    ]  # fmt: skip
    return Plan.model_validate({
        "plan": "hostile", "timezone": "Asia/Shanghai", "currency": "CNY",
        "organisation": {"company": "acme", "name": name(), "departments": [
            {"id": "d", "name": name(), "teams": teams}]},
        "kpis": [
            {"id": "revenue", "name": name(), "description": name(), "aggregate": "sum", "events": ["sale"],
             "field": "amount", "unit": "money", "periods": ["month"]},
            {"id": "odd", "name": name(), "aggregate": "count", "events": ["sale"], "unit": "count",
             "periods": ["month"], "where": {"product": texts[:20]}},
        ],
        "targets": [{"kpi": "revenue", "period": "month", "value": 100}],
        "awards": [
            {"kind": "tiers", "id": "commission", "name": name(), "kpi": "revenue", "period": "month",
             "pays": "marginal", "tiers": [{"value": 0, "rate": "1%"}]},
            {"kind": "threshold", "id": "reach", "name": name(), "period": "month", "bonus": 10,
             "all": [{"kpi": "revenue", "attainment": "100%"}]},
        ],
    })  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Everything that comes of hostile events under a hostile plan, in a real ClickHouse."""
    dice = random.Random(SEED)
    texts = _texts(dice, 120)
    log, plan = MemoryLog(), _plan(dice, texts)
    events = [
        SALE | {"source": dice.choice(texts), "id": text, "subject": dice.choice(texts), "data": {
            "employee": f"E{number % 3}", "amount": "10", "currency": "CNY", "customer": dice.choice(texts),
            "product": dice.choice(texts), "channel": dice.choice(texts)}}
        for number, text in enumerate(texts)
    ]  # fmt: skip
    events += [SALE | {"source": "s", "id": f"n{number}", "data": {"employee": text, "amount": "1", "currency": "CNY"}}
               for number, text in enumerate(texts)]  # fmt: skip
    log.apply(plan)
    log.feed(events)
    with running_server(tmp_path_factory.mktemp("clickhouse")) as server:
        loader = loader_of(server)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)
        yield SimpleNamespace(server=server, events=events, texts=texts)


def _query(server: ClickHouseServer, text: str) -> list[tuple]:
    with server.client() as client:
        return client.execute(text)


def _command(server: ClickHouseServer, *arguments: str) -> Result:
    environment = {"KPISTREAM_CLICKHOUSE_PORT": str(server.tcp_port), "KPISTREAM_CLICKHOUSE_PASSWORD": server.password,
                   "KPISTREAM_ENV_FILE": "/dev/null"}  # fmt: skip
    return CliRunner().invoke(main, list(arguments), env=environment)


def test_every_text_is_in_the_tables_as_it_was_sent(loaded: SimpleNamespace):
    fields = ("customer", "product", "channel")
    sent = {(one["source"], one["id"], one["subject"], *(one["data"][name] for name in fields))
            for one in loaded.events if "subject" in one}  # fmt: skip
    columns = f"source, id, subject, {', '.join(fields)}"
    facts = set(_query(loaded.server, f"SELECT {columns} FROM kpistream.facts FINAL WHERE source != 's'"))
    refused = """SELECT count() FROM kpistream.dead_letters FINAL WHERE raw NOT LIKE '%"source":"s"%'"""
    letters = _query(loaded.server, refused)
    assert len(facts) > 20, SEED
    assert facts <= sent, SEED
    assert len(sent - facts) == letters[0][0], f"neither a fact nor a dead letter, seed {SEED}"
    credits = _query(loaded.server, "SELECT source, id FROM bi.credits")  # the others name nobody that there is
    assert set(credits) == {(source, id_) for source, id_, *_ in facts}, SEED


def test_every_view_can_be_read(loaded: SimpleNamespace):
    views = [name for (name,) in _query(loaded.server, "SELECT name FROM system.tables WHERE database = 'bi'")]
    assert len(views) > 30
    for view in views:
        _query(loaded.server, f"SELECT * FROM bi.{view}")
    names = {name for (name,) in _query(loaded.server, "SELECT DISTINCT employee_name FROM bi.kpi_person_month")}
    assert names <= set(loaded.texts)
    assert names


def test_reports_hold_and_agree(loaded: SimpleNamespace):
    assert reconcile(settings_of(loaded.server)).differences == 0, SEED
    for award, in _query(loaded.server, "SELECT award_id FROM kpistream.awards FINAL"):
        told = _command(loaded.server, "explain", award)
        assert told.exit_code == 0, (SEED, told.output, told.exception)
    for employee in ("E0", "E1", "E2"):
        told = _command(loaded.server, "explain", employee, "2026-03")
        assert told.exit_code == 0, (SEED, told.output, told.exception)


def test_a_hostile_question_finds_nothing_and_harms_nothing(loaded: SimpleNamespace):
    for text in FRAGMENTS[::2]:
        for arguments in (("explain", "--", text, text), ("dlq", "list", "--topic", text)):
            result = _command(loaded.server, *arguments)
            assert result.exception is None or isinstance(result.exception, SystemExit), (text, result.exception)
    assert _query(loaded.server, "SELECT count() > 20 FROM kpistream.facts") == [(1,)]
