"""What the rarer kinds of awards say of themselves; who gets them and when is in tests/examples/awards.yaml."""

from __future__ import annotations

import msgspec

from infra.explain.from_backtest import BacktestEvidence
from infra.explain.telling import Teller
from schemas.plan_file import load_plan
from schemas.results import Award
from sinks.alerts.templates import message_of
from streams.backtest import Backtest
from streams.explain.evidence import explain_award
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
        "Ada (team north) reached “Three good months” for May 2026.",
        "Conditions: Revenue 100% and Customer satisfaction 90.",
        "Revenue (February 2026): 1,000 CNY, target 1,000 CNY, 100% attained.",
        "Customer satisfaction (February 2026): 95 points.",
        "Revenue (March 2026): 1,200 CNY, target 1,000 CNY, 120% attained.",
        "Customer satisfaction (March 2026): 95 points.",
        "Revenue (May 2026): 1,500 CNY, target 1,000 CNY, 150% attained.",
        "Customer satisfaction (May 2026): 92 points.",
        "Pays 900.00 CNY.",
        "Meets the conditions for a promotion.",
    ]
    assert "销售额（2026年2月）：1,000 元，目标 1,000 元，达成率 100%。" in message_of(steady, "zh").body


def test_a_training_says_what_was_expected_by_which_day():
    recommended, *_, of_periods = awards_of("training")
    assert (recommended.name["en"], recommended.days_left, recommended.workdays) == ("Consultative selling", 16, True)
    (seen,) = recommended.evidence
    assert (seen.value, seen.expected, seen.as_of) == ("1500", "5000", "2026-03-09")
    assert [(one.period, one.value, one.expected) for one in of_periods.evidence] == [
        ("2026-02", "72.5", None), ("2026-03", "70", None),
    ]  # fmt: skip


def test_a_training_decided_by_somebody_elses_event_is_explained_and_can_disagree():
    case = next(case for case in CASES if case["case"].startswith("training"))
    lines = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(load_plan(plan_path(case)), lambda run: run.feed(lines, 4))
    for award in source.result.awards:
        assert explain_award(source.of(award.employee), award).agrees
    award = source.result.awards[0]
    assert (award.employee, award.cause.id) == ("E1", "s5")  # which is E2's
    said = "\n".join(Teller(source.plan, "en").award(explain_award(source.of("E1"), award)))
    assert "Expected by the end of 9 March 2026: 5,000 CNY, 5 of 21 working days; pace 30%: agrees." in said
    wrong = msgspec.structs.replace(award, evidence=(msgspec.structs.replace(award.evidence[0], expected="5001"),))
    assert not explain_award(source.of("E1"), wrong).agrees


def test_a_personal_best_says_what_was_the_best_before():
    _, reached, *_ = awards_of("personal best")
    assert [(one.period, one.value) for one in reached.evidence] == [("", "1650"), ("2026-02", "1500")]
    assert reached.threshold == "revenue 1500 of 2026-02"


def test_a_personal_best_is_explained_by_all_periods_before_it():
    case = next(case for case in CASES if case["case"].startswith("personal best"))
    lines = events_path(case).read_bytes().splitlines()
    source = BacktestEvidence(load_plan(plan_path(case)), lambda run: run.feed(lines))
    liked, reached = source.result.awards[:2]
    said = Teller(source.plan, "en").award(explain_award(source.of("E1"), liked))
    assert said[-4:] == [
        "  January 2026: 85 points from 2 events, the best before",
        "  February 2026: 95 points from 1 event, does not count",
        "  Needed: better than the best before: met.",
        "Customer satisfaction in January 2026: 85 points from 2 events; the award states 85 points: agrees.",
    ]
    assert explain_award(source.of("E1"), reached).agrees
    not_the_best = msgspec.structs.replace(reached.evidence[1], period="2026-01", value="1000")
    wrong = msgspec.structs.replace(reached, evidence=(reached.evidence[0], not_the_best))
    assert not explain_award(source.of("E1"), wrong).agrees
