"""Intake: what becomes of each record, where it goes, and what is said of gaps."""
import json

import pytest

from runtime.records import RecordBatch
from schemas.blocks import decode_block
from schemas.event_identity import event_hash, partition_key_hash
from schemas.facts import FactsSource
from schemas.mapping import TopicMapping
from streams import intake as module
from streams.intake import Intake
from tests.unit.schemas.event_texts import TYPES, example
from tests.unit.streams.intake_log import NOW, Taken, blocks, fold, letters, records

_WITHOUT_DATA = b'{"specversion":"1.0","id":"1","source":"s","type":"sale","time":"2026-03-31T17:30:00Z"}'


def test_one_sale_becomes_one_row():
    ((meta, (row,)),) = blocks(fold([example("sale")]))
    assert meta == FactsSource("events.sales", partition=3, first=0, last=0, rows=1)
    assert row == {
        "offset": 0, "event_hash": event_hash("erp/shanghai", "sale-2041"), "source": "erp/shanghai",
        "id": "sale-2041", "type": "sale", "time": 1774949400000, "subject": "2041", "employee": "E1001",
        "data.amount": 500000100, "data.currency": "CNY", "data.customer": "C-77", "data.product": "P-9",
        "data.channel": "store", "data.quantity": 30000,
    }


def test_a_split_sale_carries_its_parts_in_ppm():
    splits = [{"employee": "A", "percent": 33.3333}, {"employee": "B", "percent": "66.6667"}]
    ((_, (row,)),) = blocks(fold([example("sale", data={"employee": ..., "splits": splits})]))
    assert row["splits"] == [["A", 333333], ["B", 666667]]
    assert row["employee"] == ""


def test_a_refund_goes_where_its_sale_went_and_names_its_source():
    refund = example("refund", id="R-9", data={"sale_id": "S-1"})
    outs = fold([example("sale", id="S-1"), refund], partitions=16)
    ((_, rows),) = blocks(outs, partition_key_hash("S-1") % 16)
    assert [row["id"] for row in rows] == ["S-1", "R-9"]
    assert rows[1]["data.sale_source"] == "erp/shanghai"


def test_fields_stand_only_where_a_row_has_them():
    values = [example("sale", id=f"S-{n}") for n in range(40)]
    outs = fold([*values, example("survey_answer", id="one")], partitions=8)
    home = partition_key_hash("one") % 8
    for out in (out for out in outs if out.topic == "facts"):
        rows, _ = decode_block(out.value)
        assert ("data.score" in rows.schema.names) == (out.partition == home)
        encoded = [column for column in rows.columns if hasattr(column, "dictionary")]
        assert all(len(column.dictionary) <= len(rows) for column in encoded)


@pytest.mark.parametrize(("value", "reason", "named"), [
    (None, "tombstone", "no value"),
    (b"x" * 262_145, "too_large", "262145"),
    (b"", "invalid_json", "JSON"),
    (b"{", "invalid_json", "JSON"),
    (b'{"data":NaN}', "invalid_json", "JSON"),
    (b'{"id":"\xff"}', "invalid_json", "JSON"),
    (b'{"x":' * 5000 + b"1" + b"}" * 5000, "invalid_json", "nested"),
    (b"[]", "invalid_envelope", "object"),
    (b"1", "invalid_envelope", "object"),
    (example("sale", specversion="0.3"), "invalid_envelope", "specversion"),
    (example("sale", id=""), "invalid_envelope", "id:"),
    (example("sale", id="a\0b"), "invalid_envelope", "id:"),
    (example("sale", source="x" * 201), "invalid_envelope", "source:"),
    (example("sale", time="2026-03-31T17:30:00"), "invalid_envelope", "time:"),
    (example("sale", time="0001-01-01T00:00:00Z"), "invalid_envelope", "time:"),
    (_WITHOUT_DATA, "invalid_envelope", "data:"),
    (example("sale", type="bribe"), "unknown_type", "bribe"),
    (example("sale", data={"currency": ...}), "invalid_payload", "data.currency: is required"),
    (example("sale", data={"currency": "yuan"}), "invalid_payload", "data.currency:"),
    (example("sale", data={"amount": "1.00001"}), "invalid_payload", "data.amount: expected at most 4 dec"),
    (example("sale", data={"amount": 100_000_001}), "invalid_payload", "data.amount: expected a number of"),
    (example("sale", data={"amount": -1}), "invalid_payload", "data.amount: expected 0 or more"),
    (example("sale", data={"amount": True}), "invalid_payload", "data.amount:"),
    (example("sale", data={"employee": "E 1"}), "invalid_payload", "data.employee:"),
    (example("sale", data={"employee": ...}), "invalid_payload", "employee or splits"),
    (example("refund", data={"amount": 0}), "invalid_payload", "data.amount: expected more than 0"),
    (example("delivery", data={"currency": ...}), "invalid_payload", "currency is required where amount"),
    (example("survey_answer", data={"score": 101}), "invalid_payload", "data.score: expected 100 or less"),
    (example("sale", time="2026-04-03T23:34:00Z"), "time_in_future", "48 hours"),
])
def test_each_kind_of_bad_record_is_a_dead_letter_with_its_reason(value, reason, named):
    outs = fold([example("sale"), value, example("visit")])
    (letter,) = letters(outs)
    assert (letter.reason, letter.stage, letter.topic, letter.partition, letter.offset) == (
        reason, "intake", "events.sales", 3, 1)
    assert named in letter.detail
    assert letter.raw == (value or b"")[:262_144]
    ((meta, rows),) = blocks(outs)
    assert meta.rejected == [[1, reason]]
    assert [row["offset"] for row in rows] == [0, 2]
    assert outs[-1].key == b"events.sales:3"


def test_an_event_may_be_48_hours_ahead_and_any_age_without_a_time_stamp():
    edge = NOW + module.MAX_AHEAD_MS
    at = {edge: "2026-04-02T23:33:20.000Z", edge + 1: "2026-04-02T23:33:20.001Z"}
    late = Taken(2, example("sale", time="2099-01-01T00:00:00Z"), timestamp=-1)
    taken = [*records([example("sale", time=time) for time in at.values()]), late]
    outs = Intake(1, TYPES).fold(RecordBatch("t", 0, taken))
    assert [letter.offset for letter in letters(outs)] == [1]


def test_a_dead_letter_of_a_record_without_a_time_stamp_can_be_read():
    """The oldest message format has none."""
    batches = [RecordBatch("t", at, [Taken(0, None, timestamp=None)]) for at in (0, 1)]
    for some in (batches[:1], batches):
        found = letters(Intake(1, TYPES).fold(*some))
        assert [(one.partition, one.timestamp) for one in found] == [(batch.partition, -1) for batch in some]


def test_gaps_are_reported_once_and_again_when_a_batch_is_folded_again():
    intake = Intake(4, TYPES)
    intake.assigned("t", 0, 5)
    first = RecordBatch("t", 0, [Taken(7, example("sale")), Taken(8, None), Taken(11, None)])
    once = intake.fold(first)
    (meta,) = [meta for meta, _ in blocks(once) if meta.gaps]
    assert meta.gaps == [[7, 2], [11, 2]]
    assert intake.fold(first) == once
    second = blocks(intake.fold(RecordBatch("t", 0, [Taken(13, None)])))
    assert [meta.gaps for meta, _ in second] == [[[13, 1]]]


def test_rejections_go_to_one_partition_by_topic_and_partition_even_without_rows():
    outs = fold([None], partitions=7)
    home = partition_key_hash("events.sales:3") % 7
    assert [out.partition for out in outs if out.topic == "facts"] == [home]


def test_long_batches_are_cut_and_report_once(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_BYTES", 2000)
    outs = fold([None] + [example("sale", id=f"S-{n}") for n in range(50)])
    found = blocks(outs)
    assert len(found) > 5
    assert [meta.rejected for meta, _ in found] == [[[0, "tombstone"]], *[()] * (len(found) - 1)]
    assert [row["offset"] for _, rows in found for row in rows] == list(range(1, 51))


def test_partitions_that_decode_by_the_same_types_share_the_decoder():
    assert Intake(1, TYPES)._decoder is Intake(2, TYPES)._decoder
    assert Intake(1, type(TYPES)())._decoder is Intake(1, type(TYPES)())._decoder
    assert Intake(1, type(TYPES)())._decoder is not Intake(1, TYPES)._decoder
    assert Intake(1, TYPES, max_event_bytes=9)._decoder is not Intake(1, TYPES)._decoder


def test_new_types_count_from_when_they_are_set():
    intake = Intake(1, type(TYPES)())
    batch = RecordBatch("t", 0, records([example("note")]))
    assert [letter.reason for letter in letters(intake.fold(batch))] == ["unknown_type"]
    intake.set_types(TYPES)
    assert letters(intake.fold(batch)) == []


def test_a_mapped_topic():
    mapping = TopicMapping.model_validate({
        "source": {"constant": "till"}, "id": "nr", "type": {"constant": "sale"},
        "time": {"path": "at", "epoch": "s"},
        "data": {"employee": "who", "amount": {"path": "cents", "divide_by": 100},
                 "currency": {"constant": "EUR"}},
    })
    good = json.dumps({"nr": 1001, "at": 1_774_949_400, "who": "E1", "cents": 1999}).encode()
    wrong = json.dumps({"nr": 2, "at": 1_774_949_400, "who": "E 1", "cents": 1}).encode()
    values = [good, b'{"nr":1}', b"{", None, wrong]
    outs = fold(values, topic="tills", mappings={"tills": mapping})
    reasons = [letter.reason for letter in letters(outs)]
    assert reasons == ["unmapped", "invalid_json", "tombstone", "invalid_payload"]
    ((_, (row,)),) = blocks(outs)
    assert (row["source"], row["id"], row["time"]) == ("till", "1001", 1774949400000)
    assert row["data.amount"] == 199900
