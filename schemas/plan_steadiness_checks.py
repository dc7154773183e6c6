"""Checks of what keeps an award from coming and going with a value that swings about its bound. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_lookup import Finding
from schemas.plan_units import of_units


def check_steadiness(path: tuple, award) -> Iterator[Finding]:
    """Findings on ``margin`` and ``cool_down_days``, which only matter where awards are revoked."""
    margin, days = getattr(award, "margin", None), getattr(award, "cool_down_days", 0)
    given = [name for name, set_ in (("margin", margin is not None), ("cool_down_days", days)) if set_]
    if margin is not None and not 0 < margin < 1:
        yield Finding((*path, "margin"), "expected above 0% and below 100%")
    for name in given:
        if award.settle == "sticky":
            yield Finding((*path, name), f"a sticky award is never revoked; expected no {name}")
        if of_units(award):
            yield Finding((*path, name), f"an award of units takes no {name}")
    if days and not award.rearm:
        yield Finding((*path, "cool_down_days"), "without rearm nothing is awarded again; expected rearm: true as well")
