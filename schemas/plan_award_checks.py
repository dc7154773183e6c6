"""Checks of awards: what all have in common, and where each kind is checked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_awards import ThresholdAward
from schemas.plan_best_checks import check_personal_best
from schemas.plan_bound_checks import check_bound, check_target
from schemas.plan_condition_checks import check_conditions, check_reached
from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_nudge_checks import check_nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_people_checks import check_first, check_honour, check_pool
from schemas.plan_spiff_checks import check_spiff
from schemas.plan_steadiness_checks import check_steadiness
from schemas.plan_streak import Streak
from schemas.plan_streak_checks import check_streak
from schemas.plan_tier_checks import check_tiers
from schemas.plan_training import Training
from schemas.plan_training_checks import check_training
from schemas.plan_unit_checks import check_unit_award, unit_target_missing


def check_awards(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every award of the plan."""
    seen: set[str] = set()
    for index, award in enumerate(lookup.plan.awards):
        path = ("awards", index)
        if award.id in seen:
            yield Finding((*path, "id"), f"award {award.id} is given twice")
        seen.add(award.id)
        if award.period:
            yield from lookup.period((*path, "period"), award.period)
        for number, role in enumerate(award.roles):
            yield from lookup.refer((*path, "roles", number), "role", role)
        if award.settle == "period_end" and is_rolling(award.period):
            yield Finding((*path, "settle"), "a rolling period never ends; expected live or sticky")
        yield from lookup.amounts(path, award)
        for number, tier in enumerate(getattr(award, "tiers", ())):
            yield from lookup.amounts((*path, "tiers", number), tier)
        yield from check_steadiness(path, award)
        yield from _CHECKS[award.kind](lookup, path, award)


def _streak(lookup: Lookup, path: tuple, award: Streak) -> Iterator[Finding]:
    yield from check_streak(path, award)
    yield from check_reached(lookup, path, award)


def _threshold(lookup: Lookup, path: tuple, award: ThresholdAward) -> Iterator[Finding]:
    yield from check_unit_award(lookup, path, award)
    yield from check_reached(lookup, path, award)


def _training(lookup: Lookup, path: tuple, award: Training) -> Iterator[Finding]:
    yield from check_training(lookup, path, award)
    if award.below_value is None:
        yield from check_target(lookup, path, award.kpi, award)


def _honour(lookup: Lookup, path: tuple, award: Honour) -> Iterator[Finding]:
    yield from check_honour(lookup, path, award)
    yield from check_conditions(lookup, path, award, "all")
    if award.by == "attainment":
        yield from check_target(lookup, (*path, "by"), award.kpi, award)


def _first(lookup: Lookup, path: tuple, award: First) -> Iterator[Finding]:
    yield from check_first(path, award)
    if bool(award.all) == bool(award.any):
        yield Finding(path, "expected either all or any, with at least one condition")
    yield from check_conditions(lookup, path, award, "all", "any")


def _pool(lookup: Lookup, path: tuple, award: Pool) -> Iterator[Finding]:
    yield from check_pool(lookup, path, award)
    yield from check_conditions(lookup, path, award, "all")
    if award.floor is not None and award.kpi is not None:
        yield from check_bound(lookup, (*path, "floor"), award.kpi, award.floor.attainment, award.floor.value)
        if award.floor.attainment is not None:
            yield from unit_target_missing(lookup, (*path, "floor"), award.kpi, award.period, award.unit)


#: What is checked on each kind of award beside what all have in common.
_CHECKS = {
    "tiers": check_tiers,
    "threshold": _threshold,
    "nudge": check_nudge,
    "streak": _streak,
    "spiff": check_spiff,
    "training": _training,
    "personal_best": check_personal_best,
    "honour": _honour,
    "first": _first,
    "pool": _pool,
}
