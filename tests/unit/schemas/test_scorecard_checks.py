"""Scorecards in a plan file: what is refused, what is doubted, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.plan_file import examine_plan

BASE = (Path(__file__).parents[3] / "plans" / "examples" / "scorecard.yaml").read_text(encoding="utf-8")
CARD = "scorecards[score]"

ERRORS = [
    ("weight: 40%", "weight: 39.99%", f"{CARD}.kpis", "sum to 99.99%; expected exactly 100%"),
    ("weight: 40%", "weight: 40", f"{CARD}.kpis[0].weight", "percentage with its sign"),
    ("cap: 120%", "cap: 0%", f"{CARD}.kpis[0].cap", "must be above 0%"),
    ("kpi: satisfaction, weight", "kpi: satisfation, weight", f"{CARD}.kpis[1].kpi", "did you mean satisfaction?"),
    ("kpi: satisfaction, weight", "kpi: revenue, weight", f"{CARD}.kpis[1].kpi", "in this scorecard twice"),
    ("  - {kpi: satisfaction, period: month", "  - {kpi: satisfaction, period: week", f"{CARD}.kpis[1]",
     "needs a target on satisfaction for period month"),
    ("id: score\n", "id: revenue\n", "scorecards[revenue].id", "is a KPI already"),
    ("roles: [rep]", "roles: [re]", f"{CARD}.roles[0]", "no such role"),
    ("    period: month\n    kpis", "    period: rolling_7d\n    kpis", f"{CARD}.period", "no rolling one"),
    ("    period: month\n    all", "    period: week\n    all", "awards[good-month].all[0].kpi", "is kept by month"),
    ("    period: month\n    all", "    period: month\n    unit: team\n    all", "awards[good-month].all[0].kpi",
     "not kept for a team; expected units: [team]"),
    ("    roles: [rep]\n", "    units: [team]\n", f"{CARD}.kpis[2]",
     "needs a target with unit: team on complaints for period month"),
    ("    roles: [rep]\n", "    units: [team, team]\n", f"{CARD}.units[1]", "team is given twice"),
    ("    roles: [rep]\n", "    persons: false\n", CARD, "nobody has it; expected units"),
    ("    roles: [rep]\n", "    roles: [rep]\n    persons: false\n", f"{CARD}.roles", "expected persons: true"),
    ("    roles: [rep]\n", "    units: [team]\n    persons: false\n", "awards[good-month].all[0].kpi", "units only"),
    ("value: 90%", "attainment: 90%", "awards[good-month].all[0].attainment", "a score has no target"),
    ("value: 90%, ", "", "awards[good-month].all[0]", "expected a value"),
    ("min_sample: 3", "min_sample: 4", "awards[good-month].all[0].min_sample", "of which score has 3"),
    ("kpi: score, value", "kpi: scores, value", "awards[good-month].all[0].kpi", "no such kpi: scores"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, path, message", ERRORS, ids=[f"{path}: {text}" for *_, path, text in ERRORS])
def test_an_error_names_the_path_and_what_was_expected(old, new, path, message):
    assert old in BASE
    plan, errors, _ = examine_plan(BASE.replace(old, new, 1), "p.yaml")
    assert plan is None
    assert [error for error in errors if error.path == path and message in error.message], [*map(str, errors)]


def test_too_few_kpis_are_doubted_with_the_reason():
    without = BASE.replace("      - {kpi: complaints, weight: 30%}\n", "")
    fewer = without.replace("faction, weight: 30%", "faction, weight: 60%").replace("min_sample: 3", "min_sample: 2")
    plan, errors, warnings = examine_plan(fewer, "p.yaml")
    assert plan and not errors
    assert ["what is not measured is neglected" in warning.message for warning in warnings] == [True]


def test_a_smallest_sample_of_a_count_is_doubted():
    sampled = BASE.replace("complaints, weight: 30%", "complaints, weight: 30%, min_sample: 2")
    plan, errors, warnings = examine_plan(sampled, "p.yaml")
    assert plan and not errors
    assert [(one.path, "is a count" in one.message) for one in warnings] == [(f"{CARD}.kpis[2].min_sample", True)]


TARGETS = "".join(
    f"  - {{kpi: {kpi}, period: month, unit: team, value: 1}}\n" for kpi in ("revenue", "satisfaction", "complaints")
)
TEAMS = BASE.replace("    roles: [rep]\n", "    units: [team]\n    persons: false\n").partition("awards:")[0]
TEAMS = TEAMS.replace("scorecards:", TARGETS + "scorecards:")
TABLE = """awards:
  - {kind: tiers, id: t, name: T, kpi: score, period: month, unit: team, pays: flat, tiers: [{value: 90%, amount: 1}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: 90%", "attainment: 90%", "a score has no target"),
        ("pays: flat", "pays: slab", "score is a score, no money"),
        ("pays: flat", "share: by_value, pays: flat", "score is a score, of which members have no share"),
        ("unit: team, ", "", "kept for units only; expected persons: true"),
        ("unit: team", "unit: company", "not kept for a company"),
    ],
)
def test_a_table_on_a_score_of_units_has_bounds_by_value(old, new, message):
    assert examine_plan(TEAMS + TABLE, "p.yaml")[1] == []
    _, errors, _ = examine_plan(TEAMS + TABLE.replace(old, new), "p.yaml")
    assert [error for error in errors if message in error.message], [*map(str, errors)]


OF_PERSONS = BASE.partition("awards:")[0] + TABLE.replace("unit: team, ", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: 90%", "attainment: 90%", "a score has no target"),
        ("pays: flat", "hurdle: {attainment: 80%}, pays: flat", "a score has no target"),
        ("pays: flat", "pays: marginal", "score is a score, no money"),
        ("period: month", "period: week", "score is kept by month"),
        ("pays: flat", "clawback: as_paid, pays: flat", "as_paid reverses what a rate paid"),
        ("pays: flat", "min_sample: 4, pays: flat", "behind a score stand its KPIs, of which score has 3"),
    ],
)
def test_a_table_on_a_score_of_persons_has_bounds_by_value(old, new, message):
    assert examine_plan(OF_PERSONS, "p.yaml")[1] == []
    before, _, table = OF_PERSONS.partition("awards:")
    _, errors, _ = examine_plan(before + "awards:" + table.replace(old, new, 1), "p.yaml")
    assert [error for error in errors if message in error.message], [*map(str, errors)]
