"""``kpistream explain`` where an award looks at a score."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from infra.cli import main

ROOT = Path(__file__).parents[3]


def test_an_award_on_a_score_is_told_as_not_recomputed():
    arguments = ["explain", "E1", "2026-03", "--plan", str(ROOT / "plans/examples/scorecard.yaml"),
                 "--events", str(ROOT / "tests/examples/scorecard.jsonl")]  # fmt: skip
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "depends on score" in result.output
