"""Checks of who leads what, and of what is rolled up to managers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from schemas.event_fields import SHARED
from schemas.plan import Kpi, Part
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_managers import Led, led_units, rolled_up_kpis


def check_managers(lookup: Lookup) -> Iterator[Finding]:
    """Findings on the managers of every unit, and on settings that speak of managers."""
    units = list(led_units(lookup.plan))
    for led in units:
        yield from _handovers(lookup, led)
    if not any(led.unit.manager or led.unit.handovers for led in units):
        for path in _of_managers(lookup):
            yield Finding(path, "nobody leads a unit; expected a manager on a team, a department or the organisation")
        return
    yield from _apart(lookup, units)


def _handovers(lookup: Lookup, led: Led) -> Iterator[Finding]:
    if led.unit.manager is not None:
        yield from lookup.refer((*led.path, "manager"), "employee", led.unit.manager)
    now, latest = led.unit.manager, None
    for number, change in enumerate(led.unit.handovers):
        here = (*led.path, "handovers", number)
        if change.manager is not None:
            yield from lookup.refer((*here, "manager"), "employee", change.manager)
        if change.manager == now:
            yield Finding(here, f"{now} leads it already" if now else "nobody leads it already; expected a manager")
        if latest is not None and change.date <= latest:
            yield Finding((*here, "date"), f"must be later than the date before it, {latest}")
        now, latest = change.manager, change.date


def _of_managers(lookup: Lookup) -> Iterator[tuple]:
    """Places of settings that need managers."""
    plan = lookup.plan
    for index, target in enumerate(plan.targets):
        if target.unit == "manager":
            yield "targets", index, "unit"
    for index, card in enumerate(plan.scorecards):
        if "manager" in card.units:
            yield "scorecards", index, "units"
    for index, award in enumerate(plan.awards):
        if getattr(award, "unit", None) == "manager":
            yield "awards", index, "unit"


def _apart(lookup: Lookup, units: list[Led]) -> Iterator[Finding]:
    """Whoever leads two units of which none holds the other: an event that both share must not count twice."""
    inexact = [id for id in sorted(rolled_up_kpis(lookup.plan)) if not _adds_by_itself(lookup.kpis[id])]
    inexact += [f"the sample of {id}" for id in _sampled(lookup) if id not in inexact]
    if not inexact:
        return
    seen: set[tuple] = set()
    for day in sorted({date.min, *(change.date for led in units for change in led.unit.handovers)}):
        held: dict[str, list[Led]] = defaultdict(list)
        for led in units:
            if (manager := led.manager_on(day)) is not None:
                held[manager].append(led)
        for manager, mine in held.items():
            names = {(led.kind, led.id) for led in mine}
            widest = [led for led in mine if not names.intersection(led.inside)]
            about = (manager, *((led.kind, led.id) for led in widest))
            if len(widest) < 2 or about in seen:
                continue
            seen.add(about)
            one, other = widest[:2]
            since = "" if day == date.min else f" from {day} on"
            message = (
                f"{manager} leads {one.kind} {one.id} as well{since}: what people of both share would count twice in "
                f"{', '.join(inexact)}; expected one unit, or one that holds the other"
            )
            yield Finding(other.path, message)


def _adds_by_itself(kpi: Kpi) -> bool:
    """Whether a manager's value is exact whatever units share an event: amounts are parts, an extreme is one value, a
    set has each once.
    """
    if kpi.aggregate == "ratio":
        return all(_side_adds(kpi, side) for side in (kpi.numerator, kpi.denominator) if side)
    exact = kpi.aggregate in ("min", "max", "distinct") or (kpi.aggregate, kpi.field) == ("sum", "amount")
    return exact or SHARED.isdisjoint(kpi.events)


def _side_adds(kpi: Kpi, side: Part) -> bool:
    return side.field == "amount" or SHARED.isdisjoint(side.events or kpi.events)


def _sampled(lookup: Lookup) -> list[str]:
    """KPIs on whose number of shared events an award or a score of managers depends."""
    sampled = [part for card in lookup.plan.scorecards if "manager" in card.units for part in card.kpis]
    sampled += [
        one
        for award in lookup.plan.awards
        if getattr(award, "unit", None) == "manager"
        for one in ([award] if award.kind == "tiers" else (*award.all, *award.any))
    ]
    asked = {one.kpi for one in sampled if one.min_sample and one.kpi in lookup.kpis}
    return sorted(id for id in asked if not _sample_adds(lookup.kpis[id]))


def _sample_adds(kpi: Kpi) -> bool:
    """Of a ratio it is the lower side; of an extreme every credit counts, also those of one event."""
    if kpi.aggregate == "ratio" and kpi.denominator:
        return _side_adds(kpi, kpi.denominator)
    return kpi.aggregate in ("min", "max") or SHARED.isdisjoint(kpi.events)
