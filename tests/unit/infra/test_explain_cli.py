"""``kpistream explain`` over a backtest: the trace of a worked example, both languages, clear errors."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.explain.phrases import PHRASES

ROOT = Path(__file__).parents[3]
FILES = [
    "--plan",
    str(ROOT / "plans" / "examples" / "plan-p.yaml"),
    "--events",
    str(ROOT / "tests" / "examples" / "case-6.jsonl"),
]


def explain(*arguments: str):
    return CliRunner().invoke(main, ["explain", *arguments, *FILES])


def explain_example(name: str, *arguments: str):
    """Of plan and events with one name, under plans/examples and tests/examples."""
    files = "--plan", str(ROOT / f"plans/examples/{name}.yaml"), "--events", str(ROOT / f"tests/examples/{name}.jsonl")
    return CliRunner().invoke(main, ["explain", *arguments, *files])


def test_a_month_down_to_events_and_slices():
    told = explain("E1", "2026-03")
    assert told.exit_code == 0
    for words in (
        "Ada (E1), March 2026: 3,600.00 CNY earned. Plan ",
        "  refund r1  -15,000.00  → 115,000.00\n",
        "  from 100% (100,000 CNY): 6%\n",
        "  0 to 80,000: 80,000 × 2% = 1,600\n  80,000 to 100,000: 20,000 × 4% = 800\n"
        "  100,000 to 120,000: 20,000 × 6% = 1,200\n  in all 3,600\nDue: 3,600.00 CNY.\n"
        "Booked: 3,600.00 CNY: agrees.\n",
    ):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "  hurdle of 60% (60,000 USD) not reached, 0.01 USD short: 1,800.00 USD becomes 0.00 USD\n"),
        ("zh", "  未达到起付门槛 60%（60,000 美元），还差 0.01 美元：1,800.00 美元 变为 0.00 美元\n"),
    ],
)
def test_how_far_the_hurdle_is(tmp_path, language, words):
    events = (ROOT / "tests/examples/engine/hurdle-cap.jsonl").read_text().splitlines()
    (tmp_path / "first.jsonl").write_text(events[0])
    plan = str(ROOT / "plans/examples/engine/marginal-hurdle-cap.yaml")
    files = "--plan", plan, "--events", str(tmp_path / "first.jsonl")
    told = CliRunner().invoke(main, ["explain", "E1", "2026-03", *files, "--language", language])
    assert told.exit_code == 0
    assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("language", "value", "line"),
    [
        ("en", "sale s4  +20,000.00 (counts on 1 March 2026)  → ", "sale s4 (amount 20,000) (counts on 1 March 2026)"),
        ("zh", "销售 s4  +20,000.00（计入2026年3月1日）  → ", "销售 s4（金额 20,000）（计入2026年3月1日）  "),
    ],
)
def test_what_counts_on_another_day_since_its_own_is_closed_says_so(language, value, line):
    told = explain_example("engine/process-date-with-hold", "E1", "2026-03", "--language", language)
    assert told.exit_code == 0
    assert value in told.stdout and line in told.stdout, told.stdout
    assert "s5" not in told.stdout  # it counts in April


def test_a_spiff_line_by_line():
    told = explain_example("awards/spiff", "E2", "2026-03")
    assert told.exit_code == 0
    for words in (
        "50.00 CNY + 2% × amount for each event, at most 200.00 CNY a period.\n",
        "  sale s3 (amount 400) (40% share)  28.00 CNY\n",
        "  refund r1 (amount -200) (40% share)  -14.00 CNY\n",
        "Due: 0.00 CNY, each event rounded once.\nBooked: 0.00 CNY: agrees.",
    ):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("language", "cut"),
    [("en", "  88.00 CNY of 150.00 CNY, capped"), ("zh", "  88.00 元（应计 150.00 元，已封顶）")],
)
def test_a_line_that_the_cap_cut_says_of_what(language, cut):
    told = explain_example("awards/spiff", "E1", "2026-03", "--language", language)
    assert [line.endswith(cut) for line in told.stdout.splitlines() if "s4" in line] == [True], told.stdout


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("  On-time bonus: nothing yet, 3 of 4 events\n", "  No tier counts before there are 4 events.\n",
                "Booked: 0.00 CNY: agrees.\nNot yet: 3 of 4 events.\n",
                "On-time deliveries at least 72%, from at least 4 events: not met (only 3 events).")),
        ("zh", ("  准时送达奖：尚无，需 4 个事件，现有 3 个\n", "  不足 4 个事件时各档均不计。\n",
                "入账：0.00 元：一致。\n尚未计入：需 4 个事件，现有 3 个。\n",
                "准时送达率不低于 72%，且不少于 4 个事件：未满足（仅 3 个事件）")),
    ],
)  # fmt: skip
def test_tiers_that_wait_for_a_sample_say_how_much_is_there(language, words, tmp_path):
    """Of the first eight deliveries three are of D2, all of them on time."""
    events = (ROOT / "tests/examples/awards/min-sample.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "events.jsonl").write_text("\n".join(events[:8]), "utf-8")
    files = "--plan", str(ROOT / "plans/examples/awards/min-sample.yaml"), "--events", str(tmp_path / "events.jsonl")
    told = CliRunner().invoke(main, ["explain", "D2", "2026-03", "--language", language, *files])
    assert told.exit_code == 0, told.output
    for one in words:
        assert one in told.stdout, told.stdout


def test_a_streak_period_by_period():
    told = explain_example("awards/streak", "E1", "2026-05")
    assert told.exit_code == 0
    for words in (
        "eligibility for promotion when its conditions are met in 3 months in a row; lost again",
        "eligibility for promotion when its conditions are met in 3 of 4 months in a row; lost again",
        "  March 2026: Revenue 900 CNY, Customer satisfaction 95 points: not met\n"
        "  April 2026: passed over, without a working day\n"
        "  May 2026: Revenue 1,500 CNY, Customer satisfaction 92 points: met\nDue: 0.00 CNY.\n"
        "Booked: 0.00 CNY: agrees.\nAward: “Three good months”, revoked (by this rule it is not given again",
    ):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("example", "who", "period", "language", "words"),
    [
        ("nudge", "E1", "2026-03", "en", (
            "  Last days: close to “Silver” (100%)\n",
            "a reminder once the next tier of “Month's bonus” is no more than 5% away; no money.\n",
            "\nReminder: close to “Bronze” (80%); kpistream explain ")),
        ("nudge", "E1", "2026-03", "zh", ("  最后几天：接近「银牌」（100%）\n", "\n提醒：接近「铜牌」（80%）；详见 ")),
        ("training", "E1", "2026-03", "en", (
            "  Sales coaching: no longer recommended: the course “Consultative selling”\n",
            "after 2 months in a row that ended without reaching 80 points; no money; stays once given.\n",
            "\nRecommended: the course “Listening to customers”; kpistream explain ")),
        ("training", "E2", "2026-04", "zh", (  # of whom nothing is credited in that month
            "  销售辅导：推荐课程「顾问式销售」\n", "\n推荐：课程「顾问式销售」；详见 ")),
        ("streak", "E1", "2026-05", "zh", (
            "：连续 3 个月满足条件时，发放奖金 900.00 元并取得晋升资格；",
            "：连续 4 个月中有 3 个月满足条件时，取得晋升资格；",
            "  2026年4月：跳过，没有工作日\n")),
        ("personal_best", "E1", "2026-04", "en", (
            "for a month that is better than every month before it, by 10% or more; at least 2 months must count ",
            "  March 2026: 1,551 CNY from 5 events, the best before\n"
            "  Needed: 1,706.10 CNY, 10% better than the best before: not met.\nDue: 0.00 CNY.\n")),
        ("personal_best", "E1", "2026-04", "zh", (
            "单月成绩优于此前每月 10% 以上（此前至少须有 2 个月有效）时，",
            "  须达到：1,706.10 元（比此前最佳好 10%）：未满足。\n")),
        ("personal_best", "E1", "2026-02", "en", (
            "  Too early: 1 month before it with enough events; 2 months needed.\n",)),
    ],
)  # fmt: skip
def test_rarer_awards_are_told_in_words_of_their_own(example, who, period, language, words):
    told = explain_example(f"awards/{example}", who, period, "--language", language)
    assert told.exit_code == 0
    for one in words:
        assert one in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "  refund r1: -300.00 CNY, its part of what the sale was paid; by the table it would be -1,100.00 CNY\n"
               "  in all 800.00 CNY more than by the table\nDue: 4,400.00 CNY, each event rounded once.\n"),
        ("zh", "  退款 r1：-300.00 元，按原销售当时所得计；若按档位表则为 -1,100.00 元\n"
               "  合计比按档位表多 800.00 元\n"),
    ],
)  # fmt: skip
def test_what_goes_by_what_a_sale_was_paid_is_told_refund_by_refund(language, words):
    files = "--plan", str(ROOT / "plans/examples/plan-p-as-paid.yaml"), *FILES[2:]
    told = CliRunner().invoke(main, ["explain", "E1", "2026-03", "--language", language, *files])
    assert told.exit_code == 0 and words in told.stdout, told.stdout


def test_a_draw_payout_by_payout():
    told = explain_example("practice/recoverable-draw", "E1", "2026-03")
    assert told.exit_code == 0
    for words in (
        "  February 2026: earned 3,000.00 USD; draw “base” of 2,000.00 USD, to be recovered; pays 3,000.00 USD: "
        "agrees.\n"
        "  March 2026: earned 1,500.00 USD; draw “base” of 2,000.00 USD, to be recovered; advanced 500.00 USD; "
        "pays 2,000.00 USD, still to be recovered 500.00 USD: agrees.\n    Commission, March 2026: 1,500.00 USD\n",
    ):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("period", "language", "words"),
    [
        ("2026-03", "en", "sale s1 (999.99 EUR at 1.0825, the rate since 1 March 2026)  +1,082.49  → 1,082.49\n"),
        ("2026-03", "en", "correction c1 (now 1,200.00 EUR at 1.0825, as its sale, the rate since 1 March 2026)"),
        ("2026-04", "zh", "销售 s2（999.99 欧元，按2026年4月1日起的汇率 1.1 折算）  +1,099.99  → 1,099.99\n"),
        ("2026-05", "zh", "退款 r1（12,345 日元，与其销售一样按2026年3月1日起的汇率 0.006705 折算）  -82.77"),
    ],
)  # fmt: skip
def test_an_amount_in_another_currency_stands_with_its_rate(period, language, words):
    told = explain_example("engine/event-date-rate", "E1", period, "--language", language)
    assert told.exit_code == 0 and words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("example", "language", "words"),
    [
        ("leave-and-promotion", "en", "attainment 114.58%.\n  The target: 63,000 USD × 16 of 21 working days.\n"),
        ("ramp-mid-month", "zh", "目标 20,000 美元，达成率 125%。\n  目标构成：40,000 美元 × 50%（爬坡期）。\n"),
    ],
)
def test_a_target_that_depends_on_dates_says_how(example, language, words):
    told = explain_example(f"engine/{example}", "E1", "2026-03", "--language", language)
    assert told.exit_code == 0 and words in told.stdout, told.stdout


def test_what_came_after_the_close_is_told_in_both_periods():
    told = explain_example("engine/split-refund-after-close", "E1", "2026-05")
    assert told.exit_code == 0
    for words in (
        "  refund r1  -15,000.01 (60% share)  → 45,000.00\n",
        "Of what is booked, -900.00 USD is posted in June 2026, since May 2026 was closed.\n",
    ):
        assert words in told.stdout, told.stdout
    told = explain_example("engine/split-refund-after-close", "E1", "2026-06")
    assert told.stdout == (
        "Ada (E1), June 2026: 0.00 USD earned. Plan split-refund-after-close, version 1; times are those of UTC.\n"
        "  Commission of May 2026, posted here since that is closed: -900.00 USD; kpistream explain E1 2026-05\n"
    )


def test_an_award_in_chinese_as_it_stood_when_it_was_revoked():
    found = json.loads(CliRunner().invoke(main, ["backtest", *FILES, "--format", "json"]).stdout)
    told = explain(found["awards"][-1]["award_id"], "--language", "zh")
    assert told.exit_code == 0
    for words in (
        *("已撤销", "的退款 r1 触发", "达成率 115%", "入账：3,300.00 元：一致"),
        "下一档 120%（120,000 元）：2026年3月31日前还差 5,000 元",
    ):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["0" * 32], 1, "no such award"),
        (["E2", "2026-03"], 0, "Nothing to explain for Ben (E2) in March 2026."),
        (["E9", "2026-03"], 1, "no such employee: E9; known: E1, E2, E3"),
        (["E1", "2026-3"], 1, "2026-3 names no period; expected a key such as 2026-03"),
        (["nort", "2026-03", "--unit", "team"], 1, "no such team: nort; did you mean north?"),
        (["E1", "2026-04"], 0, "Nothing to explain for Ada (E1) in April 2026."),
        (["E1", "2026-03", "more"], 2, "expected an award's id, or an employee and a period"),
    ],
)
def test_one_clear_sentence_otherwise(arguments, code, sentence):
    told = explain(*arguments)
    assert told.exit_code == code and sentence in told.output


def test_a_plan_without_events_is_refused():
    told = CliRunner().invoke(main, ["explain", "E1", "2026-03", *FILES[:2]])
    assert told.exit_code == 2 and "belong together" in told.output


def test_both_languages_fill_in_the_same():
    for phrase, texts in PHRASES.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert set(texts) == {"en", "zh"} and fields[0] == fields[1], phrase
