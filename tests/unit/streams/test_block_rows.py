"""Rows of blocks, against lists and dicts."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from streams.block_rows import LastRows, Rows
from streams.performance.columns import dictionary_column
from tests.depth import examples

_rows = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x"]), st.integers(0, 2), st.none() | st.integers(0, 9))
_blocks = st.lists(st.tuples(st.lists(_rows, min_size=1, max_size=6), st.booleans()), max_size=8)


def block(rows: list[tuple]) -> pa.RecordBatch:
    who, team, day, value = zip(*rows, strict=True)
    return pa.RecordBatch.from_pydict(
        {
            "who": dictionary_column(list(who)),
            "team": dictionary_column(list(team)),
            "day": pa.array(day, pa.int32()),
            "value": pa.array(value, pa.int64()),
            "members": pa.array([[one] * one if one else None for one in value], pa.list_(pa.uint64())),
        }
    )


def as_dict(row: tuple) -> dict:
    *names, value = row
    return dict(zip(("who", "team", "day"), names, strict=True)) | {
        "value": value, "members": [value] * value if value else None
    }  # fmt: skip


@examples(100)
@given(_blocks)
def test_as_a_list_and_a_dict_keep_them_wherever_somebody_looks(blocks):
    every, last = Rows(), LastRows(("who", "team", "day"))
    wanted = []
    for rows, looks in blocks:
        every.add(block(rows))
        last.add(block(rows))
        wanted += map(as_dict, rows)
        if looks:
            assert every[-1] == last[rows[-1][:3]] == wanted[-1]
    assert len(every) == len(wanted)
    assert every == wanted
    assert every[1:] == wanted[1:]
    found = {tuple(row[name] for name in ("who", "team", "day")): row for row in wanted}
    assert list(last.items()) == list(found.items())
    assert len(last) == len(found)
