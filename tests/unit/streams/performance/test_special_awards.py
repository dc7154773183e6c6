"""What the rarer kinds of awards say of themselves; who gets them and when is in tests/examples/awards.yaml."""

from __future__ import annotations

from schemas.plan_file import load_plan
from schemas.results import Award
from sinks.alerts.templates import message_of
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


def test_a_streak_shows_each_of_its_periods():
    steady = next(one for one in awards_of("streak") if one.rule == "steady")
    seen = [(one.kpi, one.period, one.value) for one in steady.evidence]
    assert seen == [
        ("revenue", "2026-02", "1000"), ("satisfaction", "2026-02", "95"),
        ("revenue", "2026-03", "1200"), ("satisfaction", "2026-03", "95"),
        ("revenue", "2026-05", "1500"), ("satisfaction", "2026-05", "92"),
    ]  # fmt: skip
    assert message_of(steady, "en").body.splitlines() == [
        "Ada (team north) reached Three good months (Revenue 100% and Customer satisfaction 90) for 2026-05.",
        "Revenue (2026-02): 1,000 of 1,000 CNY, 100% attained.",
        "Customer satisfaction (2026-02): 95 points.",
        "Revenue (2026-03): 1,200 of 1,000 CNY, 120% attained.",
        "Customer satisfaction (2026-03): 95 points.",
        "Revenue (2026-05): 1,500 of 1,000 CNY, 150% attained.",
        "Customer satisfaction (2026-05): 92 points.",
        "Pays 900.00 CNY.",
        "Meets the conditions for a promotion.",
    ]
    assert "销售额（2026-02）：1,000 CNY，目标 1,000 CNY，达成率 100%。" in message_of(steady, "zh").body
