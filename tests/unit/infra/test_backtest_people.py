"""Honours, first to reach and pools through ``kpistream backtest``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

PLAN = """plan: people
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - {id: north, employees: [{id: E1, role: rep}, {id: E2, role: rep}, {id: E3, role: rep}]}
        - {id: south, employees: [{id: E4, role: rep}, {id: E5, role: lead}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale, refund], field: amount, unit: money}
targets:
  - {kpi: revenue, period: month, unit: team, value: 1000}
awards:
  - {kind: honour, id: star, name: S, kpi: revenue, period: month, top: 1, prize: 100,
     all: [{kpi: revenue, value: 300}]}
  - {kind: first, id: race, name: R, period: month, places: 1, prize: 50, all: [{kpi: revenue, value: 300}]}
  - {kind: pool, id: pool, name: P, period: month, unit: team, kpi: revenue, rate: 1%, floor: {attainment: 100%},
     share_by: revenue, roles: [rep]}
"""
CLOSE = {"control": "close", "period": "2026-03"}


def event(id: str, data: dict, kind: str = "sale") -> dict:
    return {
        "specversion": "1.0", "source": "s", "id": id, "type": kind, "time": "2026-03-05T10:00:00Z",
        "data": data | {"currency": "CNY"},
    }  # fmt: skip


SALES = [
    event(who, {"employee": who, "amount": amount})
    for who, amount in (("E1", 400), ("E2", 400), ("E3", "200.5"), ("E4", 350))
]
REFUND = event("r", {"sale_id": "E1", "amount": 100}, "refund")


@pytest.fixture
def backtest(tmp_path: Path):
    def run(events: list[dict], more: str = "") -> dict:
        from infra.cli import main

        plan, file = tmp_path / "plan.yaml", tmp_path / "events.jsonl"
        plan.write_text(PLAN + more)
        file.write_text("".join(json.dumps(one) + "\n" for one in events))
        found = CliRunner().invoke(
            main, ["backtest", "--plan", str(plan), "--events", str(file), "--batch", "1", "--format", "json"]
        )
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout)

    return run


def awards(found: dict, rule: str) -> list[tuple]:
    names = ("employee", "threshold", "state", "late")
    return [tuple(one[name] for name in names) for one in found["awards"] if one["rule"] == rule]


def lines(found: dict, rule: str) -> list[tuple]:
    names = ("employee", "posted_in", "amount")
    return [tuple(one[name] for name in names) for one in found["earnings"] if one["rule"] == rule]


def test_nothing_of_what_waits_for_the_close_is_told_before(backtest):
    assert {one["rule"] for one in backtest(SALES)["awards"]} == {"race"}


def test_whoever_is_tied_at_the_top_is_honoured_and_a_refund_after_the_close_takes_it_back(backtest):
    found = backtest([*SALES, CLOSE, REFUND])
    assert awards(found, "star") == [
        ("E1", "revenue #1 (top 1)", "final", False), ("E2", "revenue #1 (top 1)", "final", False),
        ("E1", "revenue (top 1)", "revoked", True),
    ]  # fmt: skip
    assert lines(found, "star") == [
        ("E1", "2026-03", "100.00"), ("E2", "2026-03", "100.00"), ("E1", "2026-04", "-100.00"),
    ]  # fmt: skip


def test_the_first_keeps_a_place_that_a_refund_undoes(backtest):
    undone = event("r", {"sale_id": "E1", "amount": 400}, "refund")
    found = backtest([*SALES, undone])
    assert awards(found, "race") == [("E1", "revenue 300 #1 (first 1)", "final", False)]
    assert lines(found, "race") == [("E1", "2026-03", "50.00")]


TEAMS = """  - {kind: first, id: teams, name: T, period: month, contenders: team, places: 1, settle: live, prize: 100,
     share: equal, roles: [rep], all: [{kpi: revenue, attainment: 80%}]}
"""


def test_teams_race_for_a_prize_of_their_members_and_the_next_in_line_moves_up(backtest):
    # north has 800 of 1000 with the second sale; south 850 later, and the place once a refund leaves north 600.50
    undone = event("r", {"sale_id": "E1", "amount": 400}, "refund")
    found = backtest([*SALES, event("last", {"employee": "E4", "amount": 500}), undone], TEAMS)
    names = ("unit_kind", "unit", "employee", "threshold", "state")
    told = [tuple(one[name] for name in names) for one in found["awards"] if one["rule"] == "teams"]
    assert told == [
        ("team", "north", "", "revenue 80% #1 (first 1)", "final"),
        ("team", "north", "", "revenue 80% (first 1)", "revoked"),
        ("team", "south", "", "revenue 80% #1 (first 1)", "final"),
    ]
    assert [(who, amount) for who, _, amount in lines(found, "teams")] == [
        ("E1", "33.34"), ("E2", "33.33"), ("E3", "33.33"),
        ("E1", "-33.34"), ("E2", "-33.33"), ("E3", "-33.33"), ("E4", "100.00"),
    ]  # fmt: skip


def test_a_team_without_shares_has_the_prize_itself(backtest):
    found = backtest(SALES, TEAMS.replace("share: equal, roles: [rep], ", ""))
    (line,) = [one for one in found["earnings"] if one["rule"] == "teams"]
    assert (line["employee"], line["amount"], line["unit_kind"], line["unit"]) == ("", "100.00", "team", "north")


def test_a_pool_is_shared_to_the_cent_and_taken_back_below_its_floor(backtest):
    # 1 % of 1000.50 is 10.005, so 10.01: 400 : 400 : 200.5
    paid = [("E1", "2026-03", "4.00"), ("E2", "2026-03", "4.00"), ("E3", "2026-03", "2.01")]
    assert lines(backtest([*SALES, CLOSE]), "pool") == paid
    back = [(who, "2026-04", f"-{amount}") for who, _, amount in paid]
    assert lines(backtest([*SALES, CLOSE, REFUND]), "pool") == paid + back
