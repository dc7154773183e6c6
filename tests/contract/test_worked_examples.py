"""The worked examples through the public command, and through the naive reference."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests import reference
from tests.worked_examples import CASES, assert_matches, events_of, events_path, plan_of, plan_path

every_case = pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])


@every_case
def test_backtest_gives_the_worked_numbers(case):
    from infra.cli import main

    arguments = [
        "backtest",
        "--plan",
        str(plan_path(case)),
        "--events",
        str(events_path(case)),
        "--format",
        "json",
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert_matches(case, json.loads(result.stdout))


@every_case
def test_the_reference_gives_the_worked_numbers(case):
    outcome = reference.run(plan_of(case), events_of(case))
    assert_matches(
        case,
        {
            "kpis": outcome.kpis,
            "units": outcome.units,
            "awards": outcome.awards,
            "earnings": outcome.earnings,
            "outcomes": outcome.outcomes(),
        },
    )
