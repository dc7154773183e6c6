"""Checks of training recommendations. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_training import Training

_BOUNDS = ("below_pace", "below_attainment", "below_value")
_SETTINGS_OF_PACE = {"after": 5}
_SETTINGS_OF_PERIODS = {"periods": 1}


def check_training(lookup: Lookup, path: tuple, award: Training) -> Iterator[Finding]:
    """Findings on one recommendation; that a target is there is checked with the other awards."""
    yield from lookup.refer((*path, "kpi"), "kpi", award.kpi)
    if is_rolling(award.period):
        yield Finding((*path, "period"), "a rolling period never ends; expected a calendar period")
    given = [name for name in _BOUNDS if getattr(award, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        yield Finding(path, f"expected exactly one of below_pace, below_attainment and below_value; found {found}")
        return
    if given[0] != "below_value" and getattr(award, given[0]) <= 0:
        yield Finding((*path, given[0]), "must be above 0%")
    if award.below_value is not None:
        yield from lookup.measure((*path, "below_value"), award.kpi, award.below_value)
    paced = award.below_pace is not None
    for name, default in (_SETTINGS_OF_PERIODS if paced else _SETTINGS_OF_PACE).items():
        if getattr(award, name) != default:
            what = "is for periods that are over" if paced else "is for below_pace"
            yield Finding((*path, name), f"{name} {what}; expected none with {given[0]}")
