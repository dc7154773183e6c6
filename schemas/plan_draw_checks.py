"""Checks of draws. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_lookup import Finding, Lookup, is_rolling


def check_draws(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every draw of the plan."""
    seen: set[str] = set()
    for index, draw in enumerate(lookup.plan.draws):
        path = ("draws", index)
        if draw.id in seen:
            yield Finding((*path, "id"), f"draw {draw.id} is given twice")
        seen.add(draw.id)
        yield from lookup.period((*path, "period"), draw.period)
        if is_rolling(draw.period):
            yield Finding((*path, "period"), "a rolling period is never paid out; expected one that ends")
        yield from lookup.amounts(path, draw)
        if draw.amount <= 0:
            yield Finding((*path, "amount"), "must be above 0")
        for name, what in (("roles", "role"), ("employees", "employee")):
            for number, one in enumerate(getattr(draw, name)):
                yield from lookup.refer((*path, name, number), what, one)
        if draw.start is not None and draw.end is not None and draw.end <= draw.start:
            yield Finding((*path, "end"), "is the first day that does not count; expected a day after start")
