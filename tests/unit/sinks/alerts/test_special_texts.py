"""The exact texts of trainings, personal bests and forecasts, as the worked examples give them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from schemas.plan_file import load_plan
from schemas.results import Award
from sinks.alerts.templates import message_of
from streams.backtest import Backtest

ROOT = Path(__file__).parents[4]
COURSE = "Consultative selling"


@cache
def awards_of(example: str) -> list[Award]:
    run = Backtest()
    run.apply(load_plan(ROOT / f"plans/examples/awards/{example}.yaml"))
    run.feed((ROOT / f"tests/examples/awards/{example}.jsonl").read_bytes().splitlines())
    return run.finish().awards


def told(example: str, language: str, kind: str, state: str = "final", **about: str) -> list[str]:
    """Title and lines of the first such award."""
    fits = (one for one in awards_of(example) if (one.kind.split("+")[0], one.state) == (kind, state))
    award = next(one for one in fits if all(getattr(one, name) == value for name, value in about.items()))
    message = message_of(award, language)
    return [message.title, *message.body.splitlines()]


def test_a_training_after_one_period_names_it():
    one = next(one for one in awards_of("training") if one.rule == "listening")
    short = replace(one, threshold=one.threshold.replace("in 2 periods", "in 1 periods"))
    assert short.threshold != one.threshold
    reasons = [message_of(short, language).body.splitlines()[1] for language in ("en", "zh")]
    assert reasons == [
        "Reason: Customer satisfaction below 80 points in March 2026.",
        "原因：客户满意度在2026年3月低于 80 分。",
    ]


@pytest.mark.parametrize(
    ("language", "state", "about", "lines"),
    [
        ("en", "final", {"rule": "catch-up"}, [
            "“Consultative selling” is recommended to Ada",
            "The course “Consultative selling” is recommended to Ada (team north) for March 2026.",
            "Reason: Revenue below 80% of what is expected by then, after 5 working days.",
            "Revenue: 1,500 CNY, target 21,000 CNY, 7.14% attained.",
            "Expected by the end of 9 March 2026: 5,000 CNY; 16 working days left."]),
        ("zh", "final", {"rule": "catch-up"}, [
            "推荐 Ada 参加「顾问式销售」",
            "推荐 Ada（团队 north）参加课程「顾问式销售」（2026年3月）。",
            "原因：销售额在 5 个工作日后不足应有进度的 80%。",
            "销售额：1,500 元，目标 21,000 元，达成率 7.14%。",
            "截至2026年3月9日应达到 5,000 元，本期还剩 16 个工作日。"]),
        ("en", "revoked", {"rule": "catch-up"}, [
            "“Consultative selling” is no longer recommended to Ada",
            "The course “Consultative selling” is no longer recommended to Ada (team north) for March 2026.",
            "Revenue: 4,000 CNY, target 21,000 CNY, 19.05% attained.",
            "Expected by the end of 9 March 2026: 5,000 CNY; 16 working days left."]),
        ("en", "final", {"rule": "listening"}, [
            "“Listening to customers” is recommended to Ada",
            "The course “Listening to customers” is recommended to Ada (team north) for March 2026.",
            "Reason: Customer satisfaction below 80 points in 2 months in a row.",
            "Customer satisfaction (February 2026): 72.5 points.",
            "Customer satisfaction (March 2026): 70 points."]),
        ("zh", "final", {"rule": "listening"}, [
            "推荐 Ada 参加「倾听客户」",
            "推荐 Ada（团队 north）参加课程「倾听客户」（2026年3月）。",
            "原因：客户满意度连续 2 个月低于 80 分。",
            "客户满意度（2026年2月）：72.5 分。",
            "客户满意度（2026年3月）：70 分。"]),
    ],
)  # fmt: skip
def test_a_training_says_why(language, state, about, lines):
    assert told("training", language, "training", state, **about) == lines


@pytest.mark.parametrize(
    ("language", "state", "lines"),
    [
        ("en", "final", [
            "Ada, personal best: “Best month”",
            "Ada (team north) has a personal best in March 2026: “Best month”.",
            "Revenue: 1,650 CNY.", "Best before: 1,500 CNY in February 2026.", "Pays 300.00 CNY."]),
        ("zh", "final", [
            "Ada 个人最佳「最佳月份」",
            "Ada（团队 north）在2026年3月刷新个人最佳：「最佳月份」。",
            "销售额：1,650 元。", "此前最佳：2026年2月的 1,500 元。", "奖励：300.00 元。"]),
        ("en", "revoked", [
            "Revoked: Ada, personal best: “Best month”",
            "Revoked: March 2026 is no personal best of Ada (team north) any more: “Best month”.",
            "Cause: refund r1.", "Revenue now: 1,550 CNY.", "Best before: 1,500 CNY in February 2026.",
            "No longer paid: 300.00 CNY."]),
        ("zh", "revoked", [
            "撤销：Ada 个人最佳「最佳月份」",
            "撤销：2026年3月不再是Ada（团队 north）的个人最佳：「最佳月份」。",
            "原因：退款 r1。", "销售额现为：1,550 元。", "此前最佳：2026年2月的 1,500 元。", "不再发放：300.00 元。"]),
    ],
)  # fmt: skip
def test_a_personal_best_names_the_best_before_and_what_took_it_back(language, state, lines):
    assert told("personal_best", language, "personal_best", state, rule="best-month", period="2026-03") == lines


def test_a_forecast_says_what_may_be_missed():
    title, line, *_ = told("nudge-forecast", "en", "nudge")
    assert title == "Ada may just miss “Silver” (100%)"
    assert line.startswith("At this pace Ada (team north) ends March 2026 at 20,460 CNY (93% attained): 1,540 CNY ")
    assert told("nudge-forecast", "zh", "nudge")[0] == "Ada 按当前进度将略低于「银牌」（100%）"
