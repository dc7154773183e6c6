"""Checkpoints on a real ClickHouse, killed while it writes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from infra.local.clickhouse import ClickHouseServer
from runtime.checkpoints import Checkpoint, CheckpointsSetBack, StoreUnavailable
from sinks.checkpoints import ClickHouseCheckpointStore
from tests.integration.clickhouse_server import running_server, settings_of

#: Rows of the large checkpoint, and its value per row: all from the same round, or the checkpoint is torn.
ROWS = 200_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_server(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


@pytest.fixture
def store(server: ClickHouseServer) -> ClickHouseCheckpointStore:
    with server.client() as client:
        client.execute("TRUNCATE TABLE kpistream.checkpoints")
    return ClickHouseCheckpointStore(settings_of(server))


def _saved(
    store: ClickHouseCheckpointStore, offset: int, stage: str = "crediting", partition: int = 0, **rows: bytes
) -> None:
    store.save([Checkpoint(stage, partition, offset, rows)])


def test_there_is_none_before_the_first(store: ClickHouseCheckpointStore) -> None:
    assert store.load("crediting", 0) is None


def test_a_marker_without_rows_is_a_checkpoint(store: ClickHouseCheckpointStore) -> None:
    _saved(store, 0)
    assert store.load("crediting", 0) == Checkpoint("crediting", 0, 0, {})


def test_any_bytes_come_back(store: ClickHouseCheckpointStore) -> None:
    rows = {
        "every byte": bytes(range(256)),
        "zeros": b"\0" * 17,
        "not utf-8": b"\xff\xfe",
        "键/é": b"1",
        "long": b"x" * 1_000_000,
    }
    store.save([Checkpoint("crediting", 3, 12, rows)])
    assert store.load("crediting", 3) == Checkpoint("crediting", 3, 12, rows)


def test_later_rows_replace_delete_and_keep(store: ClickHouseCheckpointStore) -> None:
    _saved(store, 5, a=b"1", b=b"1", c=b"1")
    _saved(store, 9, b=b"2", c=b"", d=b"2")
    live = {"a": b"1", "b": b"2", "d": b"2"}
    assert store.load("crediting", 0) == Checkpoint("crediting", 0, 9, live, deleted=("c",))
    _saved(store, 12, c=b"3")
    assert store.load("crediting", 0).rows == {"a": b"1", "b": b"2", "c": b"3", "d": b"2"}


def test_a_tombstone_outlives_merges(server: ClickHouseServer, store: ClickHouseCheckpointStore) -> None:
    _saved(store, 5, a=b"1", b=b"1")
    _saved(store, 9, a=b"")
    with server.client() as client:
        client.execute("OPTIMIZE TABLE kpistream.checkpoints FINAL")
    assert store.load("crediting", 0) == Checkpoint("crediting", 0, 9, {"b": b"1"}, deleted=("a",))


def test_stages_and_partitions_do_not_meet(store: ClickHouseCheckpointStore) -> None:
    store.save(
        [
            Checkpoint("crediting", 0, 5, {"a": b"1"}),
            Checkpoint("crediting", 1, 6, {"a": b"2"}),
            Checkpoint("performance", 0, 7, {"a": b"3"}),
        ]
    )
    assert store.load("crediting", 0) == Checkpoint("crediting", 0, 5, {"a": b"1"})
    assert store.load("crediting", 1) == Checkpoint("crediting", 1, 6, {"a": b"2"})
    assert store.load("performance", 0) == Checkpoint("performance", 0, 7, {"a": b"3"})
    assert store.load("performance", 1) is None


def test_saving_nothing_is_nothing(store: ClickHouseCheckpointStore) -> None:
    store.save([])
    assert store.load("crediting", 0) is None


def test_the_key_of_the_marker_is_refused(store: ClickHouseCheckpointStore) -> None:
    with pytest.raises(ValueError, match="the empty key belongs to the marker"):
        store.save([Checkpoint("crediting", 0, 5, {"": b"1"})])


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (1, 0, 2), (1, 2, 0), (2, 1, 0)])
def test_a_zombie_and_the_new_owner_agree_in_any_order(
    store: ClickHouseCheckpointStore, order: tuple[int, ...]
) -> None:
    """The log sets k to its offset, k = offset % 3. Both owners start from the marker 30."""

    def state(upto: int, since: int) -> dict[str, bytes]:
        return {f"k{offset % 3}": b"%d" % offset for offset in range(since, upto)}

    _saved(store, 30, **state(30, 0))
    of_zombie = [(50, state(50, 30))]
    of_owner = [(31, state(31, 30)), (45, state(45, 31))]
    for number in order:
        offset, rows = (of_zombie + of_owner)[number]
        _saved(store, offset, **rows)
    found = store.load("crediting", 0)
    assert (found.next_offset, found.rows) == (50, state(50, 0))


def test_what_rests_on_a_marker_that_is_gone_is_refused(store: ClickHouseCheckpointStore) -> None:
    _saved(store, 5, a=b"1")
    store.save([Checkpoint("crediting", 0, 9, {"a": b"2"}, rests_on=5), Checkpoint("crediting", 1, 3, {})])
    store.save([Checkpoint("crediting", 0, 7, {"a": b"1"}, rests_on=5)])  # by a zombie, below the newest marker
    for lost in (Checkpoint("crediting", 0, 12, {}, rests_on=10), Checkpoint("crediting", 0, 12, {}, 2, rests_on=9)):
        with pytest.raises(CheckpointsSetBack, match=r"partition 0: its checkpoint at \d+ is gone"):
            store.save([Checkpoint("crediting", 1, 4, {}, rests_on=3), lost])
    assert (store.load("crediting", 0).next_offset, store.load("crediting", 1).next_offset) == (9, 3)


def test_a_server_that_is_away_is_said_so(server: ClickHouseServer, store: ClickHouseCheckpointStore) -> None:
    server.kill()
    try:
        with pytest.raises(StoreUnavailable, match="checkpoint not saved"):
            _saved(store, 5, a=b"1")
        with pytest.raises(StoreUnavailable, match="crediting, partition 0 not loaded"):
            store.load("crediting", 0)
    finally:
        server.start()
    assert store.load("crediting", 0) is None


def test_a_large_checkpoint_is_one_part(server: ClickHouseServer, store: ClickHouseCheckpointStore) -> None:
    """More rows than the server's default block; a second part would be a second transaction."""
    rows = {f"k{number:07}": b"v" for number in range(1_200_000)}
    with server.client() as client:
        client.execute("SYSTEM STOP MERGES kpistream.checkpoints")
        store.save([Checkpoint("crediting", 0, 5, rows)])
        parts = client.execute("SELECT rows FROM system.parts WHERE table = 'checkpoints' AND active")
        client.execute("SYSTEM START MERGES kpistream.checkpoints")
    assert parts == [(1_200_001,)]
    assert store.load("crediting", 0).rows == rows


def test_killed_in_the_middle_a_checkpoint_is_whole_or_absent(
    server: ClickHouseServer, store: ClickHouseCheckpointStore
) -> None:
    """Eight kill −9 at different moments of a save. What the marker says decides what every row must say."""
    acknowledged, kept = 0, set()
    for offset in range(1, 9):
        value = b"%08d" % offset
        checkpoint = Checkpoint("crediting", 0, offset, {f"k{number:06}": value for number in range(ROWS)})
        killer = threading.Timer(0.04 * offset, server.kill)
        killer.start()
        try:
            store.save([checkpoint])
            acknowledged = offset
        except StoreUnavailable:
            pass
        killer.join()
        server.start()
        found = store.load("crediting", 0)
        reached = found.next_offset if found else 0
        assert acknowledged <= reached <= offset
        if found:
            assert len(found.rows) == ROWS
            assert set(found.rows.values()) == {b"%08d" % reached}
        kept.add(reached == offset)
    assert False in kept, "every kill came after the save: nothing was tested"


def test_the_state_of_the_highest_format_is_loaded_and_older_ones_stay(store: ClickHouseCheckpointStore) -> None:
    _saved(store, 9, partition=1, a=b"old", b=b"old")
    store.save([Checkpoint("crediting", 1, 7, {"a": b"new", "b": b""}, 10), Checkpoint("crediting", 1, 8, {}, 2)])
    assert store.load("crediting", 1) == Checkpoint("crediting", 1, 7, {"a": b"new"}, 10, ("b",))
    assert store.load("credit", 1) is None
    assert sorted(store.values("crediting", "a")) == [b"new", b"old"]
