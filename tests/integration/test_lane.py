"""Lanes of the sink against a real ClickHouse: what comes meanwhile, and what may be committed when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from infra.local.clickhouse import ClickHouseServer
from runtime.records import RecordBatch
from sinks import lane as lanes
from sinks.lane import Lane
from sinks.loader import Loader, Retry, loader_client
from tests.integration.clickhouse_server import running_server, settings_of
from tests.unit.sinks.blocks import facts_block, record


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


class _Committed(list):
    """What a lane committed, in its order."""

    async def __call__(self, offsets: dict[tuple[str, int], int]) -> None:
        self.append(offsets)


def _lane(server: ClickHouseServer, committed: _Committed) -> Lane:
    settings = settings_of(server)
    return Lane("traces", Loader(lambda: loader_client(settings), Retry(attempts=2, pause=0.1)), committed)


def _fact(offset: int) -> RecordBatch:
    return RecordBatch("facts", 1, [record(offset, facts_block([f"e{offset}"], first=offset), "facts")])


async def _until(holds) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


def _count(server: ClickHouseServer) -> int:
    with server.client() as client:
        return client.execute("SELECT count() FROM kpistream.facts FINAL")[0][0]


def test_batches_come_in_while_others_wait_for_the_server_and_each_is_committed_once_it_is_stored(
    server: ClickHouseServer,
) -> None:
    committed = _Committed()

    async def history() -> None:
        lane, before = _lane(server, committed), _count(server)
        await lane.add(_fact(4))
        server.kill()
        try:
            first = asyncio.ensure_future(lane.flush())
            await _until(lambda: lane.waits)
            await lane.add(_fact(5))
            second = asyncio.ensure_future(lane.flush())
            await asyncio.sleep(0.3)
            assert (committed, first.done(), second.done()) == ([], False, False)
        finally:
            server.start()
        await asyncio.gather(first, second)
        assert committed == [{("facts", 1): 5}, {("facts", 1): 6}]
        assert (lane.waits, _count(server)) == (False, before + 2)

    asyncio.run(history())


def test_where_inserts_do_not_keep_up_no_more_comes_in(
    server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_FLUSH_ROWS", 2)
    committed = _Committed()

    async def history() -> None:
        lane, before = _lane(server, committed), _count(server)
        running = asyncio.ensure_future(lane.run())
        await lane.add(_fact(14))
        server.kill()
        try:
            await _until(lambda: lane.waits)
            for offset in (15, 16):
                await asyncio.wait_for(lane.add(_fact(offset)), 5)
            more = asyncio.ensure_future(lane.add(_fact(17)))
            await asyncio.sleep(0.5)
            assert not more.done()
        finally:
            server.start()
        await asyncio.wait_for(more, 30)
        await _until(lambda: len(committed) == 3)
        running.cancel()
        assert committed == [{("facts", 1): 15}, {("facts", 1): 17}, {("facts", 1): 18}]
        assert _count(server) == before + 4

    asyncio.run(history())


def test_a_flush_that_somebody_stops_waiting_for_goes_to_its_end(server: ClickHouseServer) -> None:
    committed = _Committed()

    async def history() -> None:
        lane, before = _lane(server, committed), _count(server)
        await lane.add(_fact(24))
        flush = asyncio.ensure_future(lane.flush())
        await asyncio.sleep(0)
        flush.cancel()
        await _until(lambda: committed)
        assert _count(server) == before + 1

    asyncio.run(history())
