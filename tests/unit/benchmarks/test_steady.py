"""Rates from the middle of a run."""

from __future__ import annotations

import pytest

from benchmarks.steady import Steady, at, bursts, counted, steady


def test_each_row_tells_anew_how_many_a_key_has():
    rows = [(1, "a", 10), (1, "b", 5), (2, "a", 12), (3, "b", 5), (3, "b", 9)]
    assert counted(rows) == [(1, 15), (2, 17), (3, 21)]


def test_the_start_and_the_end_do_not_count():
    slow_start = [(ms, ms // 100) for ms in range(0, 4_000, 1_000)]
    middle = [(4_000 + ms, 40 + ms // 10) for ms in range(0, 12_000, 1_000)]
    found = steady([*slow_start, *middle, (60_000, middle[-1][1] + 1)], [(0, 0.0), (100_000, 100.0)])
    assert found.events_per_second == pytest.approx(100)
    assert found.cpu_us_per_event == pytest.approx(10_000)


def test_too_short_a_run_has_no_rate():
    assert steady([(0, 10), (10_000, 100)], []) == Steady()
    assert steady([], []) == Steady()


def test_a_burst_is_one_point_at_its_end():
    staircase = [(second * 1000 + ms, second * 100 + ms) for second in range(20) for ms in range(100)]
    assert bursts(staircase) == [(second * 1000 + 99, second * 100 + 99) for second in range(20)]
    # within one burst rows are written much faster than events are processed
    assert steady(staircase, []).events_per_second == pytest.approx(100)


def test_a_value_between_two_points():
    assert [at([(0, 0.0), (10, 5.0)], when) for when in (-1, 0, 4, 10, 11)] == [0, 0, 2, 5, 5]
