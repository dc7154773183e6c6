"""Bad records on the real pipeline: each is set aside whole, good ones count, and replay works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from infra.local.stack import LocalStack
from tests.integration.pipeline import ROOT, Pipeline

TOPIC = "events.sales"
PLAN = ROOT / "plans" / "examples" / "plan-p.yaml"
LIMIT = 262_144


def sale(id: str, employee: str = "E1", amount: object = 1000, **changes: object) -> dict:
    data = {"employee": employee, "amount": amount, "currency": "CNY"} | changes.pop("data", {})
    return {
        "specversion": "1.0",
        "source": "shop",
        "id": id,
        "type": "sale",
        "time": "2025-03-10T10:00:00+08:00",
        "data": data,
    } | changes


def refund(id: str, sale_id: str, amount: object) -> dict:
    return {
        "specversion": "1.0",
        "source": "shop",
        "id": id,
        "type": "refund",
        "time": "2025-03-11T10:00:00+08:00",
        "data": {"sale_id": sale_id, "amount": amount, "currency": "CNY"},
    }


GOOD = [
    sale("good-1", amount=1000.5),
    sale("good-2", "E2", 200),
    refund("back-1", "good-1", 0.25),
    sale("good-1"),
]
HUGE = json.dumps(sale("huge", note="x" * 300_000)).encode()
#: What each is, the record, the reason that it must be set aside for.
BAD: list[tuple[str, bytes | dict | None, str]] = [
    ("cut off", b'{"specversion": "1.0", "id": ', "invalid_json"),
    ("not UTF-8", b"\xff\xfe\x00sale", "invalid_json"),
    ("empty", b"", "invalid_json"),
    ("NaN", json.dumps(sale("nan", amount=float("nan"))).encode(), "invalid_json"),
    ("infinity", json.dumps(sale("inf", amount=float("inf"))).encode(), "invalid_json"),
    ("an array", b"[1, 2]", "invalid_envelope"),
    ("no source", {"specversion": "1.0", "id": "x", "type": "sale"}, "invalid_envelope"),
    ("amount a text", sale("text", amount="lots"), "invalid_payload"),
    ("amount a list", sale("list", amount=[1]), "invalid_payload"),
    ("amount negative", sale("less", amount=-1), "invalid_payload"),
    ("NaN as a text", sale("nan-text", amount="NaN"), "invalid_payload"),
    ("currency missing", sale("no-currency", data={"currency": None}), "invalid_payload"),
    ("unknown type", sale("odd", type="birthday"), "unknown_type"),
    ("the year 1066", sale("old", time="1066-10-14T09:00:00Z"), "invalid_envelope"),
    ("30 February", sale("never", time="2025-02-30T09:00:00Z"), "invalid_envelope"),
    ("the year 2099", sale("later", time="2099-12-31T00:00:00Z"), "time_in_future"),
    ("tombstone", None, "tombstone"),
    ("huge", HUGE, "too_large"),
    ("unknown employee", sale("stranger", "E9", 70), "unknown_employee"),
    ("other currency", sale("dollars", data={"currency": "USD"}), "currency_mismatch"),
    ("too much back", refund("back-2", "good-2", 500), "refund_exceeds_sale"),
]


@pytest.fixture(scope="module")
def pipeline(module_stack: LocalStack) -> Iterator[Pipeline]:
    """A pipeline that has folded the good and the bad records, mixed."""
    with Pipeline(module_stack) as running:
        running.apply(PLAN)
        running.produce(TOPIC, GOOD[:2])
        running.wait_until_drained()
        places = running.produce(TOPIC, [bad for _, bad, _ in BAD])
        running.places = {name: place for (name, _, _), place in zip(BAD, places, strict=True)}
        running.produce(TOPIC, GOOD[2:])
        running.wait_until_drained()
        yield running


def value_of(pipeline: Pipeline, employee: str) -> Decimal | None:
    rows = pipeline.query(
        "SELECT value FROM bi.kpi_person_month WHERE kpi = 'revenue' AND employee = %(who)s",
        {"who": employee},
    )
    return rows[0][0] if rows else None


def counts(pipeline: Pipeline) -> dict[str, int]:
    """Outcomes over all partitions; every offset is accounted for."""
    rows = pipeline.query(
        "SELECT applied, duplicate, dead_lettered, parked, next_offset, unaccounted FROM bi.conservation"
        " WHERE topic = %(topic)s",
        {"topic": TOPIC},
    )
    assert rows and all(row[5] == 0 for row in rows), rows
    names = ("applied", "duplicate", "dead_lettered", "parked", "offsets")
    return {name: sum(row[at] for row in rows) for at, name in enumerate(names)}


def letters(pipeline: Pipeline) -> list[dict]:
    result = pipeline.command("dlq", "list", "--limit", "1000", "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["letters"]


def id_of(pipeline: Pipeline, name: str) -> str:
    place = pipeline.places[name]
    return f"{TOPIC}:{place.partition}:{place.offset}:0"


@pytest.mark.parametrize(("name", "record", "reason"), BAD, ids=[name for name, _, _ in BAD])
def test_a_bad_record_is_set_aside_with_reason_position_and_bytes(pipeline, name, record, reason):
    found = {letter["id"]: letter for letter in letters(pipeline)}[id_of(pipeline, name)]
    assert found["reason"] == reason
    assert found["detail"]
    raw = pipeline.command("dlq", "show", id_of(pipeline, name), "--raw").stdout_bytes
    if reason == "too_large":
        assert raw == HUGE[:LIMIT]
    elif found["stage"] == "crediting":
        event = json.loads(raw)
        assert (event["source"], event["id"], event["type"]) == (
            record["source"],
            record["id"],
            record["type"],
        )
        assert event["data"].items() >= record["data"].items()
    else:
        assert raw == (json.dumps(record).encode() if isinstance(record, dict) else record or b"")


def test_good_records_beside_them_count(pipeline):
    assert value_of(pipeline, "E1") == Decimal("1000.25")
    assert value_of(pipeline, "E2") == Decimal("200")


def test_every_record_is_accounted_for(pipeline):
    assert len(letters(pipeline)) == len(BAD)
    assert counts(pipeline) == {
        "applied": 3,
        "duplicate": 1,
        "dead_lettered": len(BAD),
        "parked": 0,
        "offsets": len(GOOD) + len(BAD),
    }


def test_the_list_can_be_narrowed_and_counts(pipeline):
    result = pipeline.command("dlq", "list", "--reason", "invalid_json", "--limit", "2", "--format", "json")
    found = json.loads(result.stdout)
    assert {letter["reason"] for letter in found["letters"]} == {"invalid_json"}
    assert len(found["letters"]) == 2
    assert found["counts"] == [{"topic": TOPIC, "reason": "invalid_json", "letters": 5}]
    table = pipeline.command("dlq", "list").stdout
    assert id_of(pipeline, "tombstone") in table
    assert f"{len(BAD)}  dead letters" in table
    hostile = pipeline.command("dlq", "list", "--topic", "x' OR 1=1 --")
    assert hostile.stdout == "no dead letters\n"


def test_show_prints_text_and_bytes_that_are_none(pipeline):
    text = pipeline.command("dlq", "show", id_of(pipeline, "unknown type")).stdout
    assert "birthday" in text and "unknown_type" in text
    dump = pipeline.command("dlq", "show", id_of(pipeline, "not UTF-8")).stdout
    assert "00000000  ff fe 00 73 61 6c 65" in dump
    missing = pipeline.command("dlq", "show", "events.sales:0:999:0")
    assert missing.exit_code == 1 and "no dead letter events.sales:0:999:0" in missing.output


def test_a_replay_must_say_what(pipeline):
    assert pipeline.command("dlq", "replay").exit_code == 2
    assert pipeline.command("dlq", "replay", "--all", "--reason", "invalid_json").exit_code == 2


def test_a_replay_to_a_topic_that_is_missing_says_so_at_once(pipeline):
    result = pipeline.command("dlq", "replay", "--reason", "unknown_employee", "--to", "nowhere")
    assert result.exit_code == 1
    assert "topic nowhere does not exist" in result.output
    assert "Traceback" not in result.output


def test_a_dry_run_sends_nothing(pipeline):
    before = counts(pipeline)
    result = pipeline.command("dlq", "replay", "--all", "--dry-run")
    assert f"{len(BAD) - 2} would be sent to {TOPIC}" in result.output
    assert "1 left out: too large" in result.output
    assert "1 left out: tombstones" in result.output
    pipeline.wait_until_drained()
    assert counts(pipeline) == before


def test_reconcile_finds_everything_in_order(pipeline):
    result = pipeline.command("reconcile")
    assert result.exit_code == 0, result.output
    assert "Everything agrees: " in result.stdout
    found = json.loads(pipeline.command("reconcile", "--format", "json").stdout)
    assert found["differences"] == 0 and all(check["differences"] == 0 for check in found["checks"])


def test_replay_after_the_plan_learns_the_employee_makes_the_sale_count(pipeline, tmp_path):
    before = counts(pipeline)
    new_plan = tmp_path / "plan.yaml"
    new_plan.write_text(
        PLAN.read_text().replace(
            "- {id: E3, name: Cleo, role: rep}",
            "- {id: E3, name: Cleo, role: rep}\n            - {id: E9, role: rep}",
        )
    )
    pipeline.apply(new_plan)
    assert value_of(pipeline, "E9") is None
    for repeats in (0, 1):  # again: a duplicate, nothing more
        result = pipeline.command("dlq", "replay", "--reason", "unknown_employee")
        assert result.output == f"1 sent to {TOPIC}\n"
        pipeline.wait_until_drained()
        assert value_of(pipeline, "E9") == Decimal("70")
        after = counts(pipeline)
        assert after["applied"] == before["applied"] + 1
        assert after["duplicate"] == before["duplicate"] + repeats
        assert after["dead_lettered"] == before["dead_lettered"]


def test_what_is_still_bad_comes_back_once_however_often_it_is_replayed(pipeline):
    before = len(letters(pipeline))
    bad = id_of(pipeline, "cut off")
    for repeats in (1, 2):
        result = pipeline.command("dlq", "replay", "--reason", "invalid_json")
        assert f"5 sent to {TOPIC}" in result.output
        pipeline.wait_until_drained()
        assert len(letters(pipeline)) == before + 5 * repeats
    one = pipeline.command("dlq", "replay", bad, bad, "events.sales:0:999:0")
    assert one.stdout == f"1 sent to {TOPIC}\n"
    assert "1 of the ids name no dead letter" in one.stderr
    pipeline.wait_until_drained()
    counts(pipeline)


def test_show_prints_topics_as_json_lines(pipeline):
    result = pipeline.command("show", "facts", "--limit", "3")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert {row["kind"] for row in rows} == {"control", "facts"}
    last = [json.loads(line) for line in pipeline.command("show", TOPIC, "--from", "-1").stdout.splitlines()]
    assert sorted(row["record"]["partition"] for row in last) == [0, 1]
    one = pipeline.command("show", TOPIC, "--partition", "1", "--from", "2", "--limit", "1").stdout
    assert json.loads(one)["record"]["offset"] == 2
    missing = pipeline.command("show", "fact")
    assert missing.exit_code == 1 and "no such topic: fact; there are " in missing.output
    beyond = pipeline.command("show", "facts", "--partition", "7")
    assert beyond.exit_code == 1 and "facts has no partition 7; it has 2, from 0" in beyond.output


def test_reconcile_still_agrees_after_replays(pipeline):
    result = pipeline.command("reconcile")
    assert result.exit_code == 0, result.output


def test_reconcile_tells_a_difference(pipeline):
    """A KPI cell that says more than the credits: found, shown, exit code 1. Last: it is not taken back."""
    pipeline.query(
        "INSERT INTO kpistream.kpi_days SELECT * REPLACE (numerator + 1 AS numerator, version + 1 AS version)"
        " FROM kpistream.kpi_days FINAL WHERE employee = 'E2'"
    )
    result = pipeline.command("reconcile")
    assert result.exit_code == 1
    assert "differences in " in result.stdout.splitlines()[-1] and "E2" in result.stdout
