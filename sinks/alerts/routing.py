"""Which channels an award goes to, and in which language. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.results import Award
from schemas.wording import Language
from sinks.alerts.config import AlertSettings, Route, Severity


@dataclass(frozen=True)
class Destination:
    """One channel for one award."""

    channel: str
    language: Language
    quiet: bool = False


def severity_of(award: Award) -> Severity:
    """``warning`` for what was lost, ``high`` for bonuses and promotions, ``normal`` for tiers and nudges."""
    if award.state == "revoked":
        return "warning"
    return "normal" if award.kind in ("tier", "nudge", "training", "personal_best") else "high"


def destinations(settings: AlertSettings, award: Award) -> list[Destination]:
    """Where ``award`` goes, each channel at most once, by the first route that names it."""
    found: dict[str, Destination] = {}
    for route in settings.routes:
        if not _fits(route, award):
            continue
        for channel in route.to:
            found.setdefault(channel, Destination(channel, route.language, route.quiet))
        if settings.match == "first":
            break
    return list(found.values())


def _fits(route: Route, award: Award) -> bool:
    conditions = (
        (route.teams, {award.team}),
        (route.departments, {award.department}),
        (route.employees, {award.employee}),
        (route.kinds, set(award.kind.split("+"))),
        (route.rules, {award.rule}),
        (route.states, {award.state}),
        (route.severities, {severity_of(award)}),
    )
    return all(not wanted or not found.isdisjoint(wanted) for wanted, found in conditions)
