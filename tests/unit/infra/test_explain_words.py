"""The words of explanations: where money came from and went, what units and events are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.explain.postings import decided_otherwise, posted_elsewhere, posted_here
from infra.explain.speaking import Speaker
from infra.explain.telling_money import money_lines
from schemas.plan_file import load_plan
from streams.explain.history import Evidence
from streams.explain.rules import RuleExplained

PLAN = load_plan(Path(__file__).parents[3] / "plans" / "examples" / "plan-p.yaml")
RULE = PLAN.awards[0]


def line(amount: int, reason: str = "credit", version: int = 1, period: str = "2026-03", posted: str = "") -> dict:
    about = {"rule": RULE.id, "period_kind": "month", "period": period, "posted_in": posted or period}
    return about | {"amount": amount * 10_000, "reason": reason, "plan_version": version}


LINES = [
    *(line(100), line(30, "plan_change", 2), line(-10, "plan_change", 2), line(5, "adjustment", 3)),
    *(line(-20, posted="2026-04"), line(-1, posted="2026-04"), line(7, "plan_change", period="2026-04")),
]


def test_event_types_of_the_plan_go_by_their_names():
    company = load_plan(Path(__file__).parents[3] / "plans" / "company.yaml")
    told = [Speaker(company, language).event("probation_end") for language in ("en", "zh")]
    assert told == ["end of probation", "试用期结束"]
    assert Speaker(PLAN, "en").event("probation_end") == "probation end"


def test_who_stands_in_no_unit_is_told_so():
    told = [Speaker(PLAN, language).unit("department", None) for language in ("en", "zh")]
    assert told == ["no department at all", "无所属部门"]


@pytest.mark.parametrize(
    ("language", "changed", "elsewhere", "here"),
    [
        (
            "en",
            ["Of what is booked, 5.00 CNY came by an adjustment under version 3 of the plan.",
             "Of what is booked, 20.00 CNY came with version 2 of the plan."],
            "Of what is booked, -21.00 CNY is posted in April 2026, since March 2026 was closed.",
            "  Commission of March 2026, posted here since that is closed: -21.00 CNY; kpistream explain E1 2026-03",
        ),
        (
            "zh",
            ["入账金额中 5.00 元由方案第 3 版下的人工调整带来。", "入账金额中 20.00 元由方案第 2 版生效带来。"],
            "入账金额中 -21.00 元因2026年3月已关账而计入2026年4月。",
            "  2026年3月的提成，因该期已关账而计入本期：-21.00 元；详见 kpistream explain E1 2026-03",
        ),
    ],
)  # fmt: skip
def test_where_money_came_from_and_went(language, changed, elsewhere, here):
    speaker, evidence = Speaker(PLAN, language), Evidence(PLAN, "E1", lines=LINES)
    assert decided_otherwise(speaker, evidence, RULE, "2026-03") == changed
    assert posted_elsewhere(speaker, evidence, RULE, "2026-03") == [elsewhere]
    assert posted_here(speaker, evidence, "month", "2026-04") == [here]


@pytest.mark.parametrize("why", ["shape", "versions", "updates", "settle", "rebuild"])
def test_what_is_not_recomputed_says_why_and_where_to_look_instead(why):
    explained = RuleExplained(RULE, [], [], 0, [], None, 1_000_000, (why,))
    told_so = {"en": "Booked: 100.00 CNY; not recomputed here: ", "zh": "入账：100.00 元；此处不重新计算："}
    for language, booked in told_so.items():
        (told,) = money_lines(Speaker(PLAN, language), explained, "2026-03")
        assert told.startswith(booked)
        assert any(place in told for place in ("bi.awards", "bi.earnings", "bi.adjustments", "--plan FILE"))
