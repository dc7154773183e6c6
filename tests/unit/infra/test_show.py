"""Records as readable values: every kind that our topics hold, and what is none of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.show_records import readable, shown
from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header
from schemas.control import PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan_file import load_plan
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.stage import Performance

PLAN = load_plan(Path(__file__).parents[3] / "plans" / "examples" / "plan-p.yaml")
NOW = 1_775_000_000_000  # 2026-03-31T23:33:20Z


@dataclass
class Taken:
    offset: int
    value: bytes | None
    headers: tuple = ()
    key: bytes | None = None
    timestamp: int = NOW


def sale(id: str = "s1", amount: object = "90000.5", employee: str = "E1") -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "source": "shop",
            "id": id,
            "type": "sale",
            "time": "2026-03-31T10:00:00+08:00",
            "data": {"employee": employee, "amount": amount, "currency": "CNY", "quantity": 2},
        }
    ).encode()


@pytest.fixture(scope="module")
def outs() -> dict[str, list[Out]]:
    """What the stages make of a sale, one of an unknown employee and a record that is no JSON, by topic."""
    control = Taken(0, encode_control(PlanApplied(id="c1", time=NOW, plan=PLAN)), kind_header("control"))
    intake, crediting, performance = Intake(1, EventTypes({})), Crediting(0, 1), Performance(0, 1)
    crediting.fold(RecordBatch("facts", 0, [control]))
    found = performance.fold(RecordBatch("credits", 0, [control]))
    values = [sale(), sale("s2", employee="E9"), b"\xff{"]
    facts = intake.fold(
        RecordBatch("events.sales", 2, [Taken(7 + at, value) for at, value in enumerate(values)])
    )
    credits = crediting.fold(RecordBatch("facts", 0, [Taken(1, facts[0].value, facts[0].headers)]))
    found += performance.fold(RecordBatch("credits", 0, [Taken(1, credits[0].value, credits[0].headers)]))
    by_topic: dict[str, list[Out]] = {"control": [Out("control", control.value, headers=control.headers)]}
    for out in [*facts, *credits, *found, *performance.updates()]:
        by_topic.setdefault(out.topic, []).append(out)
    return by_topic


def lines(outs: dict[str, list[Out]], topic: str, number: int = 0) -> list[dict]:
    """As printed and read back: so everything is JSON-able."""
    out = outs[topic][number]
    record = Taken(5, out.value, out.headers, out.key)
    return [json.loads(json.dumps(one)) for one in shown(topic, 3, record)]


AT = {"topic": "facts", "partition": 3, "offset": 5, "time": "2026-03-31T23:33:20.000Z"}


def test_facts(outs):
    head, first, second = lines(outs, "facts")
    assert head == {
        "record": AT,
        "kind": "facts",
        "rows": 2,
        "block": {
            "sources": [
                {
                    "topic": "events.sales",
                    "partition": 2,
                    "first": 7,
                    "last": 9,
                    "rows": 2,
                    "rejected": [[9, "invalid_json"]],
                }
            ]
        },
    }
    assert first["at"] == {"partition": 3, "offset": 5, "row": 0} and second["at"]["row"] == 1
    values = first["values"]
    assert len(values.pop("event_hash")) == 32
    assert values == {
        "offset": 7,
        "source": "shop",
        "id": "s1",
        "type": "sale",
        "time": "2026-03-31T02:00:00.000Z",
        "subject": "",
        "employee": "E1",
        "data.amount": "90000.5",
        "data.currency": "CNY",
        "data.quantity": "2",
    }


def test_credits(outs):
    _, row = lines(outs, "credits")
    wanted = {
        "offset": 1,
        "index": 0,
        "payee": 0,
        "employee": "E1",
        "team": "north",
        "share": 1_000_000,
        "time": "2026-03-31T02:00:00.000Z",
        "event_time": "2026-03-31T02:00:00.000Z",
        "data.amount": "90000.5",
    }
    assert row["values"].items() >= wanted.items()


def test_kpi_updates(outs):
    periods, days = (lines(outs, "kpi-updates", number) for number in (0, 1))
    assert days[0]["kind"] == "kpi-days"
    assert days[1]["values"] == {
        "kpi": "revenue",
        "employee": "E1",
        "team": "north",
        "department": "sales",
        "day": "2026-03-31",
        "numerator": "90000.5",
        "denominator": "1",
        "team_numerator": "90000.5",
        "team_denominator": "1",
        "department_numerator": "90000.5",
        "department_denominator": "1",
        "company_numerator": "90000.5",
        "company_denominator": "1",
        "plan_version": 1,
    }
    assert periods[0]["kind"] == "kpi-periods"
    wanted = {
        "period": "2026-03",
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
        "value": "90000.5",
        "target": "100000",
        "attainment": "0.9",
    }
    assert periods[1]["values"].items() >= wanted.items()


def test_earnings(outs):
    _, line = lines(outs, "earnings")
    assert (
        line["values"].items() >= {"amount": "2000.02", "basis": "90000.5", "value_after": "90000.5"}.items()
    )


def test_awards_and_outcomes(outs):
    (award,) = lines(outs, "awards")
    assert (award["key"], award["value"]["rule"], award["value"]["tier"]) == ("E1", "commission", 1)
    (outcome,) = lines(outs, "outcomes")
    assert (outcome["key"], outcome["value"]["applied"]) == ("0|events.sales|2", 1)


def test_dead_letters_show_their_record_as_text_or_hex(outs):
    (broken,), (stranger,) = (lines(outs, "dead-letters", number) for number in (0, 1))
    assert (broken["value"]["reason"], broken["value"]["raw"]) == ("invalid_json", "hex:ff7b")
    assert broken["value"]["timestamp"] == "2026-03-31T23:33:20.000Z"
    assert stranger["value"]["reason"] == "unknown_employee"
    assert json.loads(stranger["value"]["raw"])["id"] == "s2"


@pytest.mark.parametrize("topic", ["control", "facts", "credits"])
def test_control_records_wherever_they_travel(outs, topic):
    record = Taken(0, outs["control"][0].value, outs["control"][0].headers)
    (line,) = shown(topic, 0, record)
    assert (line["kind"], line["value"]["id"], line["value"]["plan"]["plan"]) == ("control", "c1", "plan-p")


def test_hashes_of_distinct_members_are_hex():
    import pyarrow as pa

    from schemas.blocks import encode_block

    block = encode_block(
        pa.RecordBatch.from_pydict({"members": pa.array([[255, 2**64 - 1]], pa.list_(pa.uint64()))}), {}
    )
    _, row = shown("kpi-updates", 0, Taken(0, block, kind_header("kpi-days")))
    assert row["values"] == {"members": ["00000000000000ff", "ffffffffffffffff"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"a": 1.50}', {"a": 1.5}),
        (b"plain", "plain"),
        (b"\xff\x00", "hex:ff00"),
        (None, None),
        (b"", ""),
        ("价".encode(), "价"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_any_other_topic(value, expected):
    (line,) = shown("events.sales", 1, Taken(4, value, key=b"\xfe", timestamp=-1))
    at = {"topic": "events.sales", "partition": 1, "offset": 4, "time": None}
    assert line == {"record": at, "key": "hex:fe", "value": expected}


@pytest.mark.parametrize("time", [None, -1, -(2**63), 253_402_300_800_000, 2**63 - 1])
def test_a_record_without_a_time_or_with_one_that_is_none(time: int | None):
    (line,) = shown("events.sales", 1, Taken(4, b"x", timestamp=time))
    assert line["record"]["time"] is None


def test_a_block_that_is_none_is_said_and_shown():
    (line,) = shown("facts", 0, Taken(1, b"\xffnot arrow", kind_header("facts")))
    assert "not a block" in line["error"] and line["value"] == "hex:ff" + b"not arrow".hex()


def test_bytes_as_text_where_they_are_text():
    assert (readable(b"abc"), readable(b"\x80")) == ("abc", "hex:80")
