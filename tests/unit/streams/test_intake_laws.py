"""Batching does not matter, nothing vanishes, nothing raises."""
import json

from hypothesis import given
from hypothesis import strategies as st

from runtime.records import RecordBatch
from schemas.mapping import TopicMapping
from streams.intake import Intake
from tests.depth import examples
from tests.unit.schemas.event_texts import TYPES, damaged_texts, event_texts
from tests.unit.streams.intake_log import Taken, blocks, fold, letters, records

_ANOTHER_SHAPE = {
    "type": {"constant": "sale"}, "source": {"constant": "v"}, "id": "id", "time": "time",
    "data": {"employee": "data.employee", "amount": "data.amount", "currency": {"constant": "CNY"}},
}  # fmt: skip
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
    reports = [(kind, entry) for kind in ("rejected", "gaps") for meta in metas for entry in getattr(meta, kind)]
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


_BATCHES = st.tuples(st.sampled_from(["t", "u", "v"]), st.lists(ANY_RECORD, min_size=1, max_size=6))


@given(st.lists(_BATCHES, min_size=1, max_size=6))
@_SETTINGS
def test_source_partitions_together_give_what_each_gives_alone(batches):
    """Blocks of each target in the order of the sources, letters too; ``v`` is a topic of another shape."""
    batches.sort(key=lambda batch: batch[0] == "v")  # read in another way, so in blocks of their own
    batches = [RecordBatch(topic, at, records(values, start=at)) for at, (topic, values) in enumerate(batches)]
    shape = TopicMapping.model_validate(_ANOTHER_SHAPE)
    alone, together = (Intake(3, TYPES, {"v": shape}) for _ in range(2))
    for batch in batches:
        alone.assigned(batch.topic, batch.partition, 0)
        together.assigned(batch.topic, batch.partition, 0)
    singly = [out for batch in batches for out in alone.fold(batch)]
    joined = together.fold(*batches)
    for target in range(3):
        by_source = [
            {source[:2]: (source, rows) for source, rows in blocks(outs, target)} for outs in (joined, singly)
        ]
        assert by_source[0] == by_source[1]
        assert sum(out.partition == target for out in joined) <= 2
    order = {(batch.topic, batch.partition): at for at, batch in enumerate(batches)}
    letters_of = [letters(outs) for outs in (joined, singly)]
    assert letters_of[0] == sorted(letters_of[1], key=lambda one: order[one.topic, one.partition])
    assert together.fold(*batches) == joined


@given(st.lists(st.binary(max_size=200) | ANY_JSON, min_size=1, max_size=8))
@_SETTINGS
def test_nothing_raises(values):
    outs = fold(values)
    assert len(letters(outs)) + sum(len(rows) for _, rows in blocks(outs)) == len(values)
