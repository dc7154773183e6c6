"""Real salespeople through the real stages into ClickHouse: statements per quarter equal plain SQL over the files."""

from __future__ import annotations

from infra.ingest.import_mapping import find_mapping, read_mapping
from infra.ingest.importer import run_import
from schemas.money import from_fixed
from sinks.rows import LOADED_TOPICS
from tests.integration.clickhouse_server import flush, loader_of, running_server
from tests.integration.memory_log import MemoryLog
from tests.sales_quarters_sql import quarters_by_sql


def test_statements_of_the_salespeople_equal_sql(tmp_path, public_data):
    folder = public_data / "adventureworks"
    imported = run_import(read_mapping(find_mapping("adventureworks")), [folder])
    log = MemoryLog()
    log.apply(imported.plan)
    log.feed(imported.events)
    with running_server(tmp_path) as server:
        loader = loader_of(server)
        for batch in log.batches(LOADED_TOPICS):
            loader.add(batch)
        flush(loader)
        with server.client("bi") as client:
            rows = client.execute(
                "SELECT employee, period, amount FROM bi.statements WHERE period_kind = 'sales_quarter'"
            )
    wanted = {key: from_fixed(figures[3]) for key, figures in quarters_by_sql(folder, "marginal").items()}
    assert {(employee, period): amount for employee, period, amount in rows if amount} == {
        key: amount for key, amount in wanted.items() if amount
    }
    assert len(rows) > 140
