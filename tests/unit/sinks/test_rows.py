"""From records to the columns of an insert, without a server."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from schemas.control import PartitionClosed, PeriodClosed, PlanApplied, ValuesAdjusted, encode_control
from schemas.plan_file import load_plan
from schemas.topics import INTERNAL
from sinks.columns import KINDS, from_arrow
from sinks.insert import build_insert
from sinks.rows import LOADED_TOPICS, SINKS, RowError, rows_of
from tests.unit.sinks.blocks import TIMESTAMP, facts_block, record, words


def _facts(offset: int, value: bytes) -> list:
    return rows_of("facts", 1, record(offset, value, "facts"))


def _columns(insert) -> dict[str, list]:
    """Wire columns of an insert by name: w0, w1, ..., m0."""
    wires = insert.query.partition("input('")[2].partition("')")[0].split(", ")
    return dict(zip((wire.split(" ", 1)[0] for wire in wires), insert.data, strict=True))


def test_every_internal_topic_is_loaded() -> None:
    assert sorted(LOADED_TOPICS) == sorted(topic.name for topic in INTERNAL)


def test_first_position_has_the_largest_version() -> None:
    versions = []
    for offset in (0, 1, 7):
        [rows] = _facts(offset, facts_block(["a", "b", "c"]))
        versions += rows.values["version"].data.tolist()
    assert versions == sorted(versions, reverse=True)
    assert len(set(versions)) == len(versions)
    assert versions[0] == 2**64 - 1


def test_values_keep_position_and_processed_time() -> None:
    [rows] = _facts(9, facts_block(["a", "b"], first=40))
    values = {name: column.data.tolist() for name, column in rows.values.items()}
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
    assert rows.values["amount"].data.tolist() == [10_000, 0]
    assert rows.values["amount"].nulls.tolist() == [False, True]
    assert "score" not in rows.values
    assert {key: column.data.tolist() for key, column in rows.extras.items()} == {
        ("extra_numbers", "bonus"): [5, 6],
        ("extra_strings", "grade"): [b"x", b""],
        ("extra_flags", "done"): [1, 0],
        ("extra_strings", "score"): [b"high", b"low"],
    }


def test_one_insert_of_records_with_different_fields() -> None:
    pieces = [
        *_facts(0, facts_block(["a"], amount=pa.array([1]), currency=words("CNY"))),
        *_facts(1, facts_block(["b", "c"], amount=pa.array([2, None]), score=pa.array([30_000, 40_000]))),
    ]
    insert = build_insert(pieces)
    assert insert.count == 3
    assert {len(column) for column in insert.data} == {3}
    assert "`amount`" in insert.query and "`score`" in insert.query and "`currency`" in insert.query
    assert "`customer`" not in insert.query  # no row has it: left to the table's default
    masks = _columns(insert)["m0"]
    # splits, amount, currency, score in the order of the table's columns
    assert masks == [0b1001, 0b0101, 0b0111]


def test_a_list_that_travels_is_of_plain_objects() -> None:
    insert = build_insert(_facts(0, facts_block(["a", "zero"], amount=pa.array([1, 2]))))
    for column in insert.data:
        assert type(column) is list
        assert {type(item) for item in column} <= {int, bytes}


def test_more_than_64_nullable_columns_need_a_second_mask() -> None:
    payload = {f"f{number:03}": pa.array([None, number]) for number in range(70)}
    insert = build_insert(_facts(0, facts_block(["a", "b"], **payload)))
    columns = _columns(insert)
    assert set(columns) >= {"m0", "m1"}
    assert (columns["m0"][0], columns["m1"][0]) == (2**64 - 1, 2**7 - 1)  # 70 fields and splits
    assert (columns["m0"][1], columns["m1"][1]) == (1, 0)


def test_an_empty_block_is_no_row() -> None:
    assert _facts(0, facts_block([])) == []


def test_control_records_in_band_are_left_to_the_control_topic() -> None:
    assert rows_of("facts", 0, record(0, b"anything", "control")) == []


def test_of_control_records_in_the_credits_the_place_is_kept() -> None:
    plan = load_plan(Path(__file__).parents[3] / "plans" / "example.yaml")
    control = encode_control(PlanApplied(id="c1", plan=plan))
    [rows] = rows_of("credits", 1, record(8, control, "control"))
    assert rows.table.name == "plan_positions"
    assert {name: column.data.tolist() for name, column in rows.values.items()} == {
        "credits_partition": [1],
        "credits_offset": [8],
        "control_id": [b"c1"],
        "plan": [plan.plan.encode()],
        "plan_version": [plan.version],
        "version": [8],
        "processed_at": [TIMESTAMP],
    }
    close = encode_control(PeriodClosed.of(plan, "month", "2026-03"))
    [rows] = rows_of("credits", 1, record(9, close, "control"))
    assert rows.table.name == "period_closes"
    assert (rows.values["credits_offset"].data.tolist(), rows.values["period"].data.tolist()) == ([9], [b"2026-03"])
    adjustment = encode_control(ValuesAdjusted(id="a1", reason="复核"))
    [rows] = rows_of("credits", 1, record(10, adjustment, "control"))
    assert rows.table.name == "adjustment_records"
    assert (rows.values["credits_offset"].data.tolist(), rows.values["record"].data.tolist()) == ([10], [adjustment])
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
        rows.values["updates_offset"].data[0]: [
            rows.values[name].data[0] for name in ("kind", "credits_partition", "credits_offset", "control_id")
        ]
        for rows in (closed, planned)
    }
    assert found == {7: [b"close", 1, 9, close.id.encode()], 8: [b"plan", -1, -1, b"c1"]}


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
