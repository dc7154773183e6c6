"""Checks of conditions on KPIs and scores. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_awards import ThresholdAward
from schemas.plan_bound_checks import check_bound, check_target
from schemas.plan_conditions import Condition
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_scorecard_checks import check_score_condition
from schemas.plan_streak import Streak


def check_reached(lookup: Lookup, path: tuple, award: ThresholdAward | Streak) -> Iterator[Finding]:
    """What is to hold, and what it brings."""
    if bool(award.all) == bool(award.any):
        yield Finding(path, "expected either all or any, with at least one condition")
    if award.bonus is None and not award.promotion:
        yield Finding(path, "expected a bonus, promotion: true, or both")
    if award.bonus is not None and award.bonus <= 0:
        yield Finding((*path, "bonus"), "must be above 0")
    yield from check_conditions(lookup, path, award, "all", "any")


def check_conditions(lookup: Lookup, path: tuple, award, *names: str) -> Iterator[Finding]:
    """Findings on the conditions that an award lists under ``names``."""
    for name in names:
        for number, condition in enumerate(getattr(award, name)):
            yield from _condition(lookup, (*path, name, number), award, condition)


def _condition(lookup: Lookup, path: tuple, award, condition: Condition) -> Iterator[Finding]:
    if condition.kpi in lookup.scorecards:
        yield from check_score_condition(path, award, condition, lookup.scorecards[condition.kpi])
        return
    yield from lookup.refer((*path, "kpi"), "kpi", condition.kpi)
    yield from check_bound(lookup, path, condition.kpi, condition.attainment, condition.value)
    if condition.attainment is not None:
        yield from check_target(lookup, path, condition.kpi, award)
