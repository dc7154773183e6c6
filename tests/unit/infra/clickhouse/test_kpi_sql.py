"""The query of a KPI, and which credits each definition holds for. That the numbers are right:
test_reconcile.py.
"""

from __future__ import annotations

import pytest

from infra.clickhouse.kpi_history import Applied, definitions, period_kinds
from infra.clickhouse.kpi_sql import Window, kpi_sql
from schemas.plan import Plan
from schemas.plan_file import load_plan

_PLAN = """
plan: p
timezone: Asia/Shanghai
currency: CNY
organisation: {{company: c, departments: [{{id: d, teams: [{{id: t, employees: [{{id: A, role: r}}]}}]}}]}}
events: {{audit: {{fields: {{points: number, grade: string, score: string}}}}}}
kpis:
{kpis}
targets:
  - {{kpi: a, period: rolling_30d, value: 1}}
"""


def _plan(*kpis: str) -> Plan:
    return load_plan(_PLAN.format(kpis="\n".join(f"  - {{{kpi}}}" for kpi in kpis)))


def _query(kpi: str):
    plan = _plan(f"id: a, name: A, {kpi}")
    return kpi_sql(plan.kpis[0], plan)


HOSTILE = "x') OR 1 = 1; --"


def test_whatever_a_plan_holds_travels_as_a_parameter() -> None:
    query = _query(f'aggregate: sum, field: points, events: [audit], where: {{grade: "{HOSTILE}"}}')
    assert HOSTILE not in query.text
    assert (HOSTILE,) in query.parameters.values()
    assert {"points", "grade", "Asia/Shanghai", ("audit",)} <= set(query.parameters.values())
    for name in query.parameters:
        assert f"%({name})s" in query.text


def test_a_field_of_a_built_in_name_but_another_type_is_read_from_the_maps() -> None:
    assert "`score`" in _query("aggregate: sum, field: score, events: [survey_answer]").text
    declared = _query("aggregate: distinct, field: score, events: [audit]")
    assert "`score`" not in declared.text
    assert "extra_strings" in declared.text


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ('"3.5"', "3.5"),
        ("7", "7"),
        ('"7.00"', "7.00"),
    ],
)
def test_a_number_field_is_compared_as_a_number(wanted: str, expected: str) -> None:
    query = _query(f"aggregate: count, events: [audit], where: {{points: {wanted}}}")
    assert expected in query.parameters.values()
    assert "toDecimal64" in query.text


def test_windows_limit_the_credits() -> None:
    plan = _plan("id: a, name: A, aggregate: count, events: [sale]")
    query = kpi_sql(plan.kpis[0], plan, (Window(0, 4, 9), Window(1, 2)))
    assert (
        "((credits_partition = 0 AND credits_offset > 4 AND credits_offset < 9) "
        "OR (credits_partition = 1 AND credits_offset > 2))"
    ) in query.text


_A = "id: a, name: A, aggregate: count, events: [sale]"
_B = "id: b, name: B, aggregate: count, events: [visit]"


def test_plans_that_count_alike_are_one_definition() -> None:
    first, second = _plan(_A, _B), _plan(_A.replace("name: A", "name: Another"), _B)
    [query] = definitions("a", [Applied(0, 0, first), Applied(0, 7, second)])
    assert "credits_offset > 7)" in query.text
    assert "credits_offset > 0 AND credits_offset < 7)" in query.text


def test_a_changed_filter_is_a_second_definition() -> None:
    first, second = _plan(_A, _B), _plan(_A + ", where: {channel: web}", _B)
    found = definitions(
        "a", [Applied(0, 0, first), Applied(0, 7, second), Applied(1, 0, first), Applied(1, 3, second)]
    )
    assert len(found) == 2
    assert not set(found[0].parameters) & set(found[1].parameters)
    [old] = [query for query in found if "web" not in str(query.parameters)]
    assert "credits_partition = 0 AND credits_offset > 0 AND credits_offset < 7" in old.text
    assert "credits_partition = 1 AND credits_offset > 0 AND credits_offset < 3" in old.text


def test_what_was_counted_before_a_plan_left_the_kpi_out_is_gone() -> None:
    having, without = _plan(_A, _B), _plan(_A)
    [query] = definitions("b", [Applied(0, 0, having), Applied(0, 5, without), Applied(0, 9, having)])
    assert "credits_offset > 9)" in query.text
    assert "credits_offset > 0" not in query.text
    assert definitions("b", [Applied(0, 0, having), Applied(0, 5, without)]) == []


def test_a_rebuild_counts_from_the_first_credit_by_the_plan_in_force_there() -> None:
    old, new = _plan(_A), _plan(_A + ", where: {channel: web}", _B)
    history = [Applied(0, 0, old), Applied(0, 5, new), Applied(1, 0, old), Applied(1, 6, new)]
    [query] = definitions("b", history, rebuilt={0: 8})
    assert "credits_partition = 0 AND credits_offset > -1)" in query.text
    assert "credits_partition = 1 AND credits_offset > 6)" in query.text
    [query] = definitions("a", history, rebuilt={0: 8, 1: 9})
    assert "web" in str(query.parameters)
    assert len(definitions("a", [*history[:2], Applied(0, 9, old)], rebuilt={0: 8})) == 2


def test_period_kinds_come_from_the_kpi_its_targets_and_awards() -> None:
    plan = _plan(_A + ", periods: [week]", _B)
    assert period_kinds(plan.kpis[0], plan) == ["rolling_30d", "week"]
    assert period_kinds(plan.kpis[1], plan) == [""]
