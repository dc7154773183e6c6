"""The guard against slowing down."""

from __future__ import annotations

import json

import pytest

from benchmarks.quick import BOUND, problems, ratios
from benchmarks.runs import Outcome
from benchmarks.steady import Steady


def run(rate: float | None, cpu: float | None, check: str = "ok: 1 sums") -> Outcome:
    return Outcome("x", warm=Steady(rate, cpu), check=check)


def test_ratios_are_against_the_mean_of_the_runs_before_and_after():
    assert ratios(run(150.0, 5.0), [run(400.0, 2.0), run(200.0, 3.0)]) == pytest.approx({"rate": 0.5, "cpu": 0.5})


@pytest.mark.parametrize("own", [run(150.0, 5.0, "wrong: 1 of 1 sums differ"), run(None, None), run(150.0, None)])
def test_a_wrong_or_short_run_never_passes(own):
    assert problems(ratios(own, [run(400.0, 2.0)]), {"rate": 0.0}) == ["a run was wrong, or too short for a rate"]


def test_what_is_below_its_bound_is_named():
    found = {"rate": 0.5, "cpu": 0.3}
    assert problems(found, {"rate": 0.5, "cpu": 0.3}) == []
    assert problems(found, {"rate": 0.6, "cpu": 0.2}) == ["rate: 0.500 of the ceiling, expected at least 0.6"]


def test_the_bounds_are_shares():
    assert all(0 < bound < 2 for bound in json.loads(BOUND.read_text()).values())
