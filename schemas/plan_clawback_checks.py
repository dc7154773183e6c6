"""Checks of what a refund takes back: reversing the line that a sale was paid by. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_awards import TierAward
from schemas.plan_lookup import Finding, Lookup, is_rolling


def check_clawback(lookup: Lookup, path: tuple, award: TierAward) -> Iterator[Finding]:
    """Findings on ``clawback: as_paid``: where a line of its own belongs to every sale."""
    if award.clawback != "as_paid":
        return
    here = (*path, "clawback")
    kpi = lookup.kpis.get(award.kpi)
    if award.pays not in ("marginal", "slab"):
        yield Finding(here, "as_paid reverses what a rate paid; expected pays: marginal or slab")
    if kpi is not None and kpi.aggregate != "sum":
        yield Finding(here, f"as_paid needs a sum; {award.kpi} is a {kpi.aggregate}")
    if kpi is not None and "refund" not in kpi.events:
        yield Finding(here, f"{award.kpi} does not count refunds: nothing is ever taken back", True)
    if is_rolling(award.period):
        yield Finding(here, "in a rolling period sales leave by themselves; expected a calendar period")
    for name in ("cap", "floor", "hurdle", "min_sample"):
        if getattr(award, name):
            yield Finding((*path, name), f"a {name} looks at the whole period; expected clawback: re_rate with it")
