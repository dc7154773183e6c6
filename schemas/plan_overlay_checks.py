"""Checks of overlays: events and fields that there are, one way of naming people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.event_fields import FOLLOWING
from schemas.plan_kpi_checks import check_where
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_overlays import Overlay


def check_overlays(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every overlay of the plan."""
    for number, overlay in enumerate(lookup.plan.crediting.overlays):
        path = ("crediting", "overlays", number)
        yield from _events(lookup, path, overlay)
        yield from _people(lookup, path, overlay)
        yield from check_where(lookup, (*path, "where"), overlay.events, overlay.where)
        if not 0 < overlay.share <= 1:
            yield Finding((*path, "share"), "expected more than 0% and at most 100%")


def _events(lookup: Lookup, path: tuple, overlay: Overlay) -> Iterator[Finding]:
    for number, name in enumerate(overlay.events):
        here = (*path, "events", number)
        if name not in lookup.fields:
            yield Finding.unknown(here, "event type", name, lookup.fields)
        elif name in FOLLOWING:
            yield Finding(here, f"a {name} is credited as its sale was; name the sale")


def _people(lookup: Lookup, path: tuple, overlay: Overlay) -> Iterator[Finding]:
    if (overlay.employee is None) == (overlay.role is None):
        yield Finding(path, "expected either employee or role")
    for kind in ("employee", "role"):
        if getattr(overlay, kind) is not None:
            yield from lookup.refer((*path, kind), kind, getattr(overlay, kind))
    if overlay.role is None and "within" in overlay.model_fields_set:
        yield Finding((*path, "within"), "only people of a role are looked for within a unit; expected role as well")
