"""``kpistream explain`` where an award looks at a score."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from infra.cli import main

ROOT = Path(__file__).parents[3]


def test_an_award_on_a_score_is_told_part_by_part():
    arguments = ["explain", "E1", "2026-03", "--plan", str(ROOT / "plans/examples/scorecard.yaml"),
                 "--events", str(ROOT / "tests/examples/scorecard.jsonl")]  # fmt: skip
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for words in (
        "Sales scorecard: 92.25% from 3 KPIs.\n",
        "  Revenue: 40% × 120% (attainment 131%, counted up to 120%) = 48%\n",
        "Condition: Sales scorecard at least 90%, from at least 3 KPIs: met.\n"
        "Due: 1,000.00 CNY.\nBooked: 1,000.00 CNY: agrees.",
    ):
        assert words in result.output, result.output
