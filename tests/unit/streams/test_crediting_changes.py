"""Corrections and cancellations by example: in any order with refunds, early, split, capped, converted."""

from __future__ import annotations

import pytest

from schemas.control import PlanApplied
from streams.crediting import Crediting
from tests.unit.streams.crediting_reference import DAY, START, Block, Event, Result, as_records, fold, make_plan

TEAMS = {"a": ["E1", "E2"], "b": ["E3"], "x": ["E4"]}


def run(*events: Event, restart_at: int | None = None, **crediting) -> Result:
    """What becomes of the events, one facts record each; from a checkpoint on where asked for."""
    rates = crediting.pop("rates", ())
    plan = PlanApplied(id="p", plan=make_plan(TEAMS, rates=rates, **crediting))
    blocks = [Block(0, [(at, event)]) for at, event in enumerate(events)]
    stage, result = Crediting(0, 1), Result()
    for record in as_records([plan, *blocks]):
        if record.offset == restart_at:
            rows, stage = stage.dirty_rows(), Crediting(0, 1)
            stage.restore({key: value for key, value in rows.items() if value})
        fold(stage, [record], result)
    return result


def sale(amount: int = 10_000, employee: str = "E1", splits: list | None = None, currency: str = "CNY") -> Event:
    return Event("s", employee=employee, splits=splits, data={"amount": amount, "currency": currency})


def about(id_: str, type_: str, amount: int | None = None, time: int = START + DAY, currency: str = "CNY") -> Event:
    money = {} if amount is None else {"amount": amount, "currency": currency}
    return Event(id_, type_, time, data={"sale_id": "s"} | money)


def changes(result: Result) -> list[tuple[str, int]]:
    return [(row["id"], row["data.amount"]) for row in result.rows]


def reasons(result: Result) -> list[str]:
    return [letter["reason"] for letter in result.letters]


def refund(id_: str, amount: int) -> Event:
    return about(id_, "refund", amount)


def correction(id_: str, amount: int) -> Event:
    return about(id_, "correction", amount)


CANCELLATION = about("x", "cancellation")


@pytest.mark.parametrize(
    ("events", "expected", "dead"),
    [
        ([correction("c", 8_000)], [("s", 10_000), ("c", -2_000)], []),
        ([correction("c", 12_000)], [("s", 10_000), ("c", 2_000)], []),
        ([correction("c", 12_000), correction("d", 9_000)], [("s", 10_000), ("c", 2_000), ("d", -3_000)], []),
        ([refund("r", 3_000), correction("c", 8_000)], [("s", 10_000), ("r", -3_000), ("c", -2_000)], []),
        ([correction("c", 8_000), refund("r", 8_100)], [("s", 10_000), ("c", -2_000)], ["refund_exceeds_sale"]),
        ([correction("c", 12_000), refund("r", 11_000)], [("s", 10_000), ("c", 2_000), ("r", -11_000)], []),
        ([refund("r", 3_000), correction("c", 2_900)], [("s", 10_000), ("r", -3_000)], ["correction_below_refunds"]),
        ([refund("r", 3_000), correction("c", 3_000)], [("s", 10_000), ("r", -3_000), ("c", -7_000)], []),
        ([CANCELLATION], [("s", 10_000), ("x", -10_000)], []),
        ([refund("r", 3_000), CANCELLATION], [("s", 10_000), ("r", -3_000), ("x", -7_000)], []),
        (
            [correction("c", 12_000), CANCELLATION, refund("r", 1), correction("d", 1), about("y", "cancellation")],
            [("s", 10_000), ("c", 2_000), ("x", -12_000)],
            ["sale_cancelled"] * 3,
        ),
        ([refund("r", 10_000), CANCELLATION], [("s", 10_000), ("r", -10_000), ("x", 0)], []),
        ([correction("c", 8_000), correction("c", 7_000)], [("s", 10_000), ("c", -2_000)], []),
    ],
)
def test_in_the_order_of_arrival(events, expected, dead):
    for restart_at in range(1, len(events) + 2):
        result = run(sale(), *events, restart_at=restart_at)
        assert (changes(result), reasons(result)) == (expected, dead)


def test_what_comes_before_its_sale_waits_and_is_taken_in_its_own_order():
    result = run(refund("r", 3_000), correction("c", 8_000), refund("q", 5_000), sale())
    assert changes(result) == [("s", 10_000), ("r", -3_000), ("c", -2_000), ("q", -5_000)]
    assert {row["offset"] for row in result.rows} == {4}
    (early,) = [run(CANCELLATION, sale())]
    assert changes(early) == [("s", 10_000), ("x", -10_000)]
    assert [row["data.currency"] for row in early.rows] == ["CNY", "CNY"]
    assert early.outcomes["events", 0]["applied"] == 2


def test_a_corrected_split_is_what_a_sale_of_that_amount_would_be():
    thirds = [["E1", 333_333], ["E2", 333_333], ["E3", 333_334]]
    corrected = run(sale(10_000, "", thirds), correction("c", 5_000))
    outright = run(sale(5_000, "", thirds))
    left = [sum(row["data.amount"] for row in corrected.rows if row["employee"] == who) for who in ("E1", "E2", "E3")]
    assert left == [row["data.amount"] for row in outright.rows]


def test_a_cap_holds_for_the_corrected_amount():
    guards = [{"events": ["sale"], "cap": "0.5"}]
    result = run(sale(), correction("c", 8_000), correction("d", 4_000), guards=guards)
    assert changes(result) == [("s", 5_000), ("c", 0), ("d", -1_000)]
    result = run(sale(4_000), correction("c", 8_000), refund("r", 2_000), refund("q", 2_000), guards=guards)
    assert changes(result) == [("s", 4_000), ("c", 1_000), ("r", 0), ("q", -1_000)]


def test_a_correction_is_at_the_rate_of_its_sale():
    rates = [("USD", "2026-01-01", "7"), ("USD", "2026-01-02", "8")]
    result = run(sale(currency="USD"), about("c", "correction", 20_000, currency="USD"), rates=rates)
    assert changes(result) == [("s", 70_000), ("c", 70_000)]
    assert {row["data.currency"] for row in result.rows} == {"CNY"}
    assert reasons(run(sale(currency="USD"), correction("c", 1), rates=rates)) == ["currency_mismatch"]


@pytest.mark.parametrize(("dated", "time"), [("sale", START), ("correction", START + DAY)])
def test_the_day_that_it_counts_on(dated, time):
    result = run(sale(), correction("c", 1), CANCELLATION, correction_date=dated)
    assert [row["time"] for row in result.rows] == [START, time, time]


def test_a_visit_is_nothing_to_correct():
    visit = Event("s", "visit", employee="E1", data={"minutes": 10_000})
    assert reasons(run(visit, correction("c", 1), CANCELLATION)) == ["not_a_sale"] * 2


def restating(id_: str, amount: int, employee: str = "", splits: list | None = None) -> Event:
    data = {"sale_id": "s", "amount": amount, "currency": "CNY"}
    return Event(id_, "correction", START + DAY, employee, splits, data)


def shares(result: Result) -> list[tuple[str, str, int]]:
    return [(row["id"], row["employee"], row["data.amount"]) for row in result.rows]


HALVES = [["E1", 500_000], ["E3", 500_000]]


@pytest.mark.parametrize(
    ("events", "expected", "dead"),
    [
        ([restating("c", 10_000, "E3")], [("c", "E3", 10_000), ("c", "E1", -10_000)], []),
        (
            [refund("r", 3_000), restating("c", 8_000, "E3"), refund("q", 5_000)],
            [("r", "E1", -3_000), ("c", "E3", 5_000), ("c", "E1", -7_000), ("q", "E3", -5_000)],
            [],
        ),
        (
            [restating("c", 12_000, splits=HALVES), CANCELLATION],
            [("c", "E1", -4_000), ("c", "E3", 6_000), ("x", "E1", -6_000), ("x", "E3", -6_000)],
            [],
        ),
        ([restating("c", 9_000, "E1")], [("c", "E1", -1_000)], []),
        ([restating("c", 9_000, "E9"), refund("r", 1_000)], [("r", "E1", -1_000)], ["unknown_employee"]),
        (
            [restating("c", 10_000, "E2"), restating("d", 10_000, "E1"), correction("e", 5_000)],
            [("c", "E2", 10_000), ("c", "E1", -10_000), ("d", "E1", 10_000), ("d", "E2", -10_000), ("e", "E1", -5_000)],
            [],
        ),
    ],
)
def test_payees_named_anew(events, expected, dead):
    for restart_at in range(1, len(events) + 2):
        result = run(sale(), *events, restart_at=restart_at)
        assert (shares(result)[1:], reasons(result)) == (expected, dead)
    early = run(*events, sale())
    if not any(event.type == "refund" for event in events):  # those arrive in another order than they were parked in
        assert (shares(early)[1:], reasons(early)) == (expected, dead)


def test_who_shares_a_sale_now_has_no_overlay_of_it_and_the_others_stay():
    overlays = [{"events": ["sale"], "employee": who, "share": "50%"} for who in ("E2", "E3")]
    result = run(sale(), restating("c", 10_000, "E2"), CANCELLATION, overlays=overlays)
    assert [(row["id"], row["employee"], row["team"], row["data.amount"]) for row in result.rows] == [
        ("s", "E1", "a", 10_000), ("s", "E2", "", 5_000), ("s", "E3", "", 5_000),
        ("c", "E2", "a", 10_000), ("c", "E3", "", 0), ("c", "E1", "a", -10_000), ("c", "E2", "", -5_000),
        ("x", "E2", "a", -10_000), ("x", "E3", "", -5_000),
    ]  # fmt: skip


def test_who_is_named_stands_where_they_did_on_the_day_of_the_sale():
    moves = {"E3": [{"date": "2026-01-02", "team": "x"}], "E1": [{"date": "2026-01-01", "team": "b"}]}
    plans = [PlanApplied(id=name, plan=make_plan(TEAMS, moves=one)) for name, one in (("p", {}), ("q", moves))]
    log = [plans[0], Block(0, [(0, sale())]), plans[1], Block(0, [(1, restating("c", 10_000, splits=HALVES))])]
    result = Result()
    fold(Crediting(0, 1), as_records(log), result)
    assert [(row["id"], row["employee"], row["team"]) for row in result.rows] == [
        ("s", "E1", "a"), ("c", "E1", "a"), ("c", "E3", "b"),
    ]  # fmt: skip
