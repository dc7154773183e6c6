"""Managers in a plan file: what is refused, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.plan_file import examine_plan

BASE = (Path(__file__).parents[3] / "plans" / "examples" / "managers.yaml").read_text(encoding="utf-8")
NORTH = "organisation.departments[sales].teams[north]"
OFFICE = "organisation.departments[sales].teams[office]"
#: E1 leads two teams and not their department.
APART = BASE.replace("      manager: M1\n", "").replace("- id: office\n", "- id: office\n          manager: E1\n")
APART_LATER = APART.replace("manager: E1\n          emp", "handovers: [{date: 2026-03-10, manager: E1}]\n          emp")

ERRORS = [
    ("manager: E1\n", "manager: E7\n", f"{NORTH}.manager", "no such employee: E7"),
    ("manager: E2}", "manager: E7}", f"{NORTH}.handovers[0].manager", "no such employee: E7"),
    ("manager: E2}", "manager: E1}", f"{NORTH}.handovers[0]", "E1 leads it already"),
    ("manager: E2}\n", "manager: E2}\n            - {date: 2026-03-16, manager: E1}\n", f"{NORTH}.handovers[1].date",
     "must be later than the date before it, 2026-03-16"),
    ("role: lead, value", "team: north, value", "targets[1].team", "a target of a manager cannot be narrowed by team"),
    ("unit: manager\n    pays", "unit: manager\n    share: equal\n    pays", "awards[manager-bonus].share",
     "what a manager earns is his own"),
    ("min_sample: 2}", "attainment: 90%}", "awards[busy-lead].all[0]", "either an attainment or a value"),
    ("value: 2, min_sample: 2}", "attainment: 90%}", "awards[busy-lead].all[0]",
     "needs a target with unit: manager on orders"),
]  # fmt: skip


def errors_of(text: str) -> list[tuple[str, str]]:
    return [(error.path, error.message) for error in examine_plan(text, "p.yaml")[1]]


@pytest.mark.parametrize("old, new, path, message", ERRORS, ids=[f"{path}: {text}" for *_, path, text in ERRORS])
def test_an_error_names_the_path_and_what_was_expected(old, new, path, message):
    assert old in BASE
    found = errors_of(BASE.replace(old, new, 1))
    assert [one for one in found if one[0] == path and message in one[1]], found


def test_a_plan_in_which_nobody_leads_has_nothing_for_managers():
    text = BASE.replace("      manager: M1\n", "").replace("          manager: E1\n", "")
    text = text.replace("          handovers:\n            - {date: 2026-03-16, manager: E2}\n", "")
    found = errors_of(text)
    assert [path for path, message in found if "nobody leads a unit" in message] == [
        "targets[0].unit", "targets[1].unit", "targets[2].unit",
        "awards[manager-bonus].unit", "awards[busy-lead].unit",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "since"), [(APART, ""), (APART_LATER, " from 2026-03-10 on")])
def test_nobody_leads_two_units_apart_where_shared_events_would_count_twice(text, since):
    message = (
        f"E1 leads team north as well{since}: what people of both share would count twice in orders; "
        "expected one unit, or one that holds the other"
    )
    assert errors_of(text) == [(OFFICE, message)]


def test_amounts_add_up_whatever_is_shared():
    revenue_only = APART.partition("  - id: busy-lead")[0]
    assert errors_of(revenue_only) == []
    sampled = revenue_only + BASE.partition("  - id: busy-lead")[2].join(["  - id: busy-lead", ""]).replace(
        "kpi: orders", "kpi: revenue"
    )
    assert [message for _, message in errors_of(sampled)] and "the sample of revenue" in errors_of(sampled)[0][1]


@pytest.mark.parametrize(
    ("definition", "exact"),
    [
        ("aggregate: count, events: [visit]", True),
        ("aggregate: count, events: [visit, sale]", False),
        ("aggregate: mean, events: [survey_answer], field: score", True),
        ("aggregate: mean, events: [sale], field: amount", False),
        ("aggregate: distinct, events: [sale], field: customer", True),
        ("aggregate: sum, events: [sale], field: quantity", False),
        ("aggregate: ratio, events: [sale, visit], numerator: {events: [sale], field: amount}, "
         "denominator: {events: [visit]}", True),
        ("aggregate: ratio, events: [sale, visit], numerator: {events: [visit]}, denominator: {events: [sale]}", False),
    ],
)  # fmt: skip
def test_what_nobody_can_share_does_not_count_twice(definition, exact):
    target = "  - {kpi: k, period: month, unit: manager, value: 1}\n"
    kpi = f"  - {{id: k, name: K, description: K, {definition}, unit: number}}\n"
    text = APART.partition("  - id: busy-lead")[0].replace("targets:\n", f"{kpi}targets:\n{target}")
    assert ["count twice in k;" in message for _, message in errors_of(text)] == [True] * (not exact)


@pytest.mark.parametrize(
    ("definition", "exact"),
    [
        ("aggregate: mean, events: [survey_answer], field: score", True),
        ("aggregate: max, events: [sale], field: amount", True),
        ("aggregate: distinct, events: [sale], field: customer", False),
    ],
)
def test_nor_in_a_sample(definition, exact):
    kpi = f"  - {{id: k, name: K, description: K, {definition}, unit: number}}\n"
    text = APART.partition("  - id: busy-lead")[0].replace("targets:\n", f"{kpi}targets:\n")
    about = "  - {id: b, name: B, period: month, unit: manager, "
    for award in (
        "kind: threshold, bonus: 1, all: [{kpi: k, value: 1, min_sample: 2}]}\n",
        "kind: tiers, kpi: k, pays: nothing, min_sample: 2, tiers: [{value: 1}]}\n",
    ):
        found = errors_of(text + about + award)
        assert ["the sample of k;" in message for _, message in found] == [True] * (not exact)
    target = "  - {kpi: k, period: month, unit: manager, value: 1}\n"
    card = "scorecards:\n  - id: c\n    name: C\n    period: month\n    persons: false\n    units: [manager]\n"
    card += "    kpis: [{kpi: k, weight: 100%, min_sample: 2}]\n"
    found = errors_of(card + text.replace("targets:\n", f"targets:\n{target}"))
    assert ["the sample of k;" in message for _, message in found] == [True] * (not exact)
