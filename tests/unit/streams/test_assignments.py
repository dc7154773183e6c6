"""Assignments numbered many at a time, as one after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.event_identity import partition_key_hash
from schemas.topics import partition_of
from streams.organisation import Assignment, Assignments

_ASSIGNMENT = st.builds(Assignment, *(st.sampled_from([f"{name}1", f"{name}2", ""]) for name in "etdrc"))


@given(st.lists(st.lists(_ASSIGNMENT, max_size=6), max_size=4), st.sampled_from([4, 300]))
def test_many_at_a_time_are_numbered_as_one_by_one(pieces: list[list[Assignment]], partitions: int):
    found, before, one_by_one = Assignments.none(partitions), [], {}
    for piece in pieces:
        known = len(found)
        grown, numbers = found.extended(piece)
        assert numbers.tolist() == [one_by_one.setdefault(one, len(one_by_one)) for one in piece]
        assert list(found) == before, "a value does not change"
        found, before = grown, list(one_by_one)
        assert list(found) == before
        assert list(found.rows(known)) == before[known:]
    for at, name in enumerate(Assignments.COLUMNS):
        words = list(dict.fromkeys(one[at] for one in one_by_one))
        assert found.names[name].to_pylist() == words
        assert [words[code] for code in found.columns[name].tolist()] == [one[at] for one in one_by_one]
    assert [found.unit(number) for number in range(len(found))] == [one[1:3] for one in one_by_one]
    targets = [partition_of(partition_key_hash(one.employee), partitions) for one in one_by_one]
    assert found.partition.tolist() == targets
