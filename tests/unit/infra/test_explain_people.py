"""``kpistream explain`` where people are compared: the whole field, places, parts to the cent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from tests.unit.infra.test_backtest_people import CLOSE, PLAN, REFUND, SALES, event


@pytest.fixture
def files(tmp_path: Path):
    def write(events: list[dict], text: str = PLAN) -> list[str]:
        plan, file = tmp_path / "plan.yaml", tmp_path / "events.jsonl"
        plan.write_text(text)
        file.write_text("".join(json.dumps(one) + "\n" for one in events))
        return ["--plan", str(plan), "--events", str(file)]

    return write


def explain(*arguments: str) -> str:
    told = CliRunner().invoke(main, ["explain", *arguments])
    assert told.exit_code == 0, told.output
    return told.stdout


def test_the_field_of_an_honour_with_who_met_the_conditions(files):
    told = explain("E4", "2026-03", *files([*SALES, CLOSE]))
    for words in (
        "S (star): for the best of the company by R (by value; places after a tie are left out): a bonus of 100.00",
        "Compared within the company acme: 2 of 5 chosen.\n"
        "  #1  E1: R 400 CNY (1 event); R at least 300 CNY: met; due 100.00 CNY, booked 100.00 CNY\n"
        "  #1  E2: R 400 CNY (1 event); R at least 300 CNY: met; due 100.00 CNY, booked 100.00 CNY\n"
        "  #3  E4: R 350 CNY (1 event); R at least 300 CNY: met\n"
        "  –  E3: R 200.50 CNY (1 event); R at least 300 CNY: not met (99.50 CNY short)\n"
        "  –  E5: R 0 CNY (0 events); R at least 300 CNY: not met (300 CNY short)\n"
        "Due: 200.00 CNY.\nBooked: 200.00 CNY: agrees.",
    ):
        assert words in told, told


def test_nothing_is_due_before_the_close(files):
    told = explain("E4", "2026-03", *files(SALES))
    assert "Nothing is decided before March 2026 is closed; these are the standings so far." in told, told


def test_a_pool_part_by_part_with_everybodys_events(files):
    told = explain("north", "2026-03", "--unit", "team", "--full", *files([*SALES, CLOSE]))
    for words in (
        "The pool opens at 100% of the unit: met.\nThe pool: 1,000.5 × 1% (10.005) = 10.01 CNY, rounded once.\n",
        "  ·  E3: R 200.50 CNY (1 event); counts as 200.5; due 2.01 CNY, booked 2.01 CNY\n"
        "    2026-03-05 10:00:00  sale E3  +200.50  → 200.50\n",
        "Booked: 10.01 CNY: agrees.",
    ):
        assert words in told, told


def test_conditions_of_a_pool_are_told_by_the_persons_own_value_not_the_units(files):
    plan = PLAN.replace("share_by:", "all: [{kpi: revenue, value: 500}], share_by:")
    told = explain("E1", "2026-03", *files([*SALES, CLOSE], plan))
    of_the_unit = "About the team north as a whole; a shared event counts once.\nR: 1,000.50 CNY"
    assert f"  Condition: R at least 500 CNY: not met (100 CNY short).\n{of_the_unit}" in told, told


def test_an_award_as_it_was_taken_back_in_chinese(files):
    known = files([*SALES, CLOSE, REFUND])
    found = json.loads(CliRunner().invoke(main, ["backtest", *known, "--format", "json"]).stdout)
    lost = next(one for one in found["awards"] if one["state"] == "revoked")
    told = explain(lost["award_id"], *known, "--language", "zh")
    for words in ("#3  E1：R 300 元（2 个事件）", "奖励记录的名次为 无；重新计算为 无：一致。"):
        assert words in told, told


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Decided as the period was closed (close:people:month:2026-03; place in the log 0/4/0). Bound: R"),
        ("zh", "于关账时判定（close:people:month:2026-03，日志位置 0/4/0）。门槛：R"),
    ],
)
def test_a_close_of_a_backtest_has_no_time(files, language, words):
    known = files([*SALES, CLOSE])
    found = json.loads(CliRunner().invoke(main, ["backtest", *known, "--format", "json"]).stdout)
    star = next(one for one in found["awards"] if one["rule"] == "star")
    told = explain(star["award_id"], *known, "--language", language)
    assert words in told, told


def test_since_when_the_first_has_his_place(files):
    told = explain("E1", "2026-03", *files(SALES))
    mine = "  #1  E1: R 400 CNY (1 event); R at least 300 CNY: met; since place 1 in the order of updates; due 50.00"
    assert mine in told, told


def test_of_many_people_the_best_and_whoever_is_asked_for_are_listed(files):
    more = "".join(f"{{id: X{number}, role: rep}}, " for number in range(30))
    small = event("x29", {"employee": "X29", "amount": 1})
    told = explain("X29", "2026-03", *files([*SALES, small, CLOSE], PLAN.replace("{id: E1,", f"{more}{{id: E1,")))
    honour = told[told.index("S (star)") : told.index("R (race)")]
    assert "  #1  E1: R 400" in honour and "  –  X29: R 1 CNY (1 event)" in honour, honour
    assert "  … 24 more people …" in honour and honour.count("R at least 300 CNY: ") == 12, honour
