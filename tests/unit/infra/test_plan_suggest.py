"""``kpistream plan suggest``: numbers worked by hand, reasons, SMART flags, YAML that validates when pasted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from schemas.plan_file import load_plan
from streams.target_suggestions import percentile

PLAN = Path(__file__).parents[3] / "plans" / "examples" / "plan-p.yaml"


def history(path: Path, months: int = 13) -> Path:
    """E1 sells 1,000 × the number of the month, E2 twice that, from January 2025; one sale more on 2026-02-10."""
    sales = []
    for number in range(months):
        day = f"{2025 + number // 12}-{number % 12 + 1:02d}-28"
        for employee, factor in (("E1", 1), ("E2", 2)):
            sales.append((f"{employee}-{number}", employee, day, 1000 * (number % 12 + 1) * factor))
    sales.append(("late", "E1", "2026-02-10", 5))
    path.write_text(
        "".join(
            json.dumps(
                {
                    "specversion": "1.0",
                    "source": "crm",
                    "id": id,
                    "type": "sale",
                    "time": f"{day}T10:00:00+08:00",
                    "data": {"employee": employee, "amount": amount, "currency": "CNY"},
                }
            )
            + "\n"
            for id, employee, day, amount in sales
        )
    )
    return path


def suggest(tmp_path: Path, *arguments: str, months: int = 13):
    files = ["--plan", str(PLAN), "--events", str(history(tmp_path / "e.jsonl", months)), "--kpi", "revenue"]
    return CliRunner().invoke(main, ["plan", "suggest", *files, *arguments])


def pasted(text: str, tmp_path: Path) -> list:
    """The targets of the plan with the suggestion in the place of its own."""
    plan = PLAN.read_text()
    own = next(line for line in plan.splitlines() if "value: 100000" in line)
    path = tmp_path / "pasted.yaml"
    path.write_text(plan.replace(f"targets:\n{own}", text.rstrip("\n")))
    return list(load_plan(path).targets)


def test_percentiles_lie_between_neighbours():
    values = [Fraction(one) for one in (1, 2, 3, 4)]
    assert [percentile(values, Fraction(p)) for p in (0, 50, 75, 100)] == [1, Fraction(5, 2), Fraction(13, 4), 4]


def test_the_year_that_is_over_by_role(tmp_path):
    """13 months of two people are over, February 2026 is not: 26 values. Sorted, place 25 × 0.9 = 22.5 lies halfway
    between 18,000 and 20,000, with 22,000 and 24,000 above them.
    """
    result = suggest(tmp_path, "--percentile", "90")
    assert result.exit_code == 0, result.output
    (target,) = pasted(result.stdout, tmp_path)
    assert (target.kpi, target.role, target.value) == ("revenue", "rep", 19000)
    for words in (
        "26 values of 2 people over 13 periods, 2025-01 to 2026-01",
        "percentile: 19000 (10 % of the values are at least as good)  ← suggested",
        "median: 8000",
        # the twelve months from February 2025 on: 3 × (2 + … + 12 + 1) thousands, 24 values, 5 % more
        "growth: 10238 (the mean of 24 values of 2025-02 to 2026-01, +5 %)",
        "SMART: not dated: it holds for every month until it is changed",
    ):
        assert words in result.stdout, result.stdout


def test_seasonal_targets_sum_to_the_grown_year(tmp_path):
    """A person's mean year: 234,000 ÷ 2 = 117,000, 10 % more is 128,700; December's share is 36 of 234."""
    result = suggest(tmp_path, "--method", "seasonal", "--growth", "10%")
    targets = pasted(result.stdout, tmp_path)
    assert [target.at for target in targets] == [f"2026-{n:02d}" for n in range(2, 13)] + ["2027-01"]
    assert sum(target.value for target in targets) == 128_700
    assert {target.at: target.value for target in targets}["2026-12"] == 19_800
    assert "15.4 % of the year fell on 2025-12" in result.stdout and "not dated" not in result.stdout


def test_short_history_allows_no_growth_and_says_so(tmp_path):
    result = suggest(tmp_path, "--method", "growth", months=2)
    assert result.exit_code == 0 and "less than a year of history" in result.stdout
    assert "- {" not in result.stdout and "only 2 periods behind it" in result.stdout


def test_what_there_is_one_of_is_told_so(tmp_path):
    result = suggest(tmp_path, "--for", "employee", months=1)
    assert "1 value of 1 person over 1 period, 2025-01 to 2025-01" in result.stdout, result.stdout
    assert "only 1 period behind it" in result.stdout


def test_benchmarks_with_their_source(tmp_path):
    table = tmp_path / "benchmarks.csv"
    table.write_text("kpi,value,source\nrevenue,15000,Trade association 2025\n")
    result = suggest(tmp_path, "--method", "benchmark", "--benchmarks", str(table), "--for", "everyone")
    (target,) = pasted(result.stdout, tmp_path)
    assert (target.value, target.role) == (15000, None)
    assert "benchmark: 15000 (Trade association 2025)  ← suggested" in result.stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("kpi,value\n", ":1: expected the columns kpi,value,source"),
        ("kpi,value,source\nrevenues,1,x\n", ":2: no such KPI: revenues"),
        ("kpi,value,source\nrevenue,lots,x\n", ":2: expected a number, not 'lots'"),
        ("kpi,value,source\nrevenue,1,\n", ":2: a benchmark needs a source"),
    ],
)
def test_benchmarks_that_cannot_be_read(tmp_path, content, sentence):
    table = tmp_path / "benchmarks.csv"
    table.write_text(content)
    result = suggest(tmp_path, "--benchmarks", str(table))
    assert result.exit_code == 1 and sentence in result.stderr


def test_smart_criteria_that_are_missing(tmp_path):
    plan = tmp_path / "plan.yaml"
    text = PLAN.read_text().replace("    description: {en: Sales less refunds, zh: 销售额减去退款}\n", "")
    plan.write_text(text.replace("    unit: money\n", ""))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    result = CliRunner().invoke(main, ["plan", "suggest", "--plan", str(plan), "--events", str(empty)])
    assert result.exit_code == 0
    for words in ("no description", "no unit", "no data behind it", "not dated", "no target suggested"):
        assert words in result.stdout, result.stdout


def test_what_does_not_exist_is_said(tmp_path):
    assert "did you mean revenue?" in suggest(tmp_path, "--kpi", "revenues").stderr
    assert "no such period: months; did you mean month?" in suggest(tmp_path, "--period", "months").stderr
    assert "expected a percentage" in suggest(tmp_path, "--growth", "5").stderr
