"""Checks of rates, guards and overlays. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.event_fields import FOLLOWING
from schemas.plan_crediting import Guard
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_overlay_checks import check_overlays


def check_crediting(lookup: Lookup) -> Iterator[Finding]:
    """Findings on exchange rates, on every guard and every overlay."""
    yield from _rates(lookup)
    for number, guard in enumerate(lookup.plan.crediting.guards):
        yield from _guard(lookup, ("crediting", "guards", number), guard)
    yield from check_overlays(lookup)


def _rates(lookup: Lookup) -> Iterator[Finding]:
    seen = set()
    for number, rate in enumerate(lookup.plan.rates):
        path = ("rates", number)
        if rate.currency == lookup.plan.currency:
            yield Finding((*path, "currency"), f"{rate.currency} is the plan's own currency and needs no rate")
        if (rate.currency, rate.date) in seen:
            yield Finding((*path, "date"), f"the rate of {rate.currency} for {rate.date} is given twice")
        seen.add((rate.currency, rate.date))


def _guard(lookup: Lookup, path: tuple, guard: Guard) -> Iterator[Finding]:
    if guard.cap is None and not guard.hold_days:
        yield Finding(path, "expected a cap, hold_days, or both")
    if guard.cap is not None and guard.cap <= 0:
        yield Finding((*path, "cap"), "must be above 0")
    for number, name in enumerate(guard.events):
        here = (*path, "events", number)
        if name not in lookup.fields:
            yield Finding.unknown(here, "event type", name, lookup.fields)
        elif name in FOLLOWING:
            yield Finding(here, f"a {name} is credited as its sale was; guard the sale")
