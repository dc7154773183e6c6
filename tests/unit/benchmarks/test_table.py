"""The table of a comparison."""

from __future__ import annotations

from benchmarks.runs import Outcome
from benchmarks.steady import Steady
from benchmarks.table import comparison, markdown


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_numbers_stand_to_the_right():
    assert markdown(["a", "b"], [["x", "1,000"], ["y|z", "2.5 ×"]]).splitlines() == [
        "| a | b |", "| --- | --: |", "| x | 1,000 |", "| y\\|z | 2.5 × |",
    ]  # fmt: skip


def test_ratios_are_towards_kpistream_and_a_wrong_run_has_no_speed():
    own = Outcome("kpistream", events=1000, warm=Steady(300_000, 5.0), seconds=12.3, check="ok: 5 sums")
    slow = Outcome("slow", events=500, warm=Steady(100_000, 9.0), seconds=60.0, check="ok: 5 sums")
    wrong = Outcome("wrong", events=500, warm=Steady(900_000, 1.0), seconds=1.0, check="wrong: 1 of 5 sums differ")
    short = Outcome("short", events=500, check="ok: 5 sums")
    seldom = Outcome("seldom", events=500, seconds=10.0, check="ok: 5 sums")
    absent = Outcome("absent", check="not run: javac is missing")
    rows = {row[0]: row[1:8] for row in cells(comparison([own, slow, wrong, short, seldom, absent], own))}
    assert rows["kpistream"] == ["1,000", "300,000", "", "5.00", "12.3", "", ""]
    assert rows["slow"] == ["500", "100,000", "3.00 ×", "9.00", "60.0", "", ""]
    assert rows["wrong"] == ["500", "", "", "", "", "", ""]
    assert rows["short"] == ["500", "too short", "", "", "", "", ""]
    assert rows["seldom"] == ["500", "50 (whole run)", "", "", "10.0", "", ""]
    assert rows["absent"] == ["", "", "", "", "", "", ""]
    assert "not run: javac is missing" in comparison([absent], None)


def test_nothing_is_compared_with_a_wrong_run():
    own = Outcome("kpistream", warm=Steady(300_000, 5.0), check="wrong: 1 awards more than once")
    assert "×" not in comparison([own, Outcome("slow", warm=Steady(100_000, 9.0), check="ok")], own)
