"""From records to the columns of an insert, without a server."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from schemas.control import PartitionClosed, PeriodClosed, PlanApplied, ValuesAdjusted, encode_control
from schemas.plan_file import load_plan
from schemas.topics import INTERNAL
from sinks.columns import KINDS, from_arrow, native, native_objects
from sinks.insert import build_insert
from sinks.rows import LOADED_TOPICS, SINKS, RowError, rows_of
from tests.unit.sinks.blocks import TIMESTAMP, facts_block, record, words


def _facts(offset: int, value: bytes) -> list:
    return rows_of("facts", 1, record(offset, value, "facts"))


def _types(insert) -> dict[str, str]:
    """What an insert sends, by the column or the expression of a map that it is for."""
    names = insert.query.partition("(")[2].partition(")")[0].replace("`", "").split(", ")
    wires = insert.query.partition("input('")[2].partition("') FORMAT")[0]
    types = [wire.partition(" ")[2].replace(", ", ",") for wire in re.split(", (?=w[0-9])", wires)]
    assert len(types) == len(insert.data.columns)
    return dict(zip(names, types, strict=False))


def _dicts(rows) -> list[dict]:
    names = [column.name for column in rows.table.columns]
    return [dict(zip(names, row, strict=True)) for row in rows.rows]


def test_every_internal_topic_is_loaded() -> None:
    assert sorted(LOADED_TOPICS) == sorted(topic.name for topic in INTERNAL)


def test_first_position_has_the_largest_version() -> None:
    versions = []
    for offset in (0, 1, 7):
        [rows] = _facts(offset, facts_block(["a", "b", "c"]))
        versions += rows.values["version"].to_pylist()
    assert versions == sorted(versions, reverse=True)
    assert len(set(versions)) == len(versions)
    assert versions[0] == 2**64 - 1


def test_values_keep_position_and_processed_time() -> None:
    [rows] = _facts(9, facts_block(["a", "b"], first=40))
    values = {name: column.to_pylist() for name, column in rows.values.items()}
    assert values["offset"] == [40, 41]
    assert values["topic"] == [b"events.sales"] * 2
    assert values["partition"] == [3, 3]
    assert (values["facts_partition"], values["facts_offset"], values["facts_index"]) == (
        [1, 1],
        [9, 9],
        [0, 1],
    )
    assert values["processed_at"] == [TIMESTAMP] * 2


def test_declared_fields_go_to_maps_and_so_does_another_type_under_a_known_name() -> None:
    [rows] = _facts(
        0,
        facts_block(
            ["a", "b"],
            amount=pa.array([10_000, None]),
            bonus=pa.array([5, 6]),
            grade=words("x", None),
            done=pa.array([True, None]),
            score=words("high", "low"),
        ),
    )
    assert rows.values["amount"].to_pylist() == [10_000, None]
    assert "score" not in rows.values
    assert {key: column.to_pylist() for key, column in rows.extras.items()} == {
        ("extra_numbers", "bonus"): [5, 6],
        ("extra_strings", "grade"): [b"x", None],
        ("extra_flags", "done"): [1, None],
        ("extra_strings", "score"): [b"high", b"low"],
    }


def test_one_insert_of_records_with_different_fields() -> None:
    pieces = [
        *_facts(0, facts_block(["a"], amount=pa.array([1]), currency=words("CNY"))),
        *_facts(1, facts_block(["b", "c"], amount=pa.array([2, None]), score=pa.array([30_000, 40_000]))),
    ]
    insert = build_insert(pieces)
    assert insert.count == 3
    assert "`customer`" not in insert.query  # no row has it: left to the table's default, as splits, which all are null
    types = _types(insert)
    assert {name: types.get(name) for name in ("id", "splits", "amount", "currency", "score", "version")} == {
        "id": "String",
        "splits": None,
        "amount": "Nullable(Decimal(18,4))",
        "currency": "Nullable(String)",
        "score": "Nullable(Decimal(18,4))",
        "version": "UInt64",
    }


def test_words_of_many_rows_travel_once() -> None:
    many = [f"s{number}" for number in range(100)]
    pieces = _facts(0, facts_block(many, currency=words("CNY", *["EUR"] * 99), customer=words(None, *many[1:])))
    types = _types(build_insert(pieces))
    assert (types["id"], types["currency"]) == ("String", "LowCardinality(String)")
    assert types["customer"] == "LowCardinality(Nullable(String))"
    pieces += _facts(1, facts_block(["b"], currency=pa.array(["CNY"])))
    types = _types(build_insert(pieces))
    assert (types["currency"], types["customer"]) == ("String", "LowCardinality(Nullable(String))")


def test_an_empty_block_is_no_row() -> None:
    assert _facts(0, facts_block([])) == []


def test_control_records_in_band_are_left_to_the_control_topic() -> None:
    assert rows_of("facts", 0, record(0, b"anything", "control")) == []


def test_of_control_records_in_the_credits_the_place_is_kept() -> None:
    plan = load_plan(Path(__file__).parents[3] / "plans" / "example.yaml")
    control = encode_control(PlanApplied(id="c1", plan=plan))
    [rows] = rows_of("credits", 1, record(8, control, "control"))
    assert rows.table.name == "plan_positions"
    assert _dicts(rows) == [
        {
            "credits_partition": 1,
            "credits_offset": 8,
            "control_id": "c1",
            "plan": plan.plan,
            "plan_version": plan.version,
            "version": 8,
            "processed_at": TIMESTAMP,
        }
    ]
    close = encode_control(PeriodClosed.of(plan, "month", "2026-03"))
    [rows] = rows_of("credits", 1, record(9, close, "control"))
    assert rows.table.name == "period_closes"
    assert (_dicts(rows)[0]["credits_offset"], _dicts(rows)[0]["period"]) == (9, "2026-03")
    adjustment = encode_control(ValuesAdjusted(id="a1", reason="复核"))
    [rows] = rows_of("credits", 1, record(10, adjustment, "control"))
    assert rows.table.name == "adjustment_records"
    assert (_dicts(rows)[0]["credits_offset"], _dicts(rows)[0]["record"]) == (10, adjustment)
    [*tables] = rows_of("control", 0, record(2, control, "control"))
    assert {rows.table.name: rows.count for rows in tables} == {
        "plan_versions": 1,
        "kpis": len(plan.kpis),
        "targets": len(plan.targets),
        "organisation": 24,
    }


def test_of_kpi_updates_the_order_is_kept() -> None:
    plan = load_plan(Path(__file__).parents[3] / "plans" / "example.yaml")
    close = PeriodClosed.of(plan, "month", "2026-03")
    marker = PartitionClosed(partition=1, partitions=2, offset=9, close=close).model_dump_json().encode()
    [closed] = rows_of("kpi-updates", 0, record(7, marker, "partition-closed"))
    applied = encode_control(PlanApplied(id="c1", plan=plan))
    [planned] = rows_of("kpi-updates", 0, record(8, applied, "control"))
    assert rows_of("kpi-updates", 0, record(9, encode_control(close), "control")) == []
    found = {
        row["updates_offset"]: [row[name] for name in ("kind", "credits_partition", "credits_offset", "control_id")]
        for row in (*_dicts(closed), *_dicts(planned))
    }
    assert found == {7: ["close", 1, 9, close.id], 8: ["plan", -1, -1, "c1"]}


@pytest.mark.parametrize(
    ("topic", "value", "kind", "message"),
    [
        ("facts", b"not a block", "facts", "facts, partition 2, offset 5: BlockError"),
        (
            "facts",
            b"{}",
            "other",
            "facts, partition 2, offset 5: expected a kind that the topic holds, found 'other'",
        ),
        ("facts", None, "facts", "facts, partition 2, offset 5: expected a value"),
        ("awards", b"{}", "", "awards, partition 2, offset 5: ValidationError"),
        ("outcomes", b'{"facts_partition": "x"}', "", "outcomes, partition 2, offset 5: ValidationError"),
        ("dead-letters", b"{", "", "dead-letters, partition 2, offset 5: DecodeError"),
        (
            "outcomes",
            msgspec.json.encode(dict.fromkeys(("facts_partition", "partition", "applied", "duplicate"), 0)
            | dict.fromkeys(("dead_lettered", "parked", "gaps", "version"), 0)
            | {"topic": "t", "last_offset": 2**63}),
            "",
            "outcomes, partition 2, offset 5: OverflowError: last_offset: 9223372036854775808 is too large",
        ),
        ("control", b'{"control": "plan"}', "control", "control, partition 2, offset 5: ValidationError"),
    ],
)
def test_what_cannot_be_loaded_is_named(topic: str, value: bytes | None, kind: str, message: str) -> None:
    with pytest.raises(RowError) as refused:
        rows_of(topic, 2, record(5, value, kind))
    assert str(refused.value).startswith(message)


def test_a_block_without_a_needed_column_is_refused() -> None:
    [rows] = _facts(0, facts_block(["a"]))
    del rows.values["id"]
    with pytest.raises(ValueError, match=r"facts\.id: the column is missing"):
        build_insert([rows])


def test_null_in_a_column_that_cannot_hold_it_is_refused() -> None:
    table = pa.RecordBatch.from_pydict({"kpi": words("k", None)})
    [rows] = _facts(0, facts_block(["a", "b"]))
    rows.values["id"] = from_arrow("text", table.column(0))
    with pytest.raises(ValueError, match=r"facts\.id: expected a value in every row, found null"):
        build_insert([rows])


def test_a_field_name_cannot_carry_sql() -> None:
    with pytest.raises(ValueError, match="expected lower-case letters"):
        build_insert(_facts(0, facts_block(["a"], **{"x') OR 1": pa.array([1])})))


def test_registry_has_one_function_per_kind() -> None:
    assert {topic for topic, _ in SINKS} == set(LOADED_TOPICS)
    assert all(callable(function) for function in SINKS.values())
    assert {"text", "fixed", "time", "day", "flag"} <= set(KINDS)


def test_long_texts_are_written_the_same_way_without_an_array() -> None:
    texts = [b"x" * (1 << 19), None, "客户", b""] * 33
    array = pa.array([text.encode() if isinstance(text, str) else text for text in texts], pa.binary())
    assert native_objects("text", texts) == native("text", array)
