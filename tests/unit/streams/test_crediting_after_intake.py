"""Crediting on blocks that intake really makes; its dead letters are events that intake takes again."""

from __future__ import annotations

import json

import pytest

from runtime.records import RecordBatch
from schemas.blocks import decode_block
from schemas.control import PlanApplied
from schemas.dead_letters import decode_dead_letter
from schemas.event_types import EventTypes
from schemas.events import BUILT_IN
from streams.crediting import Crediting
from streams.intake import Intake
from tests.unit.streams.crediting_reference import DAY, START, Record, Result, as_records, make_plan

RECEIVED = START + 365 * DAY
PLAN = PlanApplied(id="p", plan=make_plan({"a": ["E1", "E2"], "b": ["E3"]}))


def cloud_event(id_: str, type_: str, data: dict, **attributes: str) -> dict:
    envelope = {"specversion": "1.0", "source": "till", "id": id_, "type": type_}
    return {**envelope, "time": "2026-03-31T17:30:00.25+08:00", "data": data, **attributes}


def facts_of(values: list[bytes]) -> list[Record]:
    """What one intake with one facts partition makes of the events."""
    records = [Record(at, value, (), timestamp=RECEIVED) for at, value in enumerate(values)]
    outs = Intake(1, EventTypes()).fold(RecordBatch("events.all", 0, records))
    blocks = [out for out in outs if out.topic == "facts"]
    return [Record(at + 1, out.value, out.headers) for at, out in enumerate(blocks)]


def rows_of(values: list[bytes]) -> list[dict]:
    return [row for record in facts_of(values) for row in decode_block(record.value)[0].to_pylist()]


def encoded(*events: dict) -> list[bytes]:
    return [json.dumps(event, ensure_ascii=False, default=str).encode() for event in events]


def crediting_outs(values: list[bytes]) -> list:
    return Crediting(0, 4).fold(RecordBatch("facts", 0, as_records([PLAN]) + facts_of(values)))


def test_split_sale_and_its_refund_cancel_out():
    splits = [{"employee": "E1", "percent": 33.3333}, {"employee": "E3", "percent": "66.6667"}]
    sale = cloud_event("o1", "sale", {"splits": splits, "amount": 100.01, "currency": "CNY"})
    refund = cloud_event("r1", "refund", {"sale_id": "o1", "amount": "100.01", "currency": "CNY"})
    result = Result()
    result.add(crediting_outs([*encoded(sale, refund, sale), b"{"]))
    assert [(row["employee"], row["data.amount"]) for row in result.rows] == [
        ("E1", 333_400), ("E3", 666_700), ("E1", -333_400), ("E3", -666_700),
    ]  # fmt: skip
    outcome = result.outcomes["events.all", 0]
    fates = [outcome[name] for name in ("applied", "duplicate", "dead_lettered", "parked", "last_offset")]
    assert fates == [2, 1, 1, 0, 3]


@pytest.mark.parametrize("type_", sorted(set(BUILT_IN) - {"refund", "correction", "cancellation"}))
def test_a_dead_lettered_event_sent_again_is_the_same_event(type_):
    data = {**BUILT_IN[type_].example, "employee": "nobody"}
    values = encoded(cloud_event("x1", type_, data, subject="单号 7"))
    (out,) = [out for out in crediting_outs(values) if out.topic == "dead-letters"]
    letter = decode_dead_letter(out.value)
    assert letter.reason == "unknown_employee"
    assert len(rows_of(values)) == 1
    assert rows_of([letter.raw]) == rows_of(values)


def test_a_split_or_a_refund_sent_again_is_the_same_event():
    splits = [{"employee": "nobody", "percent": 12.5}, {"employee": "E3", "percent": 87.5}]
    values = encoded(
        cloud_event("o1", "sale", {"splits": splits, "amount": 0.0001, "currency": "CNY"}),
        cloud_event("r1", "refund", {"sale_id": "o0", "sale_source": "web", "amount": 7, "currency": "USD"}),
    )
    outs = [out for out in crediting_outs(values) if out.topic == "dead-letters"]
    raws = [decode_dead_letter(out.value).raw for out in outs]
    assert len(raws) == 2
    assert rows_of(raws) == rows_of(values)
