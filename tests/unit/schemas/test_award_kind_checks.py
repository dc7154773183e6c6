# ruff: noqa: E501
"""The rarer kinds of awards in a plan file: what is refused, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.plan_file import examine_plan

PLANS = Path(__file__).parents[3] / "plans" / "examples" / "awards"

ERRORS = [
    ("nudge", "of: bonus", "of: bonsu", "awards[nearly].of", "no such award of kind tiers: bonsu; did you mean bonus?"),
    ("nudge", "of: bonus", "of: nearly", "awards[nearly].of", "is a nudge award; expected one of kind tiers"),
    ("nudge", "within: 5%", "within: 0%", "awards[nearly].within", "above 0% and below 100%"),
    ("nudge", "within: 5%", "within: 100%", "awards[nearly].within", "above 0% and below 100%"),
    ("nudge", "within: 5%", "within: 5", "awards[nearly].within", "percentage with its sign"),
    ("nudge", "period: month\n    pays", "period: rolling_7d\n    pays", "awards[last-days].days_left", "never ends"),
    ("nudge", "pays: flat", "pays: flat\n    unit: team", "awards[nearly].of", "award of a team; a nudge speaks to persons"),
    ("nudge", "of: bonus\n    within: 5%\n", "of: bonus\n    within: 5%\n    after: 3\n", "awards[nearly].after", "expected none with by: value"),
    ("nudge-forecast", "period: month\n    pays", "period: rolling_7d\n    pays", "awards[at-this-pace].by", "never ends; expected by: value"),
    ("nudge-forecast", "after: 5", "after: 0", "awards[at-this-pace].after", "expected at least 1"),
    ("nudge-forecast", "    rearm: true\n", "", "awards[at-this-pace].cool_down_days", "expected rearm: true"),
    ("nudge-forecast", "by: forecast", "by: pace", "awards[at-this-pace].by", "expected"),
    ("steadiness", "margin: 2%", "margin: 0%", "awards[satisfied].margin", "above 0% and below 100%"),
    ("steadiness", "margin: 2%", "margin: 2", "awards[satisfied].margin", "percentage with its sign"),
    ("steadiness", "margin: 2%", "margin: 2%\n    settle: sticky", "awards[satisfied].margin", "never revoked; expected no margin"),
    ("steadiness", "margin: 2%", "margin: 2%\n    unit: team", "awards[satisfied].margin", "an award of units takes no margin"),
    ("steadiness", "cool_down_days: 7", "cool_down_days: 1000", "awards[satisfied].cool_down_days", "expected at most 999"),
    ("steadiness", "rearm: true\n    margin", "rearm: false\n    margin", "awards[satisfied].cool_down_days", "expected rearm: true"),
    ("min-sample", "min_sample: 4", "min_sample: 4.5", "awards[on-time-bonus].min_sample", "expected a whole number"),
    ("min-sample", "min_sample: 4", "min_samples: 4", "awards[on-time-bonus].min_samples", "did you mean min_sample?"),
    ("streak", "period: month\n    all", "period: rolling_7d\n    all", "awards[steady].period", "expected a calendar period"),
    ("streak", "periods: 3", "periods: 1", "awards[steady].periods", "expected at least 2"),
    ("streak", "periods: 3", "periods: 3\n    out_of: 2", "awards[steady].out_of", "must not be below periods, which is 3"),
    ("streak", "value: 90", "valu: 90", "awards[steady].all[1].valu", "did you mean value?"),
    ("streak", "attainment: 100%", "attainment: 100%, value: 5", "awards[steady].all[0]", "either an attainment or a value"),
    ("streak", "bonus: 900\n    promotion: true", "bonus: 0", "awards[steady].bonus", "must be above 0"),
    ("spiff", "period: month", "period: rolling_7d", "awards[spring-push].period", "expected no rolling one"),
    ("spiff", "events: [sale]\n    where", "events: [sale, refund]\n    where", "awards[spring-push].events[1]", "takes back what its sale was paid by itself"),
    ("spiff", "events: [sale]\n    where", "events: [sle]\n    where", "awards[spring-push].events[0]", "did you mean sale?"),
    ("spiff", "product: P7", "produkt: P7", "awards[spring-push].where.produkt", "did you mean product?"),
    ("spiff", "    amount: 50\n    rate: 2%\n    field: amount\n", "", "awards[spring-push]", "an amount for each event, a rate of a field, or both"),
    ("spiff", "    rate: 2%\n", "", "awards[spring-push]", "rate and field belong together"),
    ("spiff", "field: amount\n    cap", "field: product\n    cap", "awards[spring-push].field", "is a string; expected a number"),
    ("spiff", "cap: 200", "cap: 0", "awards[spring-push].cap", "must be above 0"),
    ("spiff", "end: 2026-03-16", "end: 2026-03-01", "awards[spring-push].end", "expected a day after start"),
    ("training", "below_pace: 80%", "below_pace: 0.8", "awards[catch-up].below_pace", "percentage with its sign"),
    ("training", "below_pace: 80%", "below_pace: 0%", "awards[catch-up].below_pace", "must be above 0%"),
    ("training", "    below_pace: 80%\n", "", "awards[catch-up]", "exactly one of below_pace, below_attainment and below_value; found none"),
    ("training", "below_pace: 80%", "below_pace: 80%\n    below_value: 5", "awards[catch-up]", "found below_pace and below_value"),
    ("training", "after: 5", "periods: 2", "awards[catch-up].periods", "periods is for periods that are over; expected none with below_pace"),
    ("training", "after: 5", "after: 0", "awards[catch-up].after", "expected at least 1"),
    ("training", "periods: 2", "after: 3", "awards[listening].after", "after is for below_pace; expected none with below_value"),
    ("training", "kpi: satisfaction\n    period: month\n    below_value: 80", "kpi: satisfaction\n    period: month\n    below_pace: 80%",
     "awards[listening]", "pace needs a target on satisfaction for period month; there is none"),
    ("training", "period: month\n    below_pace", "period: rolling_7d\n    below_pace", "awards[catch-up].period", "expected a calendar period"),
    ("training", "settle: sticky", "settle: period_end", "awards[listening].settle", "expected one of live, sticky"),
    ("training", "kpi: satisfaction", "kpi: satisfacton", "awards[listening].kpi", "did you mean satisfaction?"),
    ("personal_best", "period: month\n    min_periods: 2", "period: rolling_7d\n    min_periods: 2", "awards[best-month].period", "no earlier periods"),
    ("personal_best", "min_periods: 2", "min_periods: 0", "awards[best-month].min_periods", "expected at least 1"),
    ("personal_best", "ahead: 10%", "ahead: 0%", "awards[best-month].ahead", "must be above 0%"),
    ("personal_best", "bonus: 300", "bonus: 0", "awards[best-month].bonus", "must be above 0"),
    ("personal_best", "kpi: revenue\n    period: month\n    min_periods", "kpi: revenu\n    period: month\n    min_periods", "awards[best-month].kpi", "did you mean revenue?"),
    ("personal_best", "unit: money", "unit: money\n    direction: down", "awards[best-month].kpi", "every period would begin as the best"),
    ("nudge", "days_left: 3", "days_left: -1", "awards[last-days].days_left", "at least 0"),
]


@pytest.mark.parametrize("plan, old, new, path, message", ERRORS, ids=[f"{one[3]}: {one[4]}" for one in ERRORS])
def test_an_error_names_its_path_and_what_was_expected(plan, old, new, path, message):
    text = (PLANS / f"{plan}.yaml").read_text(encoding="utf-8")
    assert not examine_plan(text)[1] and old in text
    _, errors, _ = examine_plan(text.replace(old, new, 1))
    assert path in [error.path for error in errors if message in error.message], [str(error) for error in errors]


def test_a_smallest_sample_of_a_count_is_doubted():
    """Its number of events is the value itself."""
    text = (PLANS / "min-sample.yaml").read_text(encoding="utf-8")
    share = "aggregate: ratio\n    events: [delivery]\n    numerator: {where: {on_time: true}}\n    denominator: {}\n    unit: percent"
    assert share in text and "80%" in text
    counted = text.replace(share, "aggregate: count\n    events: [delivery]\n    unit: count").replace("80%", "80").replace("95%", "95")
    plan, errors, warnings = examine_plan(counted)
    assert plan is not None and not errors
    assert [(one.path, "on_time is a count" in one.message) for one in warnings] == [("awards[on-time-bonus].min_sample", True)]
    assert examine_plan(counted.replace("    min_sample: 4\n", ""))[2] == []
