"""Slots by key, against a dict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.performance import key_table
from streams.performance.key_table import KeyTable
from tests.depth import examples

#: Keys as periods and day cells have them: codes in the upper bits, days and ordinals in the lower.
_KEYS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda key: key[0] << 34 | key[1])
_MANY = st.tuples(st.integers(0, 2**20), st.integers(1, 2**40), st.integers(101, 700)).map(
    lambda many: [many[0] + at * many[1] for at in range(many[2])]
)
_BATCHES = st.lists(st.lists(_KEYS | st.integers(0, 2**62), max_size=40, unique=True) | _MANY, max_size=8)


@pytest.fixture(params=["c", "numpy"])
def kept(request, monkeypatch):
    """Looked up by lookups.c, or without it; a table grows by a quarter once it has twice the room of the first."""
    monkeypatch.setattr(key_table, "_LARGE", 512)
    if request.param == "numpy":
        monkeypatch.setattr(key_table, "LIBRARY", None)


@pytest.mark.usefixtures("kept")
@examples(60)
@given(_BATCHES)
def test_slots_are_those_of_a_dict(batches):
    table, known = KeyTable(), {}
    for keys in batches:
        wanted = np.array(keys, np.int64)
        before = [known.get(key, -1) for key in keys]
        assert table.find_all(wanted).tolist() == before
        assert table.slots(wanted).tolist() == [known.setdefault(key, len(known)) for key in keys]
        assert table.size == len(known)
        assert table.keys[: table.size].tolist() == list(known)
        for key in keys[:3]:
            assert table.find(key) == known[key]
            assert table.find(key + 1) == known.get(key + 1, -1)
