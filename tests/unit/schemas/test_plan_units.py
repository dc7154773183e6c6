"""Messages about targets and awards of units."""

from __future__ import annotations

import pytest

from schemas.plan_file import check_plan

PLAN = """plan: p
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments:
    - {id: sales, teams: [{id: north, employees: [{id: E1, role: rep}]}]}
kpis:
  - {id: revenue, name: R, aggregate: sum, events: [sale], field: amount, unit: money}
  - {id: score, name: S, aggregate: mean, events: [survey_answer], field: score}
targets:
  - {kpi: revenue, period: month, value: 10%s}
awards:
  - {kind: threshold, id: a, name: A, period: month, bonus: 1, all: [{kpi: %s}]%s}
"""


@pytest.mark.parametrize(
    ("target", "condition", "award", "message"),
    [
        (", unit: team, employee: E1", "revenue, value: 1", "", "a target of a team cannot be narrowed by employee"),
        (", unit: company, team: north", "revenue, value: 1", "", "a target of a company cannot be narrowed by team"),
        ("", "revenue, value: 1", ", share: equal", "only what a unit earns is shared; expected unit as well"),
        ("", "revenue, value: 1", ", unit: team, roles: [rep]", "expected share: equal or by_value"),
        ("", "score, value: 1", ", unit: team, share: by_value", "expected a KPI that adds up (sum or count)"),
        ("", "revenue, attainment: 100%", ", unit: team", "needs a target with unit: team on revenue for period month"),
        (", unit: team", "revenue, attainment: 100%", "", "attainment needs a target on revenue for period month"),
    ],
)
def test_messages(target, condition, award, message):
    errors = check_plan(PLAN % (target, condition, award))[1]
    assert [error for error in errors if message in str(error)], list(map(str, errors))


def test_a_right_one():
    award = ", unit: team, share: by_value, roles: [rep]"
    assert not check_plan(PLAN % (", unit: team, team: north", "revenue, attainment: 100%", award))[1]
