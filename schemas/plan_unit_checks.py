"""Checks of targets and awards of whole units. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan import Target
from schemas.plan_awards import ThresholdAward, TierAward
from schemas.plan_goals import targets_of
from schemas.plan_lookup import Finding, Lookup

#: Selectors that a target of a unit may have: itself, and what it lies in.
_SELECTORS = {
    "team": ("team", "department"), "department": ("department",), "company": (), "manager": ("employee", "role"),
}  # fmt: skip
_ADDS_UP = ("sum", "count")


def check_unit_target(path: tuple, target: Target) -> Iterator[Finding]:
    """A target of a unit selects units, not persons."""
    if target.unit is None:
        return
    for name in ("employee", "role", "team", "department"):
        if getattr(target, name) is not None and name not in _SELECTORS[target.unit]:
            yield Finding((*path, name), f"a target of a {target.unit} cannot be narrowed by {name}")


def check_unit_award(lookup: Lookup, path: tuple, award: TierAward | ThresholdAward) -> Iterator[Finding]:
    """Sharing needs a unit to share in, and something that adds up to share by."""
    if award.unit is None:
        if award.share != "unit":
            yield Finding((*path, "share"), "only what a unit earns is shared; expected unit as well")
        return
    if award.unit == "manager":
        if award.share != "unit":
            yield Finding((*path, "share"), "what a manager earns is his own; expected no share")
        return
    if award.roles and award.share == "unit":
        yield Finding((*path, "roles"), "roles say which members share; expected share: equal or by_value")
    first = next(iter(award.kpi_ids()), None)
    kinds = {kpi.id: kpi.aggregate for kpi in lookup.kpis.values()} | dict.fromkeys(lookup.scorecards, "score")
    if award.share == "by_value" and kinds.get(first, "sum") not in _ADDS_UP:
        expected = f"expected a KPI that adds up ({' or '.join(_ADDS_UP)})"
        yield Finding((*path, "share"), f"{first} is a {kinds[first]}, of which members have no share; {expected}")


def unit_target_missing(lookup: Lookup, path: tuple, kpi: str, period: str, unit: str) -> Iterator[Finding]:
    """Attainment of a unit needs a target of such units."""
    wanted = (kpi, period, unit)
    if kpi in lookup.kpis and wanted not in {(one.kpi, one.period, one.unit) for one in targets_of(lookup.plan)}:
        message = f"attainment of a {unit} needs a target with unit: {unit} on {kpi} for period {period}; there is none"
        yield Finding(path, message, needs=frozenset([kpi]))
