"""Batching does not matter, nothing vanishes, nothing raises."""
import json

from hypothesis import given
from hypothesis import strategies as st

from runtime.records import RecordBatch
from streams.intake import Intake
from tests.depth import examples
from tests.unit.schemas.event_texts import TYPES, damaged_texts, event_texts
from tests.unit.streams.intake_log import Taken, blocks, fold, letters

_SETTINGS = examples(40, derandomize=True)
ANY_RECORD = event_texts() | damaged_texts() | st.none() | st.binary(max_size=30)
_NAMES = st.sampled_from(["specversion", "id", "data", "type", "time", "source"]) | st.text()
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner),
).map(lambda value: json.dumps(value).encode())


def outcome(parts, partitions):
    """Rows by target partition, dead letters and reports of one log cut into ``parts``."""
    intake = Intake(partitions, TYPES)
    intake.assigned("t", 0, 0)
    outs = [out for part in parts for out in intake.fold(RecordBatch("t", 0, part))]
    by_target = {target: blocks(outs, target) for target in range(partitions)}
    rows = {target: [row for _, some in found for row in some] for target, found in by_target.items()}
    metas = [meta for meta, _ in blocks(outs)]
    reports = [(kind, entry) for kind in ("rejected", "gaps") for meta in metas for entry in meta[kind]]
    return rows, letters(outs), reports


@given(st.lists(ANY_RECORD, min_size=2, max_size=12), st.data())
@_SETTINGS
def test_batching_does_not_matter(values, data):
    gaps = data.draw(st.lists(st.integers(1, 3), min_size=len(values), max_size=len(values)))
    log, offset = [], -1
    for value, gap in zip(values, gaps, strict=True):
        log.append(Taken(offset := offset + gap, value))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(log) - 1))))
    parts = [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]
    whole = outcome([log], 3)
    assert outcome(parts, 3) == whole
    rows, dead, reports = whole
    applied = [row["offset"] for found in rows.values() for row in found]
    assert sorted([*applied, *(letter.offset for letter in dead)]) == [record.offset for record in log]
    assert sum(entry[1] for kind, entry in reports if kind == "gaps") == log[-1].offset + 1 - len(log)


@given(st.lists(st.binary(max_size=200) | ANY_JSON, min_size=1, max_size=8))
@_SETTINGS
def test_nothing_raises(values):
    outs = fold(values)
    assert len(letters(outs)) + sum(len(rows) for _, rows in blocks(outs)) == len(values)
