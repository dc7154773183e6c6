"""Checks of rates, guards and overlays. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.event_fields import FOLLOWING
from schemas.plan_crediting import Guard
from schemas.plan_lookup import Finding, Lookup, is_rolling
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
    if guard.cap is None and not guard.hold_days and guard.same_customer is None:
        yield Finding(path, "expected a cap, hold_days, same_customer, or several of them")
    yield from _same_customer(lookup, path, guard)
    yield from lookup.amounts(path, guard)
    if guard.cap is not None and guard.cap <= 0:
        yield Finding((*path, "cap"), "must be above 0")
    for number, name in enumerate(guard.events):
        here = (*path, "events", number)
        if name not in lookup.fields:
            yield Finding.unknown(here, "event type", name, lookup.fields)
        elif name in FOLLOWING:
            yield Finding(here, f"a {name} is credited as its sale was; guard the sale")


def _same_customer(lookup: Lookup, path: tuple, guard: Guard) -> Iterator[Finding]:
    """Who limits customers names events that have one, and periods that begin and end."""
    if guard.same_customer is None:
        if "per" in guard.model_fields_set:
            yield Finding((*path, "per"), "only same_customer counts by period; expected same_customer as well")
        return
    if not guard.events:
        yield Finding((*path, "same_customer"), "expected the events whose customers are counted")
    for number, name in enumerate(guard.events):
        if name in lookup.fields and lookup.fields[name].get("customer") != "string":
            yield Finding((*path, "events", number), f"{name} has no text field customer")
    yield from lookup.period((*path, "per"), guard.per)
    if is_rolling(guard.per):
        yield Finding((*path, "per"), "expected a period with a beginning and an end, such as day or month")
