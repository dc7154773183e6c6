"""A newer program takes over the states that older ones left, of every format there ever was."""

from __future__ import annotations

from functools import cache

import pytest

from runtime.records import Out, RecordBatch
from schemas.blocks import decode_block, kind_of
from schemas.event_fields import FOLLOWING
from streams.backtest import MemoryRecord
from streams.performance.left_out import KIND as LEFT_OUT
from streams.state_layouts import LAYOUTS, layout_of
from tests.state_corpus import INPUT, logs, make_fold, saved, updates_of

#: What a state of before cannot know of the sales that it remembers, and what is about them therefore lacks.
#: Which credits were left out it does not tell either, so the word since when that is told comes anew, another one.
#: What filters saw of a sale was its amount as it came, so that is how it stood.
_SEEN = ("sale_now", "sale_before")
UNKNOWN = {
    ("crediting", 1): ("data.customer", "data.product", "data.channel", *_SEEN),
    ("crediting", 2): _SEEN,
    ("performance", 1): ("since",),
}
STATES = [pytest.param(one, id=f"{one.stage} {one.format}") for stage in INPUT for one in saved(stage)]


def _readable(out: Out, unknown: tuple[str, ...]) -> tuple:
    if out.value.startswith(b"{"):
        return out.topic, out.key, out.value
    table, meta = decode_block(out.value)
    rows = [
        {name: value for name, value in row.items() if name not in unknown or row["type"] not in FOLLOWING}
        for row in table.to_pylist()
    ]
    meta = {name: value for name, value in meta.items() if name not in unknown}
    return out.topic, meta, sorted(rows, key=repr) if "updates" in out.topic else rows


@pytest.mark.parametrize("state", STATES)
def test_a_fold_goes_on_from_a_saved_state_as_if_it_had_seen_it_all(state):
    topic = INPUT[state.stage]
    _, after = logs()[topic]
    rows = layout_of(state.stage, partitions=1).taken_over(state)
    assert rows is not None, "no step leads from this format to ours"
    resumed = make_fold(state.stage)
    resumed.restore(rows)
    assert state.next_offset == after[0].offset
    unknown = UNKNOWN.get((state.stage, state.format), ())
    expected = _told(_straight(state.stage), unknown)
    assert len(expected) > 30
    assert _told(_outs(resumed, after), unknown) == expected, (
        "a state of before is not understood as it was: give it a new format and a step (streams/state_layouts.py)"
    )


@cache
def _straight(stage: str) -> list[Out]:
    """What comes behind the saved states of a stage that has seen it all."""
    before, after = logs()[INPUT[stage]]
    fold = make_fold(stage)
    _outs(fold, before)
    return _outs(fold, after)


def _outs(fold, records: list[MemoryRecord]) -> list[Out]:
    """What comes out, record by record."""
    outs = []
    for record in records:
        outs += fold.fold(RecordBatch("topic", 0, [record])) + updates_of(fold)
    return outs


def _told(outs: list[Out], unknown: tuple[str, ...]) -> list[tuple]:
    """In a form that does not depend on the order in which names were met."""
    told_anew = [out for out in outs if kind_of(out.headers) == LEFT_OUT and not decode_block(out.value)[0].num_rows]
    return [_readable(out, unknown) for out in outs if "since" not in unknown or out not in told_anew]


def test_every_format_is_kept():
    for stage, layout in LAYOUTS.items():
        assert [one.format for one in saved(stage)] == list(range(1, layout.format + 1)), (
            "write the state of the new format: python -m tests.state_corpus"
        )
