"""What ``kpistream rebuild`` refuses before it reads anything, and how its tables look."""

from __future__ import annotations

from click.testing import CliRunner

from infra.cli import main
from infra.rebuild_report import Change, as_text
from schemas.control import CellAdjusted, CellValue
from schemas.plan_file import load_plan

PLAN = """
plan: p
timezone: UTC
currency: CNY
organisation:
  company: c
  departments: [{id: d, teams: [{id: t, employees: [{id: A, role: r}, {id: B, role: r}]}]}]
kpis:
  - {id: sold, name: Sold, description: Sales, aggregate: sum, field: amount, events: [sale], unit: money}
"""


def test_a_switch_wants_a_reason() -> None:
    result = CliRunner().invoke(main, ["rebuild", "--switch", "--reason", " "])
    assert result.exit_code == 2 and "--switch expects --reason" in result.output


def test_the_report_says_days_people_and_values() -> None:
    change = Change(load_plan(PLAN))
    assert as_text(change, False).startswith("Nothing differs")
    change.add_cells(
        [
            CellAdjusted(
                kpi="sold", employee=who, team="t", department="d", day=20_000,
                found=CellValue(), should=CellValue(numerator=1_000_000, denominator=10_000),
            )
            for who in ("A", "B", "B")
        ]
    )  # fmt: skip
    change.money["A"] = 125_000
    text = as_text(change, False).splitlines()
    assert text[1].split() == ["sold", "3", "2", "0.00", "300.00"]
    assert text[-2].split() == ["A", "0", "0", "12.50"]
    assert text[-1] == "1 people, 12.50 CNY in all."
    assert len(as_text(change, True).splitlines()) == 2
