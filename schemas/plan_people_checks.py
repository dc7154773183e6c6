"""Checks of awards that compare the people of a unit, beside those of their conditions. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_bound_checks import check_sample
from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_people import First, Honour, Pool


def check_compared(path: tuple, award: Honour | First) -> Iterator[Finding]:
    """Findings on what honours and first to reach have in common."""
    yield from _calendar_period(path, award)
    if award.prize is not None and award.prize <= 0:
        yield Finding((*path, "prize"), "must be above 0")


def check_first(path: tuple, award: First) -> Iterator[Finding]:
    """Findings on who races for the places, and who has the prize."""
    yield from check_compared(path, award)
    if award.contenders == "person":
        if award.share != "unit":
            yield Finding((*path, "share"), "a person's prize is his own; expected contenders: team or department")
        return
    narrower = ("team",) if award.contenders == "team" else ("team", "department")
    if award.unit in narrower:
        wider = "department or company" if award.contenders == "team" else "company"
        yield Finding((*path, "unit"), f"{award.contenders}s race within something wider; expected unit: {wider}")
    if award.roles and award.share == "unit":
        yield Finding((*path, "roles"), "roles say which members share; expected share: equal")


def check_honour(lookup: Lookup, path: tuple, award: Honour) -> Iterator[Finding]:
    """Findings on what the best are the best in."""
    yield from check_compared(path, award)
    yield from _of_persons(lookup, (*path, "kpi"), award, award.kpi)
    if award.kpi in lookup.scorecards and award.by == "attainment":
        yield Finding((*path, "by"), "a score has no target; expected by: value")


def check_pool(lookup: Lookup, path: tuple, award: Pool) -> Iterator[Finding]:
    """Findings on where a pool's money comes from, and what it is shared by."""
    yield from _calendar_period(path, award)
    if award.amount is None and award.rate is None:
        yield Finding(path, "expected an amount, a rate with a kpi, or both")
    for name in ("amount", "rate"):
        if getattr(award, name) is not None and getattr(award, name) <= 0:
            yield Finding((*path, name), "must be above 0")
    for name in ("rate", "floor"):
        if getattr(award, name) is not None and award.kpi is None:
            yield Finding((*path, name), f"{name} is about the unit's own KPI; expected kpi as well")
    if award.kpi is not None:
        yield from _unit_kpi(lookup, path, award)
    if award.share_by is not None:
        yield from _of_persons(lookup, (*path, "share_by"), award, award.share_by)
        kpi = lookup.kpis.get(award.share_by)
        if kpi is not None and kpi.direction == "down":
            yield Finding((*path, "share_by"), f"{kpi.id} is better when lower: more of it would be paid more")
    if award.settle == "live" and not award.kpi_ids():
        yield Finding((*path, "settle"), "nothing that is measured moves this pool; expected period_end")


def _unit_kpi(lookup: Lookup, path: tuple, award: Pool) -> Iterator[Finding]:
    yield from lookup.refer((*path, "kpi"), "kpi", award.kpi)
    if award.rate is None and award.floor is None:
        yield Finding((*path, "kpi"), "nothing asks for the unit's KPI; expected a rate or a floor as well")
    kpi = lookup.kpis.get(award.kpi)
    if award.floor is not None:
        yield from check_sample((*path, "floor"), kpi, award.floor.min_sample)
    if kpi is None or award.rate is None:
        return
    if kpi.direction == "down":
        yield Finding((*path, "rate"), f"{kpi.id} is better when lower: a rate on its value would pay for more of it")
    elif kpi.unit != "money":
        yield Finding((*path, "rate"), f"the rate applies to {kpi.id}, whose unit is {kpi.unit}, not money", True)


def _calendar_period(path: tuple, award) -> Iterator[Finding]:
    if is_rolling(award.period):
        yield Finding((*path, "period"), "people are compared within a calendar period; expected no rolling one")


def _of_persons(lookup: Lookup, path: tuple, award, name: str) -> Iterator[Finding]:
    """A KPI, or a score that people have in such periods."""
    card = lookup.scorecards.get(name)
    if card is None:
        yield from lookup.refer(path, "kpi", name)
        return
    if not card.persons:
        yield Finding(path, f"scorecard {card.id} is kept for units only; expected persons: true on it")
    if card.period != award.period:
        yield Finding(path, f"scorecard {card.id} is kept by {card.period}; the award's period must be the same")
