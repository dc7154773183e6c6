"""Checks of awards: tier tables and threshold awards. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from schemas.plan_awards import Condition, ThresholdAward, TierAward
from schemas.plan_best_checks import check_personal_best
from schemas.plan_clawback_checks import check_clawback
from schemas.plan_goals import targets_of
from schemas.plan_limit_checks import check_limits
from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_nudge_checks import check_nudge
from schemas.plan_people import First, Honour, Pool
from schemas.plan_people_checks import check_compared, check_honour, check_pool
from schemas.plan_scorecard_checks import check_score_condition, check_score_table
from schemas.plan_spiff_checks import check_spiff
from schemas.plan_steadiness_checks import check_steadiness
from schemas.plan_streak import Streak
from schemas.plan_streak_checks import check_streak
from schemas.plan_training import Training
from schemas.plan_training_checks import check_training
from schemas.plan_unit_checks import check_unit_award, unit_target_missing
from schemas.plan_units import judges_units, of_units

#: What each way of paying wants on every tier, and what it must not find.
_PAYS = {
    "marginal": ("rate", "amount"),
    "slab": ("rate", "amount"),
    "flat": ("amount", "rate"),
    "interpolated": ("amount", "rate"),
    "nothing": (None, None),
}


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
        yield from check_steadiness(path, award)
        yield from _CHECKS[award.kind](lookup, path, award)


def _tiers(lookup: Lookup, path: tuple, award: TierAward) -> Iterator[Finding]:
    yield from check_unit_award(lookup, path, award)
    if of_units(award) and award.kpi in lookup.scorecards:
        yield from check_score_table(path, award, lookup.scorecards[award.kpi])
    else:
        yield from lookup.refer((*path, "kpi"), "kpi", award.kpi)
    kpi = lookup.kpis.get(award.kpi)
    down = kpi is not None and kpi.direction == "down"
    if down and award.pays in ("marginal", "slab"):
        yield Finding(
            (*path, "pays"),
            f"{award.kpi} is better when lower: a rate on its value would pay for more of it; "
            "expected flat or nothing",
        )
    elif kpi is not None and kpi.unit != "money" and award.pays in ("marginal", "slab"):
        yield Finding(
            (*path, "pays"), f"the rate applies to {award.kpi}, whose unit is {kpi.unit}, not money", True
        )
    yield from _bounds(lookup, path, award, down)
    yield from _money(path, award)
    yield from check_limits(lookup, path, award)
    yield from check_clawback(lookup, path, award)
    if award.hurdle is not None:
        yield from _one_bound(lookup, (*path, "hurdle"), award.kpi, award.hurdle.attainment, award.hurdle.value)
        if award.hurdle.attainment is not None and award.tiers[0].attainment is None:
            yield from _needs_target(lookup, (*path, "hurdle"), award.kpi, award)


def _bounds(lookup: Lookup, path: tuple, award: TierAward, down: bool) -> Iterator[Finding]:
    kinds = set()
    for number, tier in enumerate(award.tiers):
        tier_path = (*path, "tiers", number)
        yield from _one_bound(lookup, tier_path, award.kpi, tier.attainment, tier.value)
        kinds |= {name for name in ("attainment", "value") if getattr(tier, name) is not None}
    if len(kinds) > 1:
        yield Finding(
            (*path, "tiers"), "the bounds are partly attainments and partly values; expected one kind"
        )
    if len(kinds) != 1:
        return
    kind = kinds.pop()
    bounds = [
        (number, getattr(tier, kind))
        for number, tier in enumerate(award.tiers)
        if getattr(tier, kind) is not None
    ]
    falling = down and kind == "value"
    for (_, one), (number, other) in pairwise(bounds):
        if (other >= one) if falling else (other <= one):
            wanted = "below" if falling else "above"
            yield Finding((*path, "tiers", number, kind), f"must be {wanted} the bound before it")
    if kind == "attainment":
        yield from _needs_target(lookup, path, award.kpi, award)


def _one_bound(
    lookup: Lookup, path: tuple, kpi: str, attainment: Decimal | None, value: Decimal | None
) -> Iterator[Finding]:
    if (attainment is None) == (value is None):
        yield Finding(path, "expected either an attainment or a value")
    if attainment is not None and attainment < 0:
        yield Finding((*path, "attainment"), "must not be negative")
    if value is not None:
        yield from lookup.measure((*path, "value"), kpi, value)


def _money(path: tuple, award: TierAward) -> Iterator[Finding]:
    needs, refuses = _PAYS[award.pays]
    for number, tier in enumerate(award.tiers):
        tier_path = (*path, "tiers", number)
        for name in ("rate", "amount"):
            given = getattr(tier, name)
            if given is None and name == needs:
                yield Finding(
                    tier_path,
                    f"pays: {award.pays} needs {'a rate' if name == 'rate' else 'an amount'} on every tier",
                )
            elif given is not None and (needs is None or name == refuses):
                yield Finding((*tier_path, name), f"pays: {award.pays} takes no {name}")
            elif given is not None and given < 0:
                yield Finding((*tier_path, name), "must not be negative")


def _streak(lookup: Lookup, path: tuple, award: Streak) -> Iterator[Finding]:
    yield from check_streak(path, award)
    yield from _conditions(lookup, path, award)


def _threshold(lookup: Lookup, path: tuple, award: ThresholdAward) -> Iterator[Finding]:
    yield from check_unit_award(lookup, path, award)
    yield from _conditions(lookup, path, award)


def _conditions(lookup: Lookup, path: tuple, award: ThresholdAward | Streak) -> Iterator[Finding]:
    """What is to hold, and what it brings."""
    if bool(award.all) == bool(award.any):
        yield Finding(path, "expected either all or any, with at least one condition")
    if award.bonus is None and not award.promotion:
        yield Finding(path, "expected a bonus, promotion: true, or both")
    if award.bonus is not None and award.bonus <= 0:
        yield Finding((*path, "bonus"), "must be above 0")
    yield from _each_condition(lookup, path, award, "all", "any")


def _each_condition(lookup: Lookup, path: tuple, award, *names: str) -> Iterator[Finding]:
    for name in names:
        for number, condition in enumerate(getattr(award, name)):
            yield from _condition(lookup, (*path, name, number), award, condition)


def _condition(lookup: Lookup, path: tuple, award: ThresholdAward, condition: Condition) -> Iterator[Finding]:
    if condition.kpi in lookup.scorecards:
        yield from check_score_condition(path, award, condition, lookup.scorecards[condition.kpi])
        return
    yield from lookup.refer((*path, "kpi"), "kpi", condition.kpi)
    yield from _one_bound(lookup, path, condition.kpi, condition.attainment, condition.value)
    if condition.attainment is not None:
        yield from _needs_target(lookup, path, condition.kpi, award)


def _needs_target(
    lookup: Lookup, path: tuple, kpi: str, award: TierAward | ThresholdAward
) -> Iterator[Finding]:
    """Attainment is undefined without a target on this KPI; a warning where only some roles lack one."""
    if judges_units(award):
        yield from unit_target_missing(lookup, path, kpi, award)
        return
    if kpi not in lookup.kpis:
        return
    wanted = (kpi, award.period, None)
    targets = [target for target in targets_of(lookup.plan) if (target.kpi, target.period, target.unit) == wanted]
    if not targets:
        needing = "attainment" if getattr(award, "below_pace", None) is None else "pace"
        message = f"{needing} needs a target on {kpi} for period {award.period}; there is none"
        yield Finding(path, message, needs=frozenset([kpi]))
        return
    covered = lookup.covered(targets)
    without = dict.fromkeys(
        place[1]
        for place in lookup.places
        if place not in covered and (not award.roles or place[1] in award.roles)
    )
    for role in without:
        yield Finding(
            path, f"some employees of role {role} have no target on {kpi} for period {award.period}", True
        )


def _training(lookup: Lookup, path: tuple, award: Training) -> Iterator[Finding]:
    yield from check_training(lookup, path, award)
    if award.below_value is None:
        yield from _needs_target(lookup, path, award.kpi, award)


def _honour(lookup: Lookup, path: tuple, award: Honour) -> Iterator[Finding]:
    yield from check_honour(lookup, path, award)
    yield from _each_condition(lookup, path, award, "all")
    if award.by == "attainment":
        yield from _needs_target(lookup, (*path, "by"), award.kpi, award)


def _first(lookup: Lookup, path: tuple, award: First) -> Iterator[Finding]:
    yield from check_compared(path, award)
    if bool(award.all) == bool(award.any):
        yield Finding(path, "expected either all or any, with at least one condition")
    yield from _each_condition(lookup, path, award, "all", "any")


def _pool(lookup: Lookup, path: tuple, award: Pool) -> Iterator[Finding]:
    yield from check_pool(lookup, path, award)
    yield from _each_condition(lookup, path, award, "all")
    if award.floor is not None and award.kpi is not None:
        yield from _one_bound(lookup, (*path, "floor"), award.kpi, award.floor.attainment, award.floor.value)
        if award.floor.attainment is not None:
            yield from unit_target_missing(lookup, (*path, "floor"), award.kpi, award)


#: What is checked on each kind of award beside what all have in common.
_CHECKS = {
    "tiers": _tiers,
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
