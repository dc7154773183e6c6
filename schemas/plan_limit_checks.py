"""Checks of what bounds a tier table's money: cap, floor, hurdle, interpolation. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.money import minor_step, to_fixed
from schemas.plan_awards import TierAward
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_units import of_units

_LIMITS = ("cap", "floor", "hurdle")


def check_limits(lookup: Lookup, path: tuple, award: TierAward) -> Iterator[Finding]:
    """Findings on a tier table's cap, floor and hurdle, and on interpolated money."""
    if award.pays == "nothing":
        for name in _LIMITS:
            if getattr(award, name) is not None:
                yield Finding((*path, name), f"pays: nothing takes no {name}")
    if of_units(award):
        for name in (*_LIMITS, "clawback"):
            if getattr(award, name) not in (None, "re_rate"):
                yield Finding((*path, name), f"an award of units takes no {name}")
    step = minor_step(lookup.plan.currency)
    for name in ("cap", "floor"):
        limit = getattr(award, name)
        if limit is None:
            continue
        if limit <= 0:
            yield Finding((*path, name), "must be above 0")
        if to_fixed(limit) % step:
            yield Finding((*path, name), f"has more decimals than {lookup.plan.currency} has")
    if award.cap is not None and award.floor is not None and award.floor > award.cap:
        yield Finding((*path, "floor"), "must not be above the cap")
    if award.hurdle is not None and award.settle == "sticky":
        yield Finding(
            (*path, "hurdle"),
            "a hurdle looks at the value as it stands, a sticky award does not; expected live or period_end",
        )
    kpi = lookup.kpis.get(award.kpi)
    down = kpi is not None and kpi.direction == "down"
    if award.pays == "interpolated" and down and award.tiers[0].attainment is not None:
        yield Finding(
            (*path, "pays"),
            f"{award.kpi} is better when lower: its attainment is no straight line; expected bounds on the value",
        )
