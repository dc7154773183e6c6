"""Rows in groups, against a dict of lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.performance.running import group_rows
from tests.depth import examples

_kinds = st.lists(st.tuples(st.sampled_from([-1, 3, 5, 9]), st.sampled_from([-1, 3, 5, 9])), min_size=1, max_size=6)


@examples(200)
@given(_kinds, st.data())
def test_groups_hold_their_rows_in_the_order_of_the_log(cells, data):
    batch = data.draw(st.integers(1, 12))
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, batch - 1), min_size=1))))
    cell_of = np.array(data.draw(st.lists(st.integers(0, len(cells) - 1), min_size=len(rows), max_size=len(rows))))
    made = []
    for keys in zip(*cells, strict=True):  # of two kinds of periods, which may fall into the same groups
        found = group_rows(np.array(keys), rows, cell_of, batch, made)
        made.append(found)
        wanted: dict[int, list[int]] = {}
        for row, cell in zip(rows.tolist(), cell_of.tolist(), strict=True):
            if keys[cell] != -1:
                wanted.setdefault(keys[cell], []).append(row)
        held = [found.keys[at] if at >= 0 else -1 for at in found.group.tolist()]
        key_of = {row: key for key, rows_of in wanted.items() for row in rows_of}
        assert held == [key_of.get(row, -1) for row in range(batch)]
        assert found.order.tolist() == [row for key in sorted(wanted) for row in wanted[key]]
        assert set(wanted) <= set(found.keys.tolist())
