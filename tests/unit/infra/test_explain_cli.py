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


def test_a_month_down_to_events_and_slices():
    told = explain("E1", "2026-03")
    assert told.exit_code == 0
    for words in (
        "Ada (E1) in 2026-03: 1 rules, 3600.00 CNY paid.",
        "r1  refund  -15000  → 115000",
        "0 to 80000: 80000 × 2 % = 1600",
        "80000 to 100000: 20000 × 4 % = 800",
        "100000 to 120000: 20000 × 6 % = 1200",
        "Due: 3600.00 CNY, rounded once.",
        "Paid: 3600.00 CNY: agrees.",
    ):
        assert words in told.stdout, told.stdout


def test_a_spiff_line_by_line():
    plan, events = ROOT / "plans" / "examples" / "awards" / "spiff.yaml", ROOT / "tests/examples/awards/spiff.jsonl"
    told = CliRunner().invoke(main, ["explain", "E2", "2026-03", "--plan", str(plan), "--events", str(events)])
    assert told.exit_code == 0
    for words in (
        "for each event 50 + 2 % × amount, at most 200 a period",
        "  s3  28.00 CNY\n  r1  -14.00 CNY\n  r2  -14.00 CNY\nDue: 0.00 CNY, each event rounded once.\n"
        "Paid: 0.00 CNY: agrees.",
    ):
        assert words in told.stdout, told.stdout


def test_a_streak_period_by_period():
    plan, events = ROOT / "plans" / "examples" / "awards" / "streak.yaml", ROOT / "tests/examples/awards/streak.jsonl"
    told = CliRunner().invoke(main, ["explain", "E1", "2026-05", "--plan", str(plan), "--events", str(events)])
    assert told.exit_code == 0
    for words in (
        "  2026-03: Revenue 900, Customer satisfaction 95: does not hold\n"
        "  2026-05: Revenue 1500, Customer satisfaction 92: holds\nDue: 0.00 CNY, rounded once.\n"
        "Paid: 0.00 CNY: agrees.",
    ):
        assert words in told.stdout, told.stdout


def test_a_draw_payout_by_payout():
    plan = ROOT / "plans" / "examples" / "practice" / "recoverable-draw.yaml"
    events = ROOT / "tests" / "examples" / "practice" / "recoverable-draw.jsonl"
    told = CliRunner().invoke(main, ["explain", "E1", "2026-03", "--plan", str(plan), "--events", str(events)])
    assert told.exit_code == 0
    for words in (
        "  2026-03: earned 1500.00, draw 2000 (base, recoverable): guarantee 0.00, advance 500.00, recovery 0.00; "
        "pays 2000.00, still to be recovered 500.00: agrees.\n    commission of 2026-03: 1500.00\n",
    ):
        assert words in told.stdout, told.stdout


def test_an_award_in_chinese_as_it_stood_when_it_was_revoked():
    found = json.loads(CliRunner().invoke(main, ["backtest", *FILES, "--format", "json"]).stdout)
    told = explain(found["awards"][-1]["award_id"], "--language", "zh")
    assert told.exit_code == 0
    for words in ("已撤销", "触发事件 r1", "达成率 115 %", "已付：3300.00 CNY：一致", "下一档 120 %：还差 5000"):
        assert words in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["0" * 32], 1, "no such award"),
        (["E2", "2026-03"], 0, "Nothing to explain for Ben (E2) in 2026-03."),
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
