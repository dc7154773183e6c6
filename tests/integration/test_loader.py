"""The loader against a real ClickHouse: what was in the records is in the tables, once, whatever happens
between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pyarrow as pa
import pytest

from infra.local.clickhouse import ClickHouseServer
from runtime.records import RecordBatch
from schemas.blocks import encode_block
from schemas.dead_letters import DeadLetter, encode_dead_letter
from sinks.loader import Loader, LoadError, Retry, loader_client
from sinks.rows import RowError
from tests.integration.clickhouse_server import flush, loader_of, running_server, settings_of
from tests.unit.sinks.blocks import facts_block, record, words


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(server: ClickHouseServer) -> None:
    with server.client() as client:
        for table in ("facts", "dead_letters", "outcomes"):
            client.execute(f"TRUNCATE TABLE kpistream.{table}")


def _facts(offset: int, ids: list[str], **payload: pa.Array) -> RecordBatch:
    return RecordBatch("facts", 1, [record(offset, facts_block(ids, first=100 * offset, **payload), "facts")])


def _query(server: ClickHouseServer, query: str) -> list[tuple]:
    with server.client() as client:
        return client.execute(query)


def test_values_arrive_exactly(server: ClickHouseServer) -> None:
    loader = loader_of(server)
    loader.add(
        _facts(
            4,
            ["a", "zero"],
            amount=pa.array([-123_456, None]),
            on_time=pa.array([False, None]),
            customer=words("客户", ""),
            bonus=pa.array([15_000, None]),
            done=pa.array([None, True]),
        )
    )
    assert flush(loader) == {("facts", 1): 5}
    rows = _query(
        server,
        "SELECT id, amount, on_time, customer, extra_numbers, extra_flags, time, processed_at, splits, "
        "length(event_hash), subject FROM kpistream.facts FINAL ORDER BY id",
    )
    time = datetime(2026, 3, 31, 16, 0, 0, 1000, UTC)
    processed = datetime(2026, 4, 1, 0, 0, 0, 123_000, UTC)
    assert rows == [
        (
            "a",
            Decimal("-12.3456"),
            False,
            "客户",
            {"bonus": Decimal("1.5")},
            {},
            time,
            processed,
            None,
            16,
            "",
        ),
        ("zero", None, None, "", {}, {"done": True}, time, processed, None, 16, ""),
    ]
    stored, sent = _query(server, "SELECT event_hash FROM kpistream.facts WHERE id = 'a'"), facts_block(["a"])
    with pa.ipc.open_stream(sent) as reader:
        expected = reader.read_next_batch().column("event_hash")[0].as_py()
    assert _query(
        server, f"SELECT count() FROM kpistream.facts WHERE event_hash = unhex('{expected.hex()}')"
    ) == [(1,)]
    assert len(stored) == 1


def test_a_replay_changes_nothing(server: ClickHouseServer) -> None:
    batch = _facts(4, ["a", "b", "c"], amount=pa.array([1, 2, 3]))
    for _ in range(3):
        loader = loader_of(server)
        loader.add(batch)
        flush(loader)
    assert _query(server, "SELECT count(), sum(amount) FROM kpistream.facts FINAL") == [
        (3, Decimal("0.0006"))
    ]


@pytest.mark.parametrize("order", [(2, 9), (9, 2)])
def test_the_first_copy_of_an_event_stays(server: ClickHouseServer, order: tuple[int, int]) -> None:
    for offset in order:
        loader = loader_of(server)
        loader.add(_facts(offset, ["b", "a"], amount=pa.array([offset, 10 * offset])))
        flush(loader)
    assert _query(server, "SELECT id, facts_offset, amount FROM kpistream.facts FINAL ORDER BY id") == [
        ("a", 2, Decimal("0.0020")),
        ("b", 2, Decimal("0.0002")),
    ]


def test_first_row_wins_within_a_record_too(server: ClickHouseServer) -> None:
    loader = loader_of(server)
    loader.add(_facts(1, ["a", "a"], amount=pa.array([1, 2])))
    flush(loader)
    assert _query(server, "SELECT facts_index, amount FROM kpistream.facts FINAL") == [(0, Decimal("0.0001"))]


def test_many_records_are_few_inserts(server: ClickHouseServer) -> None:
    loader = loader_of(server)
    for offset in range(30):
        loader.add(_facts(offset, [f"{offset}-{row}" for row in range(7_000)]))
    assert loader.buffered_rows == 210_000
    assert flush(loader) == {("facts", 1): 30}
    assert loader.buffered_rows == 0
    [(count, inserts)] = _query(server, "SELECT count(), uniqExact(_part) FROM kpistream.facts")
    assert count == 210_000
    assert inserts <= 3


def test_raw_bytes_of_a_dead_letter_are_kept(server: ClickHouseServer) -> None:
    raw = bytes(range(256))
    letter = DeadLetter(
        "intake", "events.sales", 3, 17, "invalid_json", "not JSON", raw, key=None, timestamp=5
    )
    loader = loader_of(server)
    loader.add(RecordBatch("dead-letters", 0, [record(0, encode_dead_letter(letter))]))
    flush(loader)
    assert _query(server, "SELECT dead_letter_id, hex(raw), key FROM kpistream.dead_letters") == [
        ("events.sales:3:17:0", raw.hex().upper(), None)
    ]


def test_the_newest_counts_win_by_their_own_version(server: ClickHouseServer) -> None:
    counts = {
        "facts_partition": 1,
        "topic": "t",
        "partition": 0,
        "applied": 5,
        "duplicate": 1,
        "dead_lettered": 2,
        "parked": 0,
        "gaps": 1,
        "last_offset": 8,
        "version": 10,
    }
    older = counts | {"applied": 2, "version": 4}
    loader = loader_of(server)
    loader.add(
        RecordBatch(
            "outcomes", 0, [record(0, msgspec.json.encode(counts)), record(1, msgspec.json.encode(older))]
        )
    )
    flush(loader)
    assert _query(server, "SELECT applied, unaccounted FROM bi.conservation WHERE topic = 't'") == [(5, 0)]


def test_nothing_of_a_batch_is_buffered_when_a_record_cannot_be_read(server: ClickHouseServer) -> None:
    loader = loader_of(server)
    bad = RecordBatch("facts", 1, [record(0, facts_block(["a"]), "facts"), record(1, b"?", "facts")])
    with pytest.raises(RowError, match="facts, partition 1, offset 1"):
        loader.add(bad)
    assert flush(loader) == {}
    assert _query(server, "SELECT count() FROM kpistream.facts") == [(0,)]


def test_what_could_not_be_inserted_is_kept_by_whoever_took_it(
    server: ClickHouseServer,
) -> None:
    pauses: list[float] = []
    settings = settings_of(server)
    loader = Loader(
        lambda: loader_client(settings), Retry(attempts=4, pause=1, longest=3), sleep=pauses.append
    )
    loader.add(_facts(4, ["a"]))
    taken = loader.take()
    server.kill()
    try:
        with pytest.raises(LoadError, match="facts: 1 rows could not be inserted in 4 attempts"):
            loader.insert(taken)
        assert pauses == [1, 2, 3]
    finally:
        server.start()
    loader.add(_facts(5, ["b"]))
    loader.insert(taken)
    assert flush(loader) == {("facts", 1): 6}
    assert _query(server, "SELECT count() FROM kpistream.facts FINAL") == [(2,)]


def test_cells_of_any_number_of_years_come_together(server: ClickHouseServer) -> None:
    quarters = 150  # more than ClickHouse takes in one insert by default
    columns = {name: words(*[name] * quarters) for name in ("kpi", "employee", "team", "department")}
    columns["day"] = pa.array(range(3_665, 3_665 + 92 * quarters, 92), pa.int32())
    columns["members"] = pa.nulls(quarters, pa.list_(pa.uint64()))
    columns["plan_version"] = pa.array([1] * quarters, pa.int32())
    for of in ("", "team_", "department_", "company_"):
        columns |= {f"{of}{part}": pa.array(range(quarters), pa.int64()) for part in ("numerator", "denominator")}
    block = encode_block(pa.RecordBatch.from_pydict(columns), {"partition": 0, "offset": 9})
    loader = loader_of(server)
    loader.add(RecordBatch("kpi-updates", 0, [record(3, block, "kpi-days")]))
    assert flush(loader) == {("kpi-updates", 0): 4}
    found = _query(server, "SELECT uniq(toStartOfQuarter(day)), sum(numerator) * 10000 FROM kpistream.kpi_days FINAL")
    assert found == [(quarters, sum(range(quarters)))]


def test_an_insert_goes_on_when_the_server_comes_back_between_attempts(server: ClickHouseServer) -> None:
    settings = settings_of(server)
    loader = Loader(
        lambda: loader_client(settings), Retry(attempts=3, pause=1), sleep=lambda seconds: server.start()
    )
    loader.add(_facts(1, ["a"]))
    flush(loader)
    loader.add(_facts(2, ["b"]))
    server.kill()  # the loader's connection is open and dead
    assert flush(loader) == {("facts", 1): 3}
    assert _query(server, "SELECT count() FROM kpistream.facts FINAL") == [(2,)]
