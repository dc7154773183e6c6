"""Checks of personal bests. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_best import PersonalBest
from schemas.plan_lookup import Finding, Lookup, is_rolling


def check_personal_best(lookup: Lookup, path: tuple, award: PersonalBest) -> Iterator[Finding]:
    """Findings on one personal best: periods that can be compared while they run, a distance that means something."""
    yield from lookup.refer((*path, "kpi"), "kpi", award.kpi)
    if is_rolling(award.period):
        yield Finding((*path, "period"), "a rolling window has no earlier periods; expected a calendar period")
    if award.ahead is not None and award.ahead <= 0:
        yield Finding((*path, "ahead"), "must be above 0%")
    if award.bonus is not None and award.bonus <= 0:
        yield Finding((*path, "bonus"), "must be above 0")
    kpi = lookup.kpis.get(award.kpi)
    if kpi is not None and kpi.direction == "down" and kpi.aggregate in ("sum", "count", "distinct"):
        message = f"{award.kpi} is better when lower and grows over the period: every period would begin as the best; "
        yield Finding((*path, "kpi"), message + "expected a KPI where higher is better, or a mean, ratio, min or max")
