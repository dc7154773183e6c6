"""Random plans with awards and targets of units."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from tests.generated import KPIS, _award, random_plan

_KINDS = ("team", "department", "company")
_SELECTED = (*((unit, {}) for unit in _KINDS), ("team", {"team": "t1"}), ("team", {"department": "d1"}))
_ADDS_UP = {kpi["id"] for kpi in KPIS if kpi["aggregate"] in ("sum", "count")}


def random_unit_plan(dice: Random, version: int = 1) -> Plan:
    """As random_plan, with six awards of units of every kind and targets for some of them."""
    plan = random_plan(dice, version=version)
    kinds = ["month", "week", "season", "rolling_3d"]
    targets = [
        {"kpi": kpi["id"], "period": period, "unit": unit, "value": dice.choice([0, 1, 20, 100])} | selector
        for kpi in KPIS
        for period in kinds
        for unit, selector in _SELECTED
        if dice.random() < 0.5
    ]
    awards = [_unit_award(dice, number, kinds) for number in range(6)]
    given = plan.model_dump(mode="json", exclude_none=True)
    return Plan.model_validate(given | {"targets": given["targets"] + targets, "awards": awards})


def _unit_award(dice: Random, number: int, kinds: list[str]) -> dict:
    award = _award(dice, number, kinds) | {"id": f"u{number}", "unit": dice.choice(_KINDS)}
    conditions = award.get("all") or award.get("any") or [award]
    shares = ["unit", "equal"] + ["by_value"] * (conditions[0]["kpi"] in _ADDS_UP)
    share = dice.choice(shares)
    return award | {"share": share, "roles": award["roles"] if share != "unit" else []}
