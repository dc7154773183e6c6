"""Checks of what all bounds have in common: one of attainment and value, and a target to attain. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from schemas.plan import Kpi
from schemas.plan_goals import targets_of
from schemas.plan_lookup import Finding, Lookup
from schemas.plan_unit_checks import unit_target_missing
from schemas.plan_units import judged_unit


def check_bound(
    lookup: Lookup, path: tuple, kpi: str, attainment: Decimal | None, value: Decimal | None
) -> Iterator[Finding]:
    """Findings on one bound on a KPI, given as an attainment or as a value."""
    if (attainment is None) == (value is None):
        yield Finding(path, "expected either an attainment or a value")
    if attainment is not None and attainment < 0:
        yield Finding((*path, "attainment"), "must not be negative")
    if value is not None:
        yield from lookup.measure((*path, "value"), kpi, value)


def check_target(lookup: Lookup, path: tuple, kpi: str, award) -> Iterator[Finding]:
    """Attainment is undefined without a target on this KPI; a warning where only some roles lack one."""
    if (unit := judged_unit(award)) is not None:
        yield from unit_target_missing(lookup, path, kpi, award.period, unit)
        return
    if kpi not in lookup.kpis:
        return
    wanted = (kpi, award.period, None)
    targets = [target for target in targets_of(lookup.plan) if (target.kpi, target.period, target.unit) == wanted]
    if not targets:
        needing = "attainment" if getattr(award, "below_pace", None) is None else "pace"
        message = f"{needing} needs a target on {kpi} for period {award.period}; there is none"
        yield Finding(path, message, needs=frozenset([kpi]))
        return
    covered = lookup.covered(targets)
    without = dict.fromkeys(
        place[1] for place in lookup.places if place not in covered and (not award.roles or place[1] in award.roles)
    )
    for role in without:
        yield Finding(path, f"some employees of role {role} have no target on {kpi} for period {award.period}", True)


def check_sample(path: tuple, kpi: Kpi | None, least: int) -> Iterator[Finding]:
    """A doubt about the ``min_sample`` of what stands at ``path``."""
    if kpi is not None and kpi.aggregate == "count" and least:
        message = f"{kpi.id} is a count: the number of its events is the value itself, and a bound on it says it all"
        yield Finding((*path, "min_sample"), message, True)
