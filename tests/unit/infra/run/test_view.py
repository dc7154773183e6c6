"""What the plain lines say."""

import io
from decimal import Decimal

import pytest

from infra.run.figures import Board, Figures, Outcomes, Rank
from infra.run.summary import Result, left_lines, result_lines
from infra.run.view import PlainView, amount, board_line, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234567.8900"), "1,234,567.89"),
        (Decimal("500.0000"), "500"),
        ("5000", "5,000"),
        ("-300.50", "-300.50"),
        (Decimal("0.5"), "0.50"),
        (None, "–"),
    ],
)
def test_amounts_have_marks_and_no_needless_zeros(value: object, text: str) -> None:
    assert amount(value) == text


def test_leaderboard_in_a_line() -> None:
    board = Board(
        "Revenue",
        "2026-03",
        "money",
        (Rank("Li Wei", Decimal("310000"), Decimal("103.33")), Rank("Wu Hao", Decimal("5"), None)),
    )
    assert board_line(board) == "Revenue 2026-03: 1. Li Wei 310,000 (103 %), 2. Wu Hao 5"


def test_a_step_says_what_it_does_and_how_long_it_took() -> None:
    out = io.StringIO()
    view = PlainView(out)
    with view.step("Migrating"):
        assert out.getvalue() == "Migrating … "
    assert out.getvalue().startswith("Migrating … 0.")


def test_a_reader_that_went_away_does_not_end_the_run() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    view = PlainView(Closed())
    view.say("one")
    view.say("two")


@pytest.mark.parametrize(
    ("came_in", "verdict"), [(110, "adds up"), (113, "DOES NOT ADD UP, 3 unaccounted for")]
)
def test_the_summary_says_whether_the_counts_add_up(came_in: int, verdict: str) -> None:
    result = Result(
        came_in, Outcomes(100, 5, 3, 2, 0), {"invalid_json": 3}, {"final": 7}, {"CNY": Decimal("12.5")}
    )
    lines = result_lines(result, 10.0, {"worker": 2})
    assert lines[0].endswith(verdict) and "applied 100 + duplicate 5 + dead-lettered 3 + parked 2" in lines[0]
    assert "earned         12.50 CNY" in lines and "restarts       worker 2×" in lines


def test_what_was_left_of_a_file_is_said_and_nothing_where_all_came_in() -> None:
    assert left_lines(10_000, 12_500) == ["not fed        2,500 of 12,500 events: the run ended before their turn"]
    assert left_lines(12_500, 12_500) == left_lines(10_000, None) == []


def test_caught_up_needs_a_reading() -> None:
    assert not Figures().caught_up
    assert Figures(uncommitted=0).caught_up and not Figures(uncommitted=1).caught_up


def test_columns_are_aligned() -> None:
    assert table([("a", "1"), ("bcd", "100")]) == ["a      1", "bcd  100"]
