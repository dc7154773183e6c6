"""Chunks in state rows: what was packed comes back, whatever its range, and takes few bytes where that is narrow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.crediting.chunks import NOT_A_SALE, SPLIT, TERMS, decode_chunk, encode_chunk, make_chunk
from streams.crediting.profiles import UNKNOWN

hashes = st.integers(0, 2**64 - 1)
amounts = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9)
times = st.integers(-(10**13), 10**15) | st.integers(1_700_000_000_000, 1_700_000_000_009)
seen = st.integers(0, 2**31 - 1) | st.integers(28_000_000, 28_000_300)
payees = st.integers(SPLIT, 2**31 - 1)
profiles = st.just(UNKNOWN) | st.integers(UNKNOWN, 1 << 24)
shares = st.tuples(hashes, hashes, seen, st.integers(0, 2**31 - 1), st.integers(TERMS, 1_000_000))


@given(
    st.lists(st.tuples(hashes, hashes, seen, times, amounts, payees, profiles), max_size=6),
    st.lists(shares, max_size=3),
)
def test_every_column_comes_back(events, parts):
    events = _columns(("high", "low", "seen", "time", "amount", "payee", "profile"), events)
    parts = _columns(("high", "low", "seen", "payee", "ppm"), parts)
    chunk = make_chunk(events, parts, floor=0)
    again = decode_chunk(encode_chunk(chunk))
    for before, after in ((chunk.events, again.events), (chunk.shares, again.shares)):
        for name, column in before.items():
            assert after[name].dtype == column.dtype
            np.testing.assert_array_equal(after[name], column, name)
    assert again.newest == chunk.newest


def test_a_month_of_sales_takes_26_bytes_each():
    count, random = 10_000, np.random.default_rng(1)
    events = {
        "high": random.integers(0, 2**64, count, np.uint64), "low": random.integers(0, 2**64, count, np.uint64),
        "seen": np.full(count, 29_000_000), "time": 1_700_000_000_000 + random.integers(0, 31 * 86_400_000, count),
        "amount": random.integers(0, 4_000_000_000, count), "payee": random.integers(NOT_A_SALE, 2_000, count),
        "profile": np.full(count, UNKNOWN),
    }  # fmt: skip
    assert len(encode_chunk(make_chunk(events, None, floor=0))) / count < 26.1


def _columns(names: tuple[str, ...], rows: list[tuple]) -> dict[str, np.ndarray]:
    unsigned = {"high": np.uint64, "low": np.uint64}
    return {
        name: np.array([row[at] for row in rows], unsigned.get(name, np.int64)) for at, name in enumerate(names)
    }
