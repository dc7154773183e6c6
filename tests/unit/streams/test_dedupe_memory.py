"""The memory of events against a dictionary: found, forgotten, saved, at any chunk layout."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.crediting.chunks import NOT_A_SALE, SPLIT
from streams.crediting.memory import EventMemory, Remembered
from streams.crediting.prefix_filter import PrefixFilter

# few first halves, so that different events share one
hashes = st.tuples(st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 9))
steps = st.lists(st.tuples(st.lists(hashes, max_size=6, unique=True), st.integers(0, 3)), max_size=40)


def columns(keys: list, seen: int) -> tuple[dict, dict]:
    """Events that are split sales where the second half is even, plain events where it is odd."""
    high, low = [key[0] for key in keys], [key[1] for key in keys]
    split = [key for key in keys if key[1] % 2 == 0]
    events = {
        "high": np.array(high, np.uint64),
        "low": np.array(low, np.uint64),
        "seen": np.full(len(keys), seen, np.int32),
        "time": np.array(low, np.int64) + seen,
        "amount": np.array(low, np.int64) * 100,
        "payee": np.array([NOT_A_SALE if key[1] % 2 else SPLIT for key in keys], np.int32),
    }
    shares = {
        "high": np.array([key[0] for key in split for _ in range(2)], np.uint64),
        "low": np.array([key[1] for key in split for _ in range(2)], np.uint64),
        "seen": np.full(2 * len(split), seen, np.int32),
        "payee": np.array([payee for key in split for payee in (key[1] + 1, 0)], np.int32),
        "ppm": np.array([share for _ in split for share in (300_000, 700_000)], np.int32),
    }
    return events, shares


def expected(key: tuple[int, int], seen: int) -> Remembered:
    payees = () if key[1] % 2 else ((key[1] + 1, 300_000), (0, 700_000))
    return Remembered(key[1] + seen, key[1] * 100, seen, payees)


def look_up(memory: EventMemory, keys: list, floor: int) -> list[Remembered | None]:
    high, low = (np.array([key[half] for key in keys], np.uint64) for half in (0, 1))
    numbers, rows = memory.find(high, low, np.full(len(keys), floor, np.int32))
    return [
        memory.get(number, row) if number >= 0 else None
        for number, row in zip(numbers.tolist(), rows.tolist(), strict=True)
    ]


EVERY = [(high, low) for high in (0, 1, 2**63, 2**64 - 1) for low in range(10)]


@settings(max_examples=200, deadline=None)
@given(steps, st.sets(st.integers(0, 40)), st.integers(1, 20))
def test_finds_what_a_dictionary_finds_also_after_a_restart(log, restarts, horizon):
    memory, saved, clock = EventMemory(), {}, 100
    model: dict[tuple[int, int], int] = {}
    for number, (keys, ahead) in enumerate(log):
        clock += ahead
        floor = clock - horizon
        model = {key: seen for key, seen in model.items() if seen >= floor}
        fresh = [key for key in keys if key not in model]
        memory.add(*columns(fresh, clock), floor)
        model |= dict.fromkeys(fresh, clock)
        if number in restarts:
            saved |= memory.dirty_rows()
            memory = EventMemory()
            memory.restore({key: value for key, value in saved.items() if value})
        assert look_up(memory, EVERY, floor) == [
            expected(key, model[key]) if key in model else None for key in EVERY
        ]


def test_rewrites_each_event_at_most_once_per_level_and_stays_compact():
    """64 folds of 1,000 events, saved after each: levels 8³ to 8⁵ above the fold's own are two."""
    memory, generator, written = EventMemory(), np.random.default_rng(1), 0
    for fold in range(64):
        high, low = (generator.integers(0, 2**64, 1_000, dtype=np.uint64) for _ in range(2))
        zeros = np.zeros(1_000, np.int64)
        events = {
            "high": high,
            "low": low,
            "seen": zeros + fold,
            "time": zeros,
            "amount": zeros,
            "payee": zeros,
        }
        memory.add(events, None, 0)
        written += sum(len(value) for value in memory.dirty_rows().values())
    assert len(memory) == 64_000
    assert written / (64_000 * 40) < 3.1
    assert memory.nbytes / 64_000 < 50


def test_forgotten_chunks_leave_memory_and_checkpoint():
    memory = EventMemory()
    memory.add(*columns([(1, 1), (2, 2)], 10), 0)
    (key,) = memory.dirty_rows()
    memory.add(*columns([(3, 3)], 50), 40)
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
