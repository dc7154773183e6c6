"""The memory of events against a dictionary: found, forgotten, saved; and its rows a function of the log."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.crediting.arrivals import Arrivals
from streams.crediting.chunks import NOT_A_SALE, SPLIT
from streams.crediting.memory import EventMemory, Remembered
from streams.crediting.prefix_filter import PrefixFilter
from tests.depth import examples
from tests.unit.streams.checkpoint_store import Store

#: Five events, or one with its shares, fewer than any other test needs: chunks become final at once.
SMALL = 200


class Record(NamedTuple):
    """What one facts record adds: the keys, all new; the clock and the floor after it (minutes)."""

    offset: int
    keys: list[tuple[int, int]]
    seen: int
    floor: int


# few first halves, so that different events share one
hashes = st.tuples(st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 9))
# keys, minutes that the clock advances, offsets that the log advances
steps = st.lists(
    st.tuples(
        st.lists(hashes, max_size=6, unique=True),
        st.sampled_from([0, 0, 0, 1, 3, 9]),
        st.sampled_from([1, 1, 1, 2, 7, 64, 500]),
    ),
    min_size=5,
    max_size=40,
)


def log_of(drawn: list, horizon: int) -> list[Record]:
    """Facts records with the keys that are new by then."""
    seen_at: dict[tuple[int, int], int] = {}
    clock, offset, log = 100, 0, []
    for keys, ahead, further in drawn:
        clock += ahead
        fresh = [key for key in keys if seen_at.get(key, -1) < clock - horizon]
        seen_at |= dict.fromkeys(fresh, clock)
        log.append(Record(offset, fresh, clock, clock - horizon))
        offset += further
    return log


def advance(memory: EventMemory, records: list[Record]) -> None:
    """One fold of ``records``. Split sales where the second half is even, plain events where it is odd."""
    every = [(record, high, low) for record in records for high, low in record.keys]
    split = [found for found in every if found[2] % 2 == 0]
    events = columns(every)
    events["time"] = events["low"].astype(np.int64) + events["seen"]
    events["amount"] = events["low"].astype(np.int64) * 100
    events["payee"] = np.array([NOT_A_SALE if low % 2 else SPLIT for _, _, low in every], np.int32)
    events["profile"] = events["low"].astype(np.int32) - 1
    shares = {name: np.repeat(values, 2) for name, values in columns(split).items()}
    shares["payee"] = np.array([payee for _, _, low in split for payee in (low + 1, 0)], np.int32)
    shares["ppm"] = np.array([share for _ in split for share in (300_000, 700_000)], np.int32)
    at, floor = (np.array([getattr(one, name) for one in records]) for name in ("offset", "floor"))
    arrivals = Arrivals(events, shares if split else None, at, floor)
    memory.advance(records[-1].offset + 1, arrivals, records[-1].floor)


def columns(found: list[tuple[Record, int, int]]) -> dict[str, np.ndarray]:
    return {
        "offset": np.array([record.offset for record, _, _ in found], np.int64),
        "high": np.array([high for _, high, _ in found], np.uint64),
        "low": np.array([low for _, _, low in found], np.uint64),
        "seen": np.array([record.seen for record, _, _ in found], np.int32),
    }


def expected(key: tuple[int, int], seen: int) -> Remembered:
    payees = () if key[1] % 2 else ((key[1] + 1, 300_000), (0, 700_000))
    return Remembered(key[1] + seen, key[1] * 100, seen, payees, profile=key[1] - 1)


def look_up(memory: EventMemory, keys: list, floor: int) -> list[Remembered | None]:
    high, low = (np.array([key[half] for key in keys], np.uint64) for half in (0, 1))
    numbers, rows = memory.find(high, low, np.full(len(keys), floor, np.int32))
    return [
        memory.get(number, row) if number >= 0 else None
        for number, row in zip(numbers.tolist(), rows.tolist(), strict=True)
    ]


def restored(store: Store, log: list[Record]) -> EventMemory:
    memory, (marker, rows) = EventMemory(SMALL), store.load()
    memory.restore(rows, marker, max((record.floor for record in log if record.offset < marker), default=0))
    return memory


EVERY = [(high, low) for high in (0, 1, 2**63, 2**64 - 1) for low in range(10)]


@examples(60)
@given(steps, st.sets(st.integers(0, 40)), st.integers(1, 20), st.sampled_from([SMALL, 1 << 20]))
def test_finds_what_a_dictionary_finds_also_after_a_restart(drawn, restarts, horizon, final_bytes):
    memory, store = EventMemory(final_bytes), Store(later_wins=True)
    model: dict[tuple[int, int], int] = {}
    for number, record in enumerate(log_of(drawn, horizon)):
        model = {key: seen for key, seen in model.items() if seen >= record.floor}
        model |= dict.fromkeys(record.keys, record.seen)
        advance(memory, [record])
        if number in restarts:
            store.save(memory.next_offset, memory.dirty_rows())
            memory = EventMemory(final_bytes)
            memory.restore(store.load()[1], record.offset + 1, record.floor)
        assert look_up(memory, EVERY, record.floor) == [
            expected(key, model[key]) if key in model else None for key in EVERY
        ]


# owner, whether it takes over, how many records it folds, whether it saves
acts = st.tuples(
    st.integers(0, 2), st.sampled_from([False] * 3 + [True]), st.sampled_from([0, 1, 2, 5, 15]), st.booleans()
)


@examples(60)
@given(steps, st.integers(1, 20), st.lists(acts, min_size=5, max_size=25), st.booleans())
def test_rows_are_those_of_one_fold_whoever_saved_them(drawn, horizon, acts, later_wins):
    log, store = log_of(drawn, horizon), Store(later_wins)
    owners = [EventMemory(SMALL) for _ in range(3)]
    for who, takes_over, count, saves in acts:
        if takes_over:
            owners[who] = restored(store, log)
        batch = [record for record in log if record.offset >= owners[who].next_offset][:count]
        if batch:
            advance(owners[who], batch)
        if saves and owners[who].next_offset:
            store.save(owners[who].next_offset, owners[who].dirty_rows())
            marker, rows = store.load()
            straight = EventMemory(SMALL)
            advance(straight, [record for record in log if record.offset < marker])
            assert rows == {key: value for key, value in straight.dirty_rows().items() if value}


def test_a_range_that_ends_without_rows_forgets_by_the_floor_before_it_also_after_a_restart():
    log = [Record(0, [(0, 1)], 100, 90), Record(1, [(0, 2)], 105, 95), Record(8, [(0, 3)], 111, 101)]
    straight, store = EventMemory(SMALL), Store(later_wins=True)
    advance(straight, log)
    store.save(straight.next_offset, straight.dirty_rows())
    heir = restored(store, log)
    for memory in (straight, heir):
        memory.advance(64, None, 101)
    assert straight.dirty_rows() == heir.dirty_rows()
    assert len(heir) == 2


def plain(rows: int, offset: int, seen: int, generator: np.random.Generator) -> Arrivals:
    """``rows`` events of one facts record, none of them a sale."""
    zeros = np.zeros(rows, np.int64)
    high, low = (generator.integers(0, 2**64, rows, dtype=np.uint64) for _ in range(2))
    events = {"offset": zeros + offset, "high": high, "low": low, "seen": zeros + seen}
    events |= {"time": zeros, "amount": zeros, "payee": zeros, "profile": zeros}
    return Arrivals(events, None, np.array([offset]), np.array([0]))


def test_rewrites_each_event_at_most_once_per_level_and_stays_compact():
    """64 records of 1,000 events, saved after each: two levels above the record's own."""
    memory, generator, written = EventMemory(), np.random.default_rng(1), 0
    for offset in range(64):
        memory.advance(offset + 1, plain(1_000, offset, offset, generator), 0)
        written += sum(len(value) for value in memory.dirty_rows().values())
    assert len(memory) == 64_000
    assert written / (64_000 * 40) < 3.1
    assert memory.nbytes / 64_000 < 50


def test_keys_are_used_again_and_large_rows_merged_no_further():
    memory, generator, keys, largest = EventMemory(64_000), np.random.default_rng(1), set(), 0
    for offset in range(1_000):
        memory.advance(offset + 1, plain(10, offset, offset, generator), offset - 700)
        rows = memory.dirty_rows()
        keys |= {key for key in rows if not key.startswith("ids/final/")}
        largest = max(largest, *map(len, rows.values()))
    assert keys <= {f"ids/{level}/{place}" for level in range(4) for place in range(8)}
    assert 64_000 < largest < 8 * 64_000
    assert len(memory) < 10 * (700 + 8 * 512)


def test_forgotten_chunks_leave_memory_and_checkpoint():
    memory = EventMemory()
    advance(memory, [Record(0, [(1, 1), (2, 2)], 10, 0)])
    (key,) = memory.dirty_rows()
    advance(memory, [Record(1, [(3, 3)], 50, 40)])
    rows = memory.dirty_rows()
    assert rows.pop(key) == b""
    assert len(rows) == len(memory) == 1


@given(st.lists(st.integers(0, 2**64 - 1), max_size=200), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_filter_never_denies_what_was_added(first, second):
    parts = [np.array(sorted(part), np.uint64) for part in (first, second)]
    built = PrefixFilter([parts[0]])
    built.add(parts[1])
    for part in parts:
        assert built.may_hold(part).all()
