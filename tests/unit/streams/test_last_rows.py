"""Rows in the place of earlier ones, against a dict."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import last_rows
from streams.last_rows import LastRows
from streams.performance.columns import dictionary_column
from tests.depth import examples

_rows = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x"]), st.integers(0, 2), st.none() | st.integers(0, 9))


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


@examples(100)
@given(st.lists(st.lists(_rows, min_size=1, max_size=6), max_size=8), st.sampled_from([1, 5, 1000]))
def test_as_a_dict_keeps_them(blocks, spare):
    wanted = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(last_rows, "_SPARE_ROWS", spare)
        kept = LastRows(("who", "team", "day"))
        for rows in blocks:
            kept.add(block(rows))
            wanted |= {row[:3]: row for row in rows}
        found = kept.rows()
    assert list(found) == list(wanted)
    for key, (*names, value) in wanted.items():
        named = dict(zip(("who", "team", "day"), names, strict=True))
        assert found[key] == named | {"value": value, "members": [value] * value if value else None}
