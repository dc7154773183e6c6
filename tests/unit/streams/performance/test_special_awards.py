"""What the rarer kinds of awards say of themselves; who gets them and when is in tests/examples/awards.yaml."""

from __future__ import annotations

from schemas.plan_file import load_plan
from schemas.results import Award
from streams.backtest import Backtest
from tests.worked_examples import CASES, events_path, plan_path


def awards_of(name: str) -> list[Award]:
    """The awards of the worked case whose title begins so."""
    case = next(case for case in CASES if case["case"].startswith(name))
    run = Backtest()
    run.apply(load_plan(plan_path(case)))
    run.feed(events_path(case).read_bytes().splitlines(), 2)
    return run.finish().awards


def test_a_nudge_says_to_what_how_far_and_how_long():
    nudges = [one for one in awards_of("nudges") if one.kind == "nudge"]
    said = [(one.name["en"], one.next_tier, one.gap, one.pays, one.days_left, one.workdays) for one in nudges]
    assert said == [
        ("Bronze", "80%", "4000", "500", 22, False),
        ("Silver", "100%", "3000", "1500", 15, False),
        ("Silver", "100%", "4000", "1500", 3, True),
    ]
    assert all(one.amount is None and one.state == "final" for one in nudges)
