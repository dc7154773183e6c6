"""Splitting many amounts at once gives what the scalar rule gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.money import MAX_UNITS, SCALE, WHOLE, split_largest_remainder
from streams.crediting.splits import split_amounts, unit_firsts


@st.composite
def shares(draw) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(0, WHOLE), max_size=6)))
    return [end - start for start, end in zip([0, *cuts], [*cuts, WHOLE], strict=True)]


largest = MAX_UNITS * SCALE
rows = st.lists(st.tuples(st.integers(-largest, largest), shares()), min_size=1, max_size=8)


@given(rows, st.sampled_from([1, 10, 100, 10_000]))
def test_equals_the_scalar_rule_and_sums_to_the_amount(events, step):
    counts = np.array([len(ppm) for _, ppm in events])
    flat = np.array([share for _, ppm in events for share in ppm], np.int64)
    got = split_amounts(np.array([amount for amount, _ in events], np.int64), counts, flat, step).tolist()
    assert got == [
        part for amount, ppm in events for part in split_largest_remainder(amount, ppm, WHOLE, step)
    ]
    assert sum(got) == sum(amount for amount, _ in events)


def test_first_credit_in_each_unit():
    units = [("t1", "d1"), ("t1", "d1"), ("t2", "d1"), ("t9", "d2"), ("t2", "d1")]
    assert unit_firsts(units) == (7, 0, 1, 3, 0)
