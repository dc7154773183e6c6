"""Checks of tier tables: their bounds, their money. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from schemas.plan_awards import TierAward
from schemas.plan_bound_checks import check_bound, check_sample, check_target
from schemas.plan_clawback_checks import check_clawback
from schemas.plan_limit_checks import check_limits
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_scorecard_checks import check_score_table
from schemas.plan_unit_checks import check_unit_award

#: What each way of paying wants on every tier, and what it must not find.
_PAYS = {
    "marginal": ("rate", "amount"),
    "slab": ("rate", "amount"),
    "flat": ("amount", "rate"),
    "interpolated": ("amount", "rate"),
    "nothing": (None, None),
}


def check_tiers(lookup: Lookup, path: tuple, award: TierAward) -> Iterator[Finding]:
    """Findings on one tier table."""
    yield from check_unit_award(lookup, path, award)
    if award.kpi in lookup.scorecards:
        yield from check_score_table(path, award, lookup.scorecards[award.kpi])
    else:
        yield from lookup.refer((*path, "kpi"), "kpi", award.kpi)
    kpi = lookup.kpis.get(award.kpi)
    down = kpi is not None and kpi.direction == "down"
    if down and award.pays in ("marginal", "slab"):
        yield Finding(
            (*path, "pays"),
            f"{award.kpi} is better when lower: a rate on its value would pay for more of it; expected flat or nothing",
        )
    elif kpi is not None and kpi.unit != "money" and award.pays in ("marginal", "slab"):
        yield Finding((*path, "pays"), f"the rate applies to {award.kpi}, whose unit is {kpi.unit}, not money", True)
    yield from check_sample(path, kpi, award.min_sample)
    yield from _bounds(lookup, path, award, down)
    yield from _money(path, award)
    yield from check_limits(lookup, path, award)
    yield from check_clawback(lookup, path, award)
    if award.hurdle is not None:
        yield from check_bound(lookup, (*path, "hurdle"), award.kpi, award.hurdle.attainment, award.hurdle.value)
        if award.hurdle.attainment is not None and award.tiers[0].attainment is None:
            yield from check_target(lookup, (*path, "hurdle"), award.kpi, award)


def _bounds(lookup: Lookup, path: tuple, award: TierAward, down: bool) -> Iterator[Finding]:
    kinds = set()
    for number, tier in enumerate(award.tiers):
        tier_path = (*path, "tiers", number)
        yield from check_bound(lookup, tier_path, award.kpi, tier.attainment, tier.value)
        kinds |= {name for name in ("attainment", "value") if getattr(tier, name) is not None}
    if len(kinds) > 1:
        yield Finding((*path, "tiers"), "the bounds are partly attainments and partly values; expected one kind")
    if len(kinds) != 1:
        return
    kind = kinds.pop()
    bounds = [
        (number, getattr(tier, kind)) for number, tier in enumerate(award.tiers) if getattr(tier, kind) is not None
    ]
    falling = down and kind == "value"
    for (_, one), (number, other) in pairwise(bounds):
        if (other >= one) if falling else (other <= one):
            wanted = "below" if falling else "above"
            yield Finding((*path, "tiers", number, kind), f"must be {wanted} the bound before it")
    if kind == "attainment":
        yield from check_target(lookup, path, award.kpi, award)


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
