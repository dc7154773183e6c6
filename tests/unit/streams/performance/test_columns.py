"""Unique values and membership, against Python's own sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.performance.columns import among, distinct, numbered, stable_order

values = st.lists(st.integers(0, 30) | st.integers(-(2**63), 2**63 - 1))


@given(values)
def test_distinct_values_come_once_and_in_order(some):
    assert distinct(np.array(some, np.int64)).tolist() == sorted(set(some))


@given(values, values)
def test_membership(some, wanted):
    found = among(np.array(some, np.int64), distinct(np.array(wanted, np.int64)))
    assert found.tolist() == [one in set(wanted) for one in some]


@given(st.lists(st.integers(0, 30), min_size=1), st.sampled_from([31, 10**6]))
def test_numbered_values(some, below):
    unique, which = numbered(np.array(some), below)
    assert unique.tolist() == sorted(set(some))
    assert unique[which].tolist() == some


@given(st.lists(st.integers(0, 30)), st.sampled_from([31, 2**62]))
def test_a_stable_order(some, below):
    assert stable_order(np.array(some, np.int64), below).tolist() == sorted(range(len(some)), key=some.__getitem__)
