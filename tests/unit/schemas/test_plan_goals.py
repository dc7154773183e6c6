"""Decompositions: parts that sum exactly, over-assignment where stated, errors that name the difference; the table."""

from __future__ import annotations

from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from infra.cli import main
from schemas.plan import Plan
from schemas.plan_file import examine_plan
from schemas.plan_goals import goals, targets_of
from streams.performance.targets import Targets
from tests.depth import examples

BASE = """\
plan: p
timezone: UTC
currency: EUR
organisation:
  company: acme
  departments:
    - id: sales
      teams:
        - {id: north, employees: [{id: E1, role: rep}, {id: E2, role: rep}, {id: E3, role: rep}]}
        - {id: south, employees: [{id: E4, role: rep}]}
    - {id: service, teams: [{id: desk, employees: [{id: E5, role: rep}]}]}
kpis:
  - {id: revenue, name: R, description: R, aggregate: sum, events: [sale], field: amount, unit: money}
decompositions:
  - kpi: revenue
    period: quarter
    at: 2026-Q1
    value: 1000
    parts:
      - department: sales
        value: 900
        over_assign: 110%
        parts:
          - {team: north, share: 2, parts: [{employee: E1, history: 1}, {employee: E2, history: 1}, {employee: E3, history: 1}]}
          - {team: south, share: 1, parts: [{employee: E4, share: 5}]}
      - {department: service, value: 100, parts: [{employee: E5, value: 100}]}
"""  # noqa: E501


def test_parts_and_the_targets_they_come_to():
    plan, errors, warnings = examine_plan(BASE)
    assert plan and not errors and not warnings
    assert {(one.unit_kind, one.unit): one.value / 10_000 for one in goals(plan) if one.unit_kind != "employee"} == {
        ("company", "acme"): 1000, ("department", "sales"): 900, ("department", "service"): 100,
        ("team", "north"): 660, ("team", "south"): 330,
    }  # fmt: skip
    people = {one.employee: str(one.value.normalize()) for one in targets_of(plan) if one.employee}
    units = {(one.unit, one.team, one.department) for one in targets_of(plan) if one.unit}
    assert units == {("company", None, None), ("department", None, "sales"), ("department", None, "service"),
                     ("team", "north", None), ("team", "south", None)}
    assert people == {"E1": "2.2E+2", "E2": "2.2E+2", "E3": "2.2E+2", "E4": "3.3E+2", "E5": "1E+2"}
    found = Targets(plan)
    assert found.resolve("revenue", "E1", "rep", "north", "sales", "quarter", "2026-Q1") == 2_200_000
    assert found.resolve("revenue", "E1", "rep", "north", "sales", "quarter", "2026-Q2") is None


def test_cents_go_to_the_largest_remainders():
    plan, _, _ = examine_plan(BASE.replace("value: 900", "value: 899.99").replace("value: 100,", "value: 100.01,")
                              .replace("employee: E5, value: 100", "employee: E5, value: 100.01"))  # fmt: skip
    found = {one.unit: one.value for one in goals(plan)}
    assert (found["north"], found["south"]) == (6_599_900, 3_300_000)  # of 989.989, rounded to 989.99
    assert [found[one] for one in ("E1", "E2", "E3")] == [2_200_000, 2_200_000, 2_199_900]


@pytest.mark.parametrize("old, new, path, message", [
    ("service, value: 100,", "service, value: 99.99,", "decompositions[0].parts",
     "sum to 999.9900, expected 1000.0000: 0.0100 missing"),
    ("service, value: 100,", "service, value: 110,", "decompositions[0].parts", "10.0000 too much"),
    ("value: 1000\n", "value: 1000\n    over_assign: 105%\n", "decompositions[0].parts", "50.0000 missing"),
    ("service, value: 100,", "service, share: 100,", "decompositions[0].parts", "expected one way for all"),
    ("team: south, share: 1", "team: desk, share: 1", "team", "team desk does not belong to department sales"),
    ("team: south, share: 1", "team: sout, share: 1", "team", "did you mean south?"),
    ("team: south, share: 1", "team: south", "parts[1]", "expected one of share, history, value"),
    ("team: south, share: 1", "team: south, share: -1", "share", "must not be negative"),
    ("employee: E4, share: 5", "employee: E4, share: 0", "parts", "at least one above 0"),
    ("employee: E2, ", "employee: E1, ", "parts[1]", "employee E1 has such a target already"),
    ("team: south, share: 1", "team: south, department: sales, share: 1", "parts[1]", "one of department, team"),
    ("over_assign: 110%", "over_assign: 0%", "over_assign", "above 0%"),
    ("at: 2026-Q1", "at: 2026-03", "decompositions[0].at", "is no quarter"),
    ("kpi: revenue\n", "kpi: revenu\n", "decompositions[0].kpi", "did you mean revenue?"),
])  # fmt: skip
def test_errors(old, new, path, message):
    assert old in BASE
    plan, errors, _ = examine_plan(BASE.replace(old, new, 1))
    assert plan is None
    assert any(error.path.endswith(path) and message in error.message for error in errors), list(map(str, errors))


@examples(100)
@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any),
    st.sampled_from([None, "90%", "110%", "133.33%"]),
    st.sampled_from(["money", "count", "number"]),
    st.sampled_from(["EUR", "JPY"]),
)
def test_parts_sum_to_the_whole_and_are_less_than_a_step_off(cents, weights, over, unit, currency):
    value = cents // 100 if unit == "count" or currency == "JPY" else f"{cents // 100}.{cents % 100:02d}"
    organisation = {"company": "c", "departments": [{"id": "d", "teams": [
        {"id": "t", "employees": [{"id": f"E{n}", "role": "r"} for n in range(4)]}]}]}  # fmt: skip
    plan = Plan.model_validate({
        "plan": "p", "timezone": "UTC", "currency": currency, "organisation": organisation,
        "kpis": [{"id": "k", "name": "k", "aggregate": "count", "events": ["visit"], "unit": unit}],
        "decompositions": [{"kpi": "k", "period": "month", "value": value, "over_assign": over,
                            "parts": [{"employee": f"E{n}", "share": share} for n, share in enumerate(weights)]}],
    })  # fmt: skip
    whole, *parts = goals(plan)
    step = {"money": {"EUR": 100, "JPY": 10_000}[currency], "count": 10_000, "number": 1}[unit]
    exact = whole.value * Fraction((over or "100%")[:-1]) / 100
    assert whole.assigned == sum(part.value for part in parts)
    assert abs(whole.assigned - exact) <= Fraction(step, 2)
    for part, weight in zip(parts, weights, strict=True):
        assert part.value % step == 0
        assert abs(part.value - Fraction(whole.assigned * weight, sum(weights))) < step


def test_the_table(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(BASE, encoding="utf-8")
    result = CliRunner().invoke(main, ["plan", "targets", str(file)])
    assert result.exit_code == 0
    assert result.output == """\
revenue, quarter 2026-Q1
unit                     goal      sum of parts
company acme          1000.00           1000.00
  department sales     900.00  990.00 (110.00%)
    team north         660.00            660.00
      employee E1      220.00
      employee E2      220.00
      employee E3      220.00
    team south         330.00            330.00
      employee E4      330.00
  department service   100.00            100.00
    employee E5        100.00
"""
    file.write_text(BASE[: BASE.index("decompositions")], encoding="utf-8")
    assert CliRunner().invoke(main, ["plan", "targets", str(file)]).output == "The plan has no decompositions.\n"
