"""Checks of scorecards, and of conditions on their scores. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_awards import Condition, ThresholdAward, TierAward
from schemas.plan_bound_checks import check_sample
from schemas.plan_goals import targets_of
from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_scorecards import Scorecard
from schemas.plan_units import judged_unit

_FEWEST, _MOST = 3, 5
_NO_TARGET = "a score has no target; expected a value, such as value: 90%"


def check_scorecards(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every scorecard of the plan."""
    seen: set[str] = set()
    for index, card in enumerate(lookup.plan.scorecards):
        path = ("scorecards", index)
        if card.id in seen:
            yield Finding((*path, "id"), f"scorecard {card.id} is given twice")
        if card.id in lookup.kpis:
            yield Finding((*path, "id"), f"{card.id} is a KPI already; its score needs an id of its own")
        seen.add(card.id)
        yield from lookup.period((*path, "period"), card.period)
        if is_rolling(card.period):
            yield Finding((*path, "period"), "a scorecard has calendar periods; expected no rolling one")
        for number, role in enumerate(card.roles):
            yield from lookup.refer((*path, "roles", number), "role", role)
        yield from _whose(path, card)
        yield from _kpis(lookup, path, card)


def _whose(path: tuple, card: Scorecard) -> Iterator[Finding]:
    if not card.persons and not card.units:
        yield Finding(path, "nobody has it; expected units, such as units: [team], or persons: true")
    if not card.persons and card.roles:
        yield Finding((*path, "roles"), "roles say which people have it; expected persons: true")
    for number, unit in enumerate(card.units):
        if unit in card.units[:number]:
            yield Finding((*path, "units", number), f"{unit} is given twice")


def _kpis(lookup: Lookup, path: tuple, card: Scorecard) -> Iterator[Finding]:
    for number, part in enumerate(card.kpis):
        at = (*path, "kpis", number)
        yield from lookup.refer((*at, "kpi"), "kpi", part.kpi)
        if any(part.kpi == other.kpi for other in card.kpis[:number]):
            yield Finding((*at, "kpi"), f"{part.kpi} is in this scorecard twice")
        for name in ("weight", "cap"):
            if getattr(part, name) <= 0:
                yield Finding((*at, name), "must be above 0%")
        if part.kpi in lookup.kpis:
            yield from _targets(lookup, at, card, part.kpi)
        yield from check_sample(at, lookup.kpis.get(part.kpi), part.min_sample)
    total = sum(part.weight for part in card.kpis)
    if total != 1:
        yield Finding((*path, "kpis"), f"the weights sum to {(total * 100).normalize():f}%; expected exactly 100%")
    if not _FEWEST <= len(card.kpis) <= _MOST:
        reason = (
            "with more, each weighs too little to be worth an effort"
            if len(card.kpis) > _MOST
            else "with fewer, what is not measured is neglected"
        )
        message = f"{len(card.kpis)} KPIs; a scorecard works with {_FEWEST} to {_MOST}: {reason}"
        yield Finding((*path, "kpis"), message, True)


def _targets(lookup: Lookup, path: tuple, card: Scorecard, kpi: str) -> Iterator[Finding]:
    """Everyone who has the score needs something to attain."""
    given = {target.unit for target in targets_of(lookup.plan) if (target.kpi, target.period) == (kpi, card.period)}
    for unit in [None] * card.persons + list(dict.fromkeys(card.units)):
        if unit not in given:
            which = f"target with unit: {unit}" if unit else "target"
            message = f"attainment needs a {which} on {kpi} for period {card.period}; there is none"
            yield Finding(path, message, needs=frozenset([kpi]))


def check_score_condition(
    path: tuple, award: ThresholdAward, condition: Condition, card: Scorecard
) -> Iterator[Finding]:
    """Findings on a condition whose ``kpi`` is a scorecard."""
    if condition.attainment is not None:
        yield Finding((*path, "attainment"), _NO_TARGET)
    elif condition.value is None:
        yield Finding(path, "expected a value, such as value: 90%")
    yield from _sample(path, condition.min_sample, card)
    yield from _same_scope(path, award, card)


def check_score_table(path: tuple, award: TierAward, card: Scorecard) -> Iterator[Finding]:
    """Findings on a tier table whose ``kpi`` is a scorecard."""
    bounds = [(("tiers", number), tier) for number, tier in enumerate(award.tiers)]
    for place, bound in [*bounds, (("hurdle",), award.hurdle)]:
        if bound is not None and bound.attainment is not None:
            yield Finding((*path, *place, "attainment"), _NO_TARGET)
    if award.pays in ("marginal", "slab"):
        yield Finding((*path, "pays"), f"{card.id} is a score, no money; expected flat, interpolated or nothing")
    yield from _sample(path, award.min_sample, card)
    yield from _same_scope(path, award, card)


def _sample(path: tuple, least: int, card: Scorecard) -> Iterator[Finding]:
    """Behind a score stand KPIs, no events."""
    if least > len(card.kpis):
        message = f"behind a score stand its KPIs, of which {card.id} has {len(card.kpis)}; expected no more"
        yield Finding((*path, "min_sample"), message)


def _same_scope(path: tuple, award: ThresholdAward | TierAward, card: Scorecard) -> Iterator[Finding]:
    unit = judged_unit(award)
    if unit is not None and unit not in card.units:
        message = f"scorecard {card.id} is not kept for a {unit}; expected units: [{unit}] on it"
        yield Finding((*path, "kpi"), message)
    if unit is None and not card.persons:
        yield Finding((*path, "kpi"), f"scorecard {card.id} is kept for units only; expected persons: true on it")
    if award.period != card.period:
        message = f"scorecard {card.id} is kept by {card.period}; the award's period must be the same"
        yield Finding((*path, "kpi"), message)
