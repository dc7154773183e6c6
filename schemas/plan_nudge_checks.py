"""Checks of nudges. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_nudge import Nudge


def check_nudge(lookup: Lookup, path: tuple, nudge: Nudge) -> Iterator[Finding]:
    """Findings on a nudge: a tier table of persons to speak of, and a distance that means something."""
    if not 0 < nudge.within < 1:
        yield Finding((*path, "within"), "expected above 0% and below 100%")
    if nudge.about is None:
        kinds = {award.id: award.kind for award in lookup.plan.awards}
        if nudge.of in kinds:
            yield Finding((*path, "of"), f"{nudge.of} is a {kinds[nudge.of]} award; expected one of kind tiers")
        else:
            tables = [id for id, kind in kinds.items() if kind == "tiers"]
            yield Finding.unknown((*path, "of"), "award of kind tiers", nudge.of, tables)
        return
    if nudge.about.unit is not None:
        yield Finding((*path, "of"), f"{nudge.of} is an award of a {nudge.about.unit}; a nudge speaks to persons")
    yield from _by(lookup, path, nudge)
    if nudge.days_left is not None and is_rolling(nudge.period):
        yield Finding((*path, "days_left"), "a rolling period never ends; expected no days_left")


def _by(lookup: Lookup, path: tuple, nudge: Nudge) -> Iterator[Finding]:
    if nudge.by == "value":
        for name, default in (("after", 5), ("cool_down_days", 0)):
            if getattr(nudge, name) != default:
                yield Finding((*path, name), f"{name} is for by: forecast; expected none with by: value")
        return
    if is_rolling(nudge.period):
        yield Finding((*path, "by"), "a rolling period never ends; expected by: value")
    if nudge.about.kpi in lookup.scorecards:
        yield Finding((*path, "by"), f"{nudge.about.kpi} is a score, which has no forecast; expected by: value")
