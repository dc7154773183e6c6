"""Targets and awards of units through ``kpistream backtest``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

PLAN = """plan: units
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - {id: north, employees: [{id: E1, role: rep}, {id: E2, role: rep}, {id: E3, role: lead}]}
        - {id: south, employees: [{id: E4, role: rep}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
targets:
  - {kpi: revenue, period: month, unit: team, value: 1000}
  - {kpi: revenue, period: month, unit: team, team: south, value: 500}
awards:
  - {kind: tiers, id: team, name: T, kpi: revenue, period: month, pays: flat, unit: team, share: by_value,
     roles: [rep], tiers: [{attainment: 100%, amount: 100}]}
  - {kind: threshold, id: all, name: A, period: month, unit: company, bonus: 50, all: [{kpi: revenue, value: 1200}]}
"""


@pytest.fixture
def report(tmp_path: Path):
    plan, events = tmp_path / "plan.yaml", tmp_path / "events.jsonl"
    plan.write_text(PLAN)
    sold = (("E1", 200), ("E2", 400), ("E3", 400), ("E4", 300))
    events.write_text("".join(json.dumps(sale(who, amount)) + "\n" for who, amount in sold))

    def run(*arguments: str, command: str = "backtest") -> str:
        from infra.cli import main

        found = CliRunner().invoke(main, [command, "--plan", str(plan), "--events", str(events), *arguments])
        assert found.exit_code == 0, found.output
        return found.stdout

    return run


def sale(who: str, amount: int) -> dict:
    return {
        "specversion": "1.0", "source": "s", "id": who, "type": "sale", "time": "2026-03-05T10:00:00Z",
        "data": {"employee": who, "amount": amount, "currency": "CNY"},
    }  # fmt: skip


def test_a_team_at_its_target_shares_by_value_and_the_company_is_paid(report):
    found = json.loads(report("--format", "json"))
    assert [(one["rule"], one["unit_kind"], one["unit"], one["employee"]) for one in found["awards"]] == [
        ("team", "team", "north", ""), ("all", "company", "acme", ""),
    ]  # fmt: skip
    assert [(one["employee"], one["unit_kind"], one["unit"], one["amount"]) for one in found["earnings"]] == [
        ("E1", "", "", "33.33"), ("E2", "", "", "66.67"), ("", "company", "acme", "50.00"),
    ]  # fmt: skip
    teams = [one for one in found["units"] if (one["unit_kind"], one["period_kind"]) == ("team", "month")]
    assert [(one["unit"], one["value"], one["target"], one["attainment"]) for one in teams] == [
        ("north", "1000", "1000", "1"), ("south", "300", "500", "0.6"),
    ]  # fmt: skip


def test_one_employee_sees_his_units_only(report):
    found = json.loads(report("--format", "json", "--employee", "E4"))
    assert [one["rule"] for one in found["awards"]] == ["all"]
    assert [one["unit"] for one in found["earnings"]] == ["acme"]


def test_tables_name_the_unit(report):
    printed = report()
    assert "company acme" in printed
    assert "team north" in printed


def test_a_manager_sees_what_he_leads(tmp_path: Path):
    from infra.cli import main

    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(sale("E3", 70000) | {"id": "1"}).replace("CNY", "EUR") + "\n")
    example = Path(__file__).parents[3] / "plans" / "examples" / "managers.yaml"
    arguments = ["--plan", str(example), "--events", str(events), "--employee", "E1", "--format", "json"]
    found = json.loads(CliRunner().invoke(main, ["backtest", *arguments]).stdout)
    rows = [one for one in found["units"] if one["unit_kind"] == "manager" and one["kpi"] == "revenue"]
    assert [(one["unit"], one["value"], one["target"], one["attainment"]) for one in rows] == [
        ("E1", "70000", "60000", "1.1667")
    ]
    assert [(one["unit_kind"], one["unit"], one["employee"]) for one in found["awards"]] == [("manager", "E1", "E1")]
    assert [(one["employee"], one["amount"]) for one in found["statements"]] == [("E1", "1500.00")]


def test_a_units_money_is_explained_with_every_members_part(report):
    told = report("north", "2026-03", "--unit", "team", command="explain")
    for words in (
        "The team north, March 2026: 100.00 CNY earned.",
        "About the team north as a whole; a shared event counts once.",
        "R: 1,000 CNY from 3 events; target 1,000 CNY, attainment 100%.",
        "Due: 100.00 CNY.\n  E1: 33.33 CNY, booked 33.33 CNY\n  E2: 66.67 CNY, booked 66.67 CNY\n"
        "Booked: 100.00 CNY: agrees.",
    ):
        assert words in told, told
    told = report("E2", "2026-03", command="explain")
    assert "E2, March 2026: 66.67 CNY earned." in told, told
