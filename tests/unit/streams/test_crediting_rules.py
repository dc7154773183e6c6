"""Crediting by example: splits, refunds, dead letters, control records, outcomes."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from runtime.records import RecordBatch
from schemas.blocks import decode_block, kind_header
from schemas.control import PlanApplied
from schemas.dead_letters import decode_dead_letter
from streams.crediting import Crediting, credit_blocks, in_order
from streams.crediting.segments import FactsError
from tests.unit.streams.crediting_reference import (
    DAY,
    START,
    Block,
    Event,
    Record,
    Result,
    as_records,
    fold,
    make_plan,
)

TEAMS = {"a": ["E1", "E2"], "b": ["E3"], "x": ["E4"]}
PLAN = PlanApplied(id="plan-1", plan=make_plan(TEAMS))


def run(*steps: Block | PlanApplied, crediting: Crediting | None = None) -> Result:
    result = Result()
    fold(crediting or Crediting(0, 4), as_records(list(steps)), result)
    return result


def block(*events: Event, first: int = 0) -> Block:
    return Block(0, [(first + at, event) for at, event in enumerate(events)])


def sale(id_: str, amount: int, employee: str = "E1", **more) -> Event:
    return Event(id_, employee=employee, data={"amount": amount, "currency": "CNY"}, **more)


def refund(id_: str, sale_id: str, amount: int, time: int = START, **data) -> Event:
    return Event(id_, "refund", time, data={"sale_id": sale_id, "amount": amount, "currency": "CNY", **data})


def amounts(result: Result) -> list[tuple[str, int]]:
    return [(row["employee"], row["data.amount"]) for row in result.rows]


def test_example_8_split_50_30_20():
    split = [["E1", 500_000], ["E2", 300_000], ["E3", 200_000]]
    event = Event(
        "o1", splits=split, data={"amount": 500_000_100, "currency": "CNY", "quantity": 30_000}
    )  # 50,000.01
    result = run(PLAN, block(event))
    assert amounts(result) == [("E1", 250_000_100), ("E2", 150_000_000), ("E3", 100_000_000)]
    assert [row["share"] for row in result.rows] == [500_000, 300_000, 200_000]
    assert [row["data.quantity"] for row in result.rows] == [30_000] * 3  # other numbers stay whole
    # E1 and E2 are on one team: it is credited with the whole, and the event counts in it once
    assert sum(row["data.amount"] for row in result.rows if row["team"] == "a") == 400_000_100
    assert [row["unit_first"] for row in result.rows] == [7, 0, 1]


def test_credit_carries_where_the_employee_stands():
    (row,) = run(PLAN, block(sale("o1", 100, "E4"))).rows
    assert (row["team"], row["department"], row["role"], row["offset"], row["index"], row["payee"]) == (
        "x",
        "d2",
        "role-x",
        1,
        0,
        0,
    )


def test_partial_refunds_sum_to_the_sale_to_the_cent():
    thirds = [["E1", 333_333], ["E2", 333_333], ["E3", 333_334]]
    event = Event("o1", splits=thirds, data={"amount": 10_000, "currency": "CNY"})  # 1.00
    back = [refund(f"r{n}", "o1", cents * 100) for n, cents in enumerate([1, 1, 5, 43, 50])]
    rows = run(PLAN, block(event, *back)).rows
    for employee in ("E1", "E2", "E3"):
        assert sum(row["data.amount"] for row in rows if row["employee"] == employee) == 0
    for one in back:
        assert sum(row["data.amount"] for row in rows if row["id"] == one.id) == -one.data["amount"]


def test_refund_names_another_source():
    rows = run(PLAN, block(sale("o1", 500, source="till"), refund("r1", "o1", 200, sale_source="till"))).rows
    assert [row["data.amount"] for row in rows] == [500, -200]


@pytest.mark.parametrize(("policy", "expected"), [("refund", START + 2 * DAY), ("sale", START)])
def test_refund_counts_on_the_day_that_the_plan_says(policy, expected):
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, refund_date=policy))
    row = run(plan, block(sale("o1", 500), refund("r1", "o1", 200, START + 2 * DAY))).rows[1]
    assert (row["time"], row["event_time"]) == (expected, START + 2 * DAY)


def test_parked_refund_follows_its_sale_under_its_position():
    crediting = Crediting(0, 4)
    parked = run(PLAN, block(refund("r1", "o1", 200)), crediting=crediting)
    assert parked.rows == []
    assert parked.outcomes["events", 0]["parked"] == 1
    restored = Crediting(0, 4)
    restored.restore({key: value for key, value in crediting.dirty_rows().items() if value})
    result = Result()
    released = as_records([PLAN, Block(0, []), Block(1, [(7, sale("o1", 500, "E2"))])])[2:]
    fold(restored, released, result)
    assert [(row["id"], row["payee"], row["data.amount"], row["offset"]) for row in result.rows] == [
        ("o1", 0, 500, 2),
        ("r1", 1, -200, 2),
    ]
    assert result.rows[1]["data.sale_id"] == "o1"
    assert result.rows[1]["event_time"] == START
    assert {
        partition: (one["applied"], one["parked"]) for (_, partition), one in result.outcomes.items()
    } == {
        0: (1, 0),
        1: (1, 0),
    }


def test_more_parked_refunds_than_payee_numbers_become_dead_letters(monkeypatch):
    monkeypatch.setattr(in_order, "MAX_NUMBER", 3)
    parked = [refund(f"r{n}", "o1", 1) for n in range(5)]
    result = run(PLAN, block(*parked, sale("o1", 500)))
    assert [row["payee"] for row in result.rows] == [0, 1, 2, 3]
    assert [(one["reason"], one["id"]) for one in result.letters] == [
        ("too_many_refunds", "events:0:3:0"),
        ("too_many_refunds", "events:0:4:0"),
    ]


def test_sale_keeps_the_team_it_was_credited_to_when_refunded():
    moved = PlanApplied(id="plan-2", plan=make_plan({"a": ["E2"], "b": ["E3"], "x": ["E4", "E1"]}))
    rows = run(
        PLAN, block(sale("o1", 500)), moved, block(refund("r1", "o1", 200), sale("o2", 1), first=5)
    ).rows
    assert [(row["id"], row["team"]) for row in rows] == [("o1", "a"), ("r1", "a"), ("o2", "x")]


def test_foreign_money_is_credited_at_the_rate_of_its_day_and_refunded_at_that_of_its_sale():
    rates = [("USD", "2026-01-02", "7.1"), ("USD", "2026-01-04", "7.2345")]
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, rates=rates))
    other = PlanApplied(id="q", plan=make_plan(TEAMS, rates=[("USD", "2026-01-01", "9")]))

    def dollars(id_: str, day: int, amount: int) -> Event:
        return Event(id_, time=START + day * DAY, employee="E1", data={"amount": amount, "currency": "USD"})

    early = dollars("early", 0, 10_000)
    events = [dollars("o1", 2, 105_000), dollars("o2", 3, 9_900), early, sale("o3", 500)]  # 10.50, 0.99
    refunds = [refund(f"r{at}", "o2", 3_300, START + 9 * DAY, currency="USD") for at in range(3)]
    result = run(plan, block(*events), other, block(*refunds, refund("r9", "o1", 1), first=9))
    rows = [(row["id"], row["data.amount"], row["data.currency"]) for row in result.rows]
    assert rows[:3] == [("o1", 745_500, "CNY"), ("o2", 71_600, "CNY"), ("o3", 500, "CNY")]  # 74.55, 7.16
    assert rows[3:] == [("r0", -23_900, "CNY"), ("r1", -23_800, "CNY"), ("r2", -23_900, "CNY")]
    assert [(one["reason"], one["id"]) for one in result.letters] == [
        ("currency_mismatch", "events:0:2:0"),
        ("currency_mismatch", "events:0:12:0"),
    ]
    assert json.loads(result.letters[0]["raw"])["data"]["currency"] == "USD"


def test_a_cap_limits_what_one_event_is_credited_with():
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, guards=[{"events": ["sale"], "cap": "5"}, {"cap": "8"}]))
    delivery = Event("d1", "delivery", employee="E3", data={"amount": 90_000, "currency": "CNY"})
    half = [["E1", 500_000], ["E3", 500_000]]
    split = Event("o2", splits=half, data={"amount": 60_100, "currency": "CNY"})
    back = [refund("r1", "o1", 20_000), refund("r2", "o1", 40_000)]  # of 9.00, 5.00 of which counts
    rows = run(plan, block(sale("o1", 90_000), split, delivery, *back, sale("o3", 100))).rows
    assert [(row["id"], row["data.amount"]) for row in rows] == [
        ("o1", 50_000), ("o2", 25_000), ("o2", 25_000), ("d1", 80_000), ("r1", 0), ("r2", -20_000), ("o3", 100),
    ]  # fmt: skip


def test_credit_that_waits_counts_later_and_is_not_taken_back_before():
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, guards=[{"events": ["sale"], "hold_days": 3}]))
    soon, late = (refund(f"r{day}", "o1", 100, START + day * DAY) for day in (1, 5))
    visit = Event("v1", "visit", employee="E1")
    rows = run(plan, block(sale("o1", 500), soon, late, visit)).rows
    assert [(row["id"], (row["time"] - START) // DAY, (row["event_time"] - START) // DAY) for row in rows] == [
        ("o1", 3, 0), ("r1", 3, 1), ("r5", 5, 5), ("v1", 0, 0),
    ]  # fmt: skip


def test_what_was_sold_before_a_move_stays_with_the_old_team():
    moves = {"E1": [{"date": "2026-01-02", "team": "x", "role": "lead"}, {"date": "2026-01-03", "role": "boss"}]}
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, moves=moves, timezone="Asia/Shanghai"))
    night = START + 16 * 3_600_000  # midnight in Shanghai between the 1st and the 2nd
    split = Event("o3", time=night, splits=[["E1", 500_000], ["E4", 500_000]], data={"amount": 100, "currency": "CNY"})
    rows = run(
        plan,
        block(
            sale("o1", 500, time=night),
            sale("o2", 500, time=night - 1),  # late, and still the old team's
            split,
            refund("r1", "o2", 200, night + 3 * DAY),
            sale("o4", 500, time=night + DAY),
        ),
    ).rows
    assert [(row["id"], row["team"], row["department"], row["role"]) for row in rows] == [
        ("o1", "x", "d2", "lead"),
        ("o2", "a", "d1", "role-a"),
        ("o3", "x", "d2", "lead"),
        ("o3", "x", "d2", "role-x"),
        ("r1", "a", "d1", "role-a"),
        ("o4", "x", "d2", "boss"),
    ]
    assert [row["unit_first"] for row in rows if row["id"] == "o3"] == [7, 0]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (sale("o1", 5, "E9"), "unknown_employee"),
        (Event("o1", splits=[["E1", 1], ["E9", 999_999]], data={"amount": 5}), "unknown_employee"),
        (Event("o1", "inspection"), "no_employee"),
        (Event("o1", "delivery", employee="E1", data={"amount": 5, "currency": "USD"}), "currency_mismatch"),
        (refund("r1", "known", 501), "refund_exceeds_sale"),
        (refund("r1", "visited", 5), "not_a_sale"),
    ],
)
def test_dead_letters_name_reason_and_source_position(event, reason):
    known = [sale("known", 500), Event("visited", "visit", employee="E1")]
    result = run(PLAN, block(*known, event, first=40))
    assert [(one["reason"], one["id"]) for one in result.letters] == [(reason, "events:0:42:0")]
    assert result.outcomes["events", 0]["dead_lettered"] == 1
    assert result.outcomes["events", 0]["applied"] == 2


def test_raw_of_a_dead_letter_is_the_event_as_it_was_sent():
    event = Event(
        "o1",
        time=START + 61_001,
        splits=[["E9", 333_333], ["E1", 666_667]],
        subject="客户",
        data={"amount": 500_000_100, "currency": "CNY", "quantity": 30_000, "gift": True, "note": None},
    )
    (letter,) = run(PLAN, block(event, Event("v", "visit", data={"note": "x"}, employee="E1"))).letters
    assert (
        letter["raw"]
        == (
            '{"specversion":"1.0","source":"shop","id":"o1","type":"sale","time":"2026-01-01T00:01:01.001Z",'
            '"subject":"客户","data":{"splits":[{"employee":"E9","percent":33.3333},{"employee":"E1",'
            '"percent":66.6667}],"amount":50000.01,"currency":"CNY","gift":true,"quantity":3}}'
        ).encode()
    )


def test_a_dead_letter_can_be_replayed_after_the_plan_was_mended():
    mended = PlanApplied(id="plan-2", plan=make_plan({**TEAMS, "c": ["E9"]}))
    again = block(sale("o1", 500, "E9"), first=1)
    result = run(block(sale("o1", 500, "E9")), PLAN, again, mended, block(sale("o1", 500, "E9"), first=2))
    assert [one["reason"] for one in result.letters] == ["no_plan", "unknown_employee"]
    assert amounts(result) == [("E9", 500)]


def test_a_bad_copy_of_an_applied_event_is_a_duplicate():
    result = run(PLAN, block(sale("o1", 500), sale("o1", 500, "E9")))
    assert result.letters == []
    assert result.outcomes["events", 0]["duplicate"] == 1


def test_the_same_control_record_twice_is_harmless():
    other = PlanApplied(id="plan-2", plan=make_plan({"b": ["E1"]}))
    rows = run(PLAN, other, PLAN, block(sale("o1", 500))).rows
    assert [row["team"] for row in rows] == ["b"]


def test_rejected_records_in_the_first_of_several_blocks_hide_no_rows():
    """Intake cuts large batches; the lists travel in one of the blocks and may reach beyond its rows."""
    first = Block(0, [(0, sale("o0", 1))], rejected=[[3, "invalid_json"]], gaps=[[2, 1]])
    second = Block(0, [(2, sale("o2", 2)), (4, sale("o4", 4))])
    result = run(PLAN, first, second, first, second)
    assert amounts(result) == [("E1", 1), ("E1", 2), ("E1", 4)]
    outcome = result.outcomes["events", 0]
    assert (outcome["applied"], outcome["dead_lettered"]) == (3, 1)
    assert (outcome["gaps"], outcome["last_offset"]) == (1, 4)


def test_outcomes_are_keyed_and_versioned_by_the_facts_log():
    outs = Crediting(6, 4).fold(RecordBatch("facts", 6, as_records([PLAN, block(sale("o1", 5))])))
    (out,) = [out for out in outs if out.topic == "outcomes"]
    assert out.key == b"6|events|0"
    assert json.loads(out.value) == {
        "facts_partition": 6,
        "topic": "events",
        "partition": 0,
        "applied": 1,
        "duplicate": 0,
        "dead_lettered": 0,
        "parked": 0,
        "gaps": 0,
        "last_offset": 0,
        "version": 1,
    }


def test_field_types_that_change_between_blocks_go_to_blocks_of_their_own():
    number = Event("v1", "visit", employee="E1", data={"extra": 10_000})
    text = Event("v2", "visit", employee="E1", data={"extra": "ten"})
    result = run(PLAN, block(number), block(text, first=1), block(number, sale("o1", 3), first=2))
    assert [row.get("data.extra") for row in result.rows] == [10_000, "ten", None]


def test_large_credits_are_cut_between_facts_records(monkeypatch):
    monkeypatch.setattr(credit_blocks, "MAX_BYTES", 3_000)
    steps = [block(*(sale(f"o{n}-{m}", m) for m in range(3)), first=3 * n) for n in range(9)]
    outs = Crediting(0, 1).fold(RecordBatch("facts", 0, as_records([PLAN, *steps])))
    blocks = [decode_block(out.value) for out in outs if out.topic == "credits"]
    assert len(blocks) > 2
    ranges = [(meta["first"], meta["last"]) for _, meta in blocks]
    assert (ranges[0][0], ranges[-1][1]) == (1, 9)
    assert all(left[1] + 1 == right[0] for left, right in pairwise(ranges))
    for rows, meta in blocks:
        assert set(rows.column("offset").to_pylist()) <= set(range(meta["first"], meta["last"] + 1))
    assert sum(rows.num_rows for rows, _ in blocks) == 27


@pytest.mark.parametrize("few", [0, 2_000])  # by codes, and by texts
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("words", [3, 2_000])  # marked in an array, and sorted
def test_each_target_gets_the_words_that_it_uses(words, missing, few, monkeypatch):
    monkeypatch.setattr(credit_blocks, "_FEW", few)
    texts = [f"w{number * 37 % words}" for number in range(120)] + ["w0", None if missing else "w1"] * 20
    names = [f"w{number}" for number in range(words)]
    codes = pa.array([None if text is None else names.index(text) for text in texts], pa.int32())
    column = pa.DictionaryArray.from_arrays(codes, pa.array(names))
    starts, ends = np.array([0, 50, 50, 110]), np.array([50, 50, 110, 160])
    parts = credit_blocks._by_target(column, starts, ends)
    for part, start, end in zip(parts, starts, ends, strict=True):
        assert part.to_pylist() == texts[start:end]
        assert sorted(part.dictionary.to_pylist()) == sorted({*texts[start:end]} - {None})


def test_a_foreign_record_stops_the_fold_and_names_its_offset():
    for record in (Record(5, b"junk", kind_header("facts")), Record(5, b"{}", kind_header("control"))):
        with pytest.raises(FactsError, match="facts offset 5"):
            Crediting(0, 4).fold(RecordBatch("facts", 0, [record]))
    with pytest.raises(FactsError, match="expected 'facts' or 'control'"):
        Crediting(0, 4).fold(RecordBatch("facts", 0, [Record(5, b"", kind_header("credits"))]))


def test_a_record_that_was_folded_before_is_refused():
    crediting = Crediting(0, 4)
    run(PLAN, block(sale("o1", 5)), crediting=crediting)
    with pytest.raises(FactsError, match="facts offset 1: folded before, expected 2"):
        crediting.fold(RecordBatch("facts", 0, as_records([PLAN, block(sale("o2", 5))])[1:]))


def test_another_state_format_is_refused():
    crediting = Crediting(0, 4)
    run(PLAN, block(sale("o1", 5)), crediting=crediting)
    rows = {key: value for key, value in crediting.dirty_rows().items() if value}
    versions = {"source/events/0": 1, "clock": 2, "ids/0/1": 4}
    for key, expected in versions.items():
        array, version, rest = rows[key][:1], rows[key][1], rows[key][2:]
        assert version == expected
        with pytest.raises(ValueError, match=f"format 99, expected {expected}"):
            Crediting(0, 4).restore({**rows, key: array + bytes([99]) + rest})


def test_dead_letter_key_is_the_source_partition():
    outs = Crediting(0, 4).fold(RecordBatch("facts", 0, as_records([block(sale("o1", 5), first=9)])))
    (out,) = [out for out in outs if out.topic == "dead-letters"]
    letter = decode_dead_letter(out.value)
    assert (out.key, letter.stage, letter.offset) == (b"events:0", "crediting", 9)


def run_both_ways(*steps: Block | PlanApplied) -> Result:
    """The result of one batch, after checking that a batch per record gives the same credits."""
    whole, single = run(*steps), Result()
    crediting = Crediting(0, 4)
    for record in as_records(list(steps)):
        fold(crediting, [record], single)
    assert (single.credits, single.letters, single.outcomes) == (whole.credits, whole.letters, whole.outcomes)
    return whole


SHORT = PlanApplied(id="short", plan=make_plan(TEAMS, horizon_days=1))


def test_a_sale_that_was_forgotten_and_comes_again_can_be_refunded_anew():
    later = START + 3 * DAY
    again = Event("o1", time=later, employee="E1", data={"amount": 500, "currency": "CNY"})
    result = run_both_ways(
        SHORT,
        block(sale("o1", 500), refund("r1", "o1", 400)),
        block(again, refund("r2", "o1", 300, later), first=2),
    )
    assert [row["data.amount"] for row in result.rows] == [500, -400, 500, -300]
    assert result.letters == []


def test_a_split_sale_that_comes_again_is_refunded_by_its_new_split_alone():
    data = {"amount": 500, "currency": "CNY"}
    halves, tenths = [["E1", 500_000], ["E2", 500_000]], [["E1", 100_000], ["E3", 900_000]]
    later = START + 3 * DAY
    again = Event("o1", time=later, splits=tenths, data=data)
    back = block(refund("r1", "o1", 500, later), first=2)
    result = run_both_ways(SHORT, block(Event("o1", splits=halves, data=data)), block(again, first=1), back)
    refunded = [(row["employee"], row["payee"]) for row in result.rows if row["id"] == "r1"]
    assert refunded == [("E1", 0), ("E3", 1)]


def test_a_released_refund_is_forgotten_like_any_other_event():
    copies = [refund("r1", "o1", 100), refund("r1", "o1", 100, START + 3 * DAY)]
    result = run_both_ways(SHORT, block(copies[0], sale("o1", 500), copies[0]), block(copies[1], first=3))
    outcome = result.outcomes["events", 0]
    assert (outcome["applied"], outcome["duplicate"], outcome["parked"]) == (2, 1, 1)
