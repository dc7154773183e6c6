"""Checks of SPIFFs. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.event_fields import FOLLOWING
from schemas.plan_kpi_checks import check_events, check_field, check_where
from schemas.plan_lookup import Finding, Lookup, is_rolling
from schemas.plan_spiff import Spiff


def check_spiff(lookup: Lookup, path: tuple, award: Spiff) -> Iterator[Finding]:
    """Findings on what it pays for, how much, and when."""
    if is_rolling(award.period):
        yield Finding((*path, "period"), "a SPIFF pays in a period that ends; expected no rolling one")
    yield from check_events((*path, "events"), award.events, lookup.fields)
    for number, event in enumerate(award.events):
        if event in FOLLOWING:
            yield Finding(
                (*path, "events", number), f"a {event} takes back what its sale was paid by itself; expected sale"
            )
    yield from check_where(lookup, (*path, "where"), award.events, award.where)
    if award.amount is None and award.rate is None:
        yield Finding(path, "expected an amount for each event, a rate of a field, or both")
    for name in ("amount", "rate", "cap"):
        given = getattr(award, name)
        if given is not None and given <= 0:
            yield Finding((*path, name), "must be above 0")
    if (award.rate is None) != (award.field is None):
        yield Finding(path, "rate and field belong together: expected both or neither")
    if award.field is not None:
        yield from check_field(lookup, (*path, "field"), award.events, award.field, "number")
    if award.start is not None and award.end is not None and award.end <= award.start:
        yield Finding((*path, "end"), "is the first day that does not count; expected a day after start")
