"""What a plan may say of awards that compare people."""

from __future__ import annotations

import pytest

from schemas.plan_file import check_plan

PLAN = """plan: p
timezone: UTC
currency: CNY
organisation:
  company: acme
  departments: [{id: sales, teams: [{id: north, employees: [{id: E1, role: rep}]}]}]
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
  - {id: slow, name: S, description: S, aggregate: mean, events: [visit], field: minutes, direction: down}
targets:
  - {kpi: revenue, period: month, value: 100}
  - {kpi: revenue, period: month, unit: team, value: 100}
scorecards:
  - {id: card, name: C, period: month, persons: false, units: [team], kpis: [{kpi: revenue, weight: 100%}]}
awards:
"""


@pytest.mark.parametrize(
    ("award", "expected"),
    [
        ("{kind: honour, id: a, name: A, kpi: revenue, period: rolling_30d, top: 1, settle: live}", "no rolling one"),
        ("{kind: honour, id: a, name: A, kpi: revenu, period: month, top: 1}", "no such kpi: revenu"),
        ("{kind: honour, id: a, name: A, kpi: card, period: month, top: 1}", "is kept for units only"),
        ("{kind: honour, id: a, name: A, kpi: revenue, period: week, top: 1, by: attainment}", "for period week"),
        ("{kind: honour, id: a, name: A, kpi: revenue, period: month, top: 1, prize: 0}", "must be above 0"),
        ("{kind: first, id: a, name: A, period: month, places: 1}", "expected either all or any"),
        ("{kind: first, id: a, name: A, period: month, places: 1, all: [{kpi: slow}]}", "an attainment or a value"),
        ("{kind: first, id: a, name: A, period: month, places: 1, all: [{kpi: revenue, value: 1}], share: equal}",
         "a person's prize is his own"),
        ("{kind: first, id: a, name: A, period: month, places: 1, all: [{kpi: revenue, value: 1}], contenders: team, "
         "unit: team}", "teams race within something wider; expected unit: department or company"),
        ("{kind: first, id: a, name: A, period: month, places: 1, all: [{kpi: revenue, value: 1}], contenders: team, "
         "roles: [rep]}", "expected share: equal"),
        ("{kind: first, id: a, name: A, period: month, places: 1, all: [{kpi: revenue, attainment: 1%}], "
         "contenders: department}", "needs a target with unit: department on revenue for period month"),
        ("{kind: pool, id: a, name: A, period: month}", "expected an amount, a rate with a kpi, or both"),
        ("{kind: pool, id: a, name: A, period: month, rate: 1%}", "expected kpi as well"),
        ("{kind: pool, id: a, name: A, period: month, rate: 1%, kpi: slow}", "is better when lower"),
        ("{kind: pool, id: a, name: A, period: month, amount: 1, kpi: revenue}", "nothing asks for the unit's KPI"),
        ("{kind: pool, id: a, name: A, period: month, amount: 1, share_by: slow}", "would be paid more"),
        ("{kind: pool, id: a, name: A, period: month, amount: 1, settle: live}", "nothing that is measured moves"),
        ("{kind: pool, id: a, name: A, period: month, amount: 1, kpi: revenue, floor: {attainment: 90%}}",
         "needs a target with unit: company"),
    ],
)  # fmt: skip
def test_a_faulty_award_is_told_with_its_line(award, expected):
    _, errors = check_plan(f"{PLAN}  - {award}\n")[:2]
    (error,) = [one for one in errors if expected in str(one)]
    assert str(PLAN.count("\n") + 1) in str(error)


def test_a_condition_is_on_the_targets_of_people():
    award = "{kind: honour, id: a, name: A, kpi: revenue, period: month, top: 1, unit: team, by: attainment}"
    assert not check_plan(f"{PLAN}  - {award}\n")[1]
