"""What teams and their managers reach, on real servers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from infra.control_topic import apply_plan, close_period
from infra.local.stack import LocalStack
from schemas.control import PeriodClosed
from schemas.plan_file import check_plan
from tests.integration.pipeline import Pipeline
from tests.integration.test_pipeline import sale

PLAN = """plan: units
timezone: Asia/Shanghai
currency: CNY
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - id: north
          name: North
          manager: E4
          handovers: [{date: 2000-01-01, manager: E1}]
          employees: [{id: E1, name: Ann, role: rep}, {id: E2, role: rep}, {id: E3, role: rep}]
        - {id: south, employees: [{id: E4, role: rep}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
targets:
  - {kpi: revenue, period: month, unit: team, value: 1000}
  - {kpi: revenue, period: month, unit: manager, value: 800}
scorecards:
  - {id: score, name: S, persons: false, units: [team, manager], period: month,
     kpis: [{kpi: revenue, weight: 100%, cap: 150%}]}
awards:
  - kind: tiers
    id: team-bonus
    name: Team bonus
    kpi: revenue
    period: month
    unit: team
    share: equal
    settle: period_end
    pays: flat
    tiers: [{attainment: 100%, amount: 100}]
  - kind: threshold
    id: manager-bonus
    name: Manager bonus
    period: month
    unit: manager
    all: [{kpi: score, value: 130%}]
    bonus: 50
  - {kind: first, id: race, name: Race, period: month, all: [{kpi: revenue, value: 150}], places: 3, prize: 20}
  - {kind: pool, id: pool, name: Pool, period: month, unit: team, kpi: revenue, rate: 10%, share_by: revenue,
     floor: {attainment: 100%}}
  - {kind: honour, id: star, name: Star, kpi: revenue, period: month, top: 1, prize: 10}
"""


def test_an_award_of_a_team_arrives_once_also_after_a_kill(own_stack: LocalStack):
    plan, errors = check_plan(PLAN)[:2]
    assert not errors
    with Pipeline(own_stack, partitions=3) as pipeline:
        apply_plan(pipeline.settings, plan)
        pipeline.produce("events.sales", [sale(f"s{n}", f"E{n}", "450") for n in (1, 2, 4)])
        pipeline.wait_until_drained()
        assert pipeline.query("SELECT count() FROM bi.awards WHERE rule != 'race'") == [(0,)]
        pipeline.kill_worker()
        pipeline.start_worker()
        pipeline.produce("events.sales", [sale("s3", "E3", "150")])
        pipeline.wait_until_drained()
        assert pipeline.query(
            "SELECT unit_kind, unit, employee, employee_name, threshold, state FROM bi.awards WHERE unit != '' "
            "ORDER BY unit_kind"
        ) == [
            ("manager", "E1", "E1", "Ann", "score 130%", "final"),
            ("team", "north", "", "North", "100%", "provisional"),
        ]  # fmt: skip
        # three were there before the kill: no place is left for the fourth
        assert pipeline.query("SELECT rule, employee, amount FROM bi.earnings ORDER BY rule, employee") == [
            ("manager-bonus", "E1", Decimal(50)), ("race", "E1", Decimal(20)), ("race", "E2", Decimal(20)),
            ("race", "E4", Decimal(20)), ("team-bonus", "E1", Decimal("33.34")),
            ("team-bonus", "E2", Decimal("33.33")), ("team-bonus", "E3", Decimal("33.33")),
        ]  # fmt: skip
        assert pipeline.query(
            "SELECT scorecard_name, kind, id, name, score, measured, rank FROM bi.scores ORDER BY kind, rank"
        ) == [
            ("S", "manager", "E1", "Ann", Decimal("131.25"), 1, 1),
            ("S", "team", "north", "North", Decimal(105), 1, 1), ("S", "team", "south", "", Decimal(45), 1, 2),
        ]  # fmt: skip
        assert pipeline.query(
            "SELECT unit_name, value, target, attainment_percent, rank FROM bi.unit_attainment "
            "WHERE kpi = 'revenue' AND unit_kind = 'team' AND period_kind = 'month' ORDER BY rank"
        ) == [
            ("North", Decimal(1050), Decimal(1000), Decimal(105), 1),
            ("", Decimal(450), Decimal(1000), Decimal(45), 2),
        ]
        assert pipeline.query(
            "SELECT employee, rank, dense_rank, tied FROM bi.leaderboard "
            "WHERE scope_kind = 'company' AND period_kind = 'month' ORDER BY rank, employee"
        ) == [("E1", 1, 1, True), ("E2", 1, 1, True), ("E4", 1, 1, True), ("E3", 4, 2, False)]
        close_period(pipeline.settings, PeriodClosed.of(plan, "month", "2026-03"))
        pipeline.produce("events.sales", [sale("s5", "E4", "600")])
        pipeline.wait_until_drained()
        assert pipeline.query("SELECT unit, state, late FROM bi.awards WHERE unit_kind = 'team' ORDER BY unit") == [
            ("north", "final", False), ("south", "final", True),
        ]  # fmt: skip
        assert pipeline.query(
            "SELECT rule, period, posted_in, amount FROM bi.earnings WHERE employee = 'E4' AND rule != 'race' "
            "ORDER BY rule"
        ) == [
            ("pool", "2026-03", "2026-04", Decimal(105)), ("star", "2026-03", "2026-03", Decimal(10)),
            ("team-bonus", "2026-03", "2026-04", Decimal(100)),
        ]  # fmt: skip
        assert pipeline.query(
            "SELECT employee, sum(amount), count() FROM bi.earnings WHERE rule = 'pool' GROUP BY employee "
            "ORDER BY employee"
        ) == [("E1", 45, 1), ("E2", 45, 1), ("E3", 15, 1), ("E4", 105, 1)]
        assert pipeline.query("SELECT * FROM bi.managers ORDER BY first_day IS NOT NULL") == [
            ("E4", "", "team", "north", "North", None, date(1999, 12, 31)),
            ("E1", "Ann", "team", "north", "North", date(2000, 1, 1), None),
        ]
        assert pipeline.query("SELECT employee, state, late FROM bi.awards WHERE rule = 'star' ORDER BY employee") == [
            ("E1", "revoked", True), ("E2", "revoked", True), ("E4", "final", False),
        ]  # fmt: skip
