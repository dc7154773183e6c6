"""Random plans with awards and targets of units."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from tests.generated import KPIS, _award, _on_score, _scorecard, random_plan

_KINDS = ("team", "department", "company", "manager")
_SELECTED = (
    *((unit, {}) for unit in _KINDS), ("team", {"team": "t1"}), ("team", {"department": "d1"}),
    ("manager", {"employee": "E1"}), ("manager", {"role": "rep"}),
)  # fmt: skip
_PRORATED = {("manager", period) for period in ("month", "week", "season")}
#: Who may lead what, so that of what one person leads at a time one unit holds the others.
_MAY_LEAD = {"t1": ["E1"], "t2": ["E2"], "t3": ["E3"], "d1": ["E1", "E2"], "d2": ["E3"], "": ["E1", "E2", "E3"]}
_ADDS_UP = {kpi["id"] for kpi in KPIS if kpi["aggregate"] in ("sum", "count")}


def random_unit_plan(dice: Random, version: int = 1) -> Plan:
    """As random_plan, with awards of units of every kind, targets for some of them, and scores."""
    plan = random_plan(dice, version=version)
    kinds = ["month", "week", "season", "rolling_3d"]
    targets = [
        {"kpi": kpi["id"], "period": period, "unit": unit, "value": dice.choice([0, 1, 20, 100])}
        | selector
        | ({"prorate": dice.choice(["none", "days", "workdays"])} if (unit, period) in _PRORATED else {})
        for kpi in KPIS
        for period in kinds
        for unit, selector in _SELECTED
        if dice.random() < 0.5
    ]
    awards = [_unit_award(dice, number, kinds) for number in range(6)]
    cards = [_scorecard(dice, number) | {"units": dice.sample(_KINDS, 2), "roles": []} for number in range(2)]
    awards += [_on_unit_score(dice, card) for card in cards]
    given = plan.model_dump(mode="json", exclude_none=True)
    give_managers(dice, given["organisation"])
    return Plan.model_validate(given | {"targets": given["targets"] + targets, "awards": awards, "scorecards": cards})


def _unit_award(dice: Random, number: int, kinds: list[str]) -> dict:
    award = _award(dice, number, kinds) | {"id": f"u{number}", "unit": dice.choice(_KINDS)}
    conditions = award.get("all") or award.get("any") or [award]
    shares = ["unit", "equal"] + ["by_value"] * (conditions[0]["kpi"] in _ADDS_UP)
    if award["unit"] == "manager":
        return award
    share = dice.choice(shares)
    return award | {"share": share, "roles": award["roles"] if share != "unit" else []}


def give_managers(dice: Random, organisation: dict) -> None:
    """Managers of some units, and handovers within the history."""
    departments = organisation["departments"]
    for unit in (organisation, *departments, *(team for department in departments for team in department["teams"])):
        may = [*_MAY_LEAD[unit.get("id", "")], None]
        unit["manager"] = dice.choice(may)
        days = sorted(dice.sample(range(2, 12), dice.choice([0, 0, 1, 2])))
        unit["handovers"] = [{"date": f"2026-03-{day:02d}", "manager": dice.choice(may)} for day in days]


def _on_unit_score(dice: Random, card: dict) -> dict:
    """Conditions or a tier table on the score of units."""
    award = _on_score(dice, card) | {"unit": dice.choice(card["units"]), "roles": []}
    if dice.random() < 0.5:
        return award
    pays = dice.choice(["flat", "interpolated", "nothing"])
    tiers = [{"value": bound} | ({"amount": 10 + bound} if pays != "nothing" else {}) for bound in (0, 20, 70)]
    shared = {name: award[name] for name in ("id", "name", "period", "settle", "rearm", "unit")}
    return shared | {"kind": "tiers", "kpi": card["id"], "pays": pays, "tiers": tiers}
