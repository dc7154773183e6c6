"""Assignments numbered many at a time, as one after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.organisation import Assignment, Assignments

_ASSIGNMENT = st.builds(Assignment, *(st.sampled_from([f"{name}1", f"{name}2", ""]) for name in "etdrc"))


@given(st.lists(st.lists(_ASSIGNMENT, max_size=6), max_size=4))
def test_many_at_a_time_are_numbered_as_one_by_one(pieces: list[list[Assignment]]):
    together, alone = Assignments(4), Assignments(4)
    for piece in pieces:
        together.extend(piece)
        codes = [alone.code(one) for one in piece]
        assert [together.code(one) for one in piece] == codes
    together.freeze()
    alone.freeze()
    assert together.all == alone.all
    for name in Assignments.COLUMNS:
        assert together.columns[name].tolist() == alone.columns[name].tolist()
        assert together.names[name].to_pylist() == alone.names[name].to_pylist()
    assert together.partition.tolist() == alone.partition.tolist()
