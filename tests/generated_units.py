"""Random plans with awards and targets of units."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from schemas.plan_lookup import Lookup
from schemas.plan_manager_checks import check_managers
from tests.generated import KPIS, _award, _scorecard, conditions_on_score, random_plan, random_sample

_KINDS = ("team", "department", "company", "manager")
_SELECTED = (
    *((unit, {}) for unit in _KINDS), ("team", {"team": "t1"}), ("team", {"department": "d1"}),
    ("manager", {"employee": "E1"}), ("manager", {"role": "rep"}),
)  # fmt: skip
_PRORATED = {("manager", period) for period in ("month", "week", "season")}
#: Who may lead what, so that of what one person leads at a time one unit holds the others.
_MAY_LEAD = {"t1": ["E1"], "t2": ["E2"], "t3": ["E3"], "d1": ["E1", "E2"], "d2": ["E3"], "": ["E1", "E2", "E3"]}
_ADDS_UP = {kpi["id"] for kpi in KPIS if kpi["aggregate"] in ("sum", "count")}

#: What several may share: counted twice by whoever leads two units apart.
_COUNTS_TWICE = frozenset({"units", "activity"})
#: Of the others those whose sample is not.
_SAMPLED_ONCE = frozenset({"complaints", "quickest", "largest", "satisfaction", "slow", "conversion", "yield"})


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
    personal = [_scorecard(dice, number) | {"id": f"own{number}"} for number in range(2)]
    awards += [dice.choice(_COMPARING)(dice, f"p{number}", personal) for number in range(2)]
    cards += personal
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


def give_managers(dice: Random, organisation: dict, leaders: dict[str, list[str]] = _MAY_LEAD) -> None:
    """Managers of some units, and handovers within the history. ``leaders``: who may lead, by unit."""
    departments = organisation["departments"]
    for unit in (organisation, *departments, *(team for department in departments for team in department["teams"])):
        may = [*leaders[unit.get("id", "")], None]
        unit["manager"] = dice.choice(may)
        days = sorted(dice.sample(range(2, 12), dice.choice([0, 0, 1, 2])))
        unit["handovers"] = [{"date": f"2026-03-{day:02d}", "manager": dice.choice(may)} for day in days]


def random_apart_plan(dice: Random) -> Plan:
    """As random_unit_plan, where anybody may lead anything, and managers have only what counts right there."""
    given = random_unit_plan(dice).model_dump(mode="json", exclude_none=True)
    give_managers(dice, given["organisation"], {unit: ["E1", "E2", "E3"] for unit in _MAY_LEAD})
    for card in given["scorecards"]:
        if _COUNTS_TWICE.intersection(part["kpi"] for part in card["kpis"]):
            card["units"] = [unit for unit in card["units"] if unit != "manager"] or ["team"]
        for part in card["kpis"] if "manager" in card["units"] else ():
            part["min_sample"] = part.get("min_sample", 0) if part["kpi"] in _SAMPLED_ONCE else 0
    of_managers = {card["id"] for card in given["scorecards"] if "manager" in card.get("units", ())}
    fits = {kpi["id"] for kpi in KPIS} - _COUNTS_TWICE | of_managers
    given["awards"] = [one for one in given["awards"] if one.get("unit") != "manager" or _kpis_of(one) <= fits]
    given["targets"] = [one for one in given["targets"] if one.get("unit") != "manager" or one["kpi"] in fits]
    for award in given["awards"]:
        for sampled in award.get("all", []) + award.get("any", []) or [award] if award.get("unit") == "manager" else ():
            sampled["min_sample"] = sampled.get("min_sample", 0) if sampled["kpi"] in _SAMPLED_ONCE else 0
    plan = Plan.model_validate(given)
    assert not [one for one in check_managers(Lookup(plan)) if "count twice" in one.message]
    return plan


def _kpis_of(award: dict) -> set[str]:
    return {one["kpi"] for one in award.get("all", []) + award.get("any", []) or [award]}


def _on_unit_score(dice: Random, card: dict) -> dict:
    """Conditions or a tier table on the score of units."""
    award = conditions_on_score(dice, card) | {"unit": dice.choice(card["units"]), "roles": []}
    if dice.random() < 0.5:
        return award
    pays = dice.choice(["flat", "interpolated", "nothing"])
    tiers = [{"value": bound} | ({"amount": 10 + bound} if pays != "nothing" else {}) for bound in (0, 20, 70)]
    shared = {name: award[name] for name in ("id", "name", "period", "settle", "rearm", "unit")}
    table = shared | {"kind": "tiers", "kpi": card["id"], "pays": pays, "tiers": tiers}
    return table | random_sample(table)


def random_people_plan(dice: Random, version: int = 1) -> Plan:
    """Six awards that compare people, about what swinging_events moves."""
    plan = random_plan(dice, rolling=False, version=version)
    cards = [_scorecard(dice, number) | {"id": f"own{number}", "roles": []} for number in range(2)]
    awards = [dice.choice(_COMPARING)(dice, f"p{number}", cards) for number in range(6)]
    for award in awards:
        for condition in award.get("all", []) + award.get("any", []):
            condition["kpi"] = dice.choice(["revenue", "satisfaction", "activity", "slow"])
            if condition["kpi"] == "slow" or dice.random() < 0.7:
                condition.pop("attainment", None)
                condition |= {"value": dice.choice([1, 10, 40]), "min_sample": 0}
    given = plan.model_dump(mode="json", exclude_none=True)
    targets = [
        {"kpi": kpi, "period": period, "unit": unit, "value": dice.choice([1, 20, 60])}
        for kpi in ("revenue", "satisfaction", "activity")
        for period in ("month", "week", "season")
        for unit in ("team", "department")
        if dice.random() < 0.6
    ]
    return Plan.model_validate(
        given | {"awards": awards, "scorecards": cards, "targets": given["targets"] + targets}
    )


def _honour(dice: Random, id: str, cards: list[dict]) -> dict:
    often = ["revenue", "revenue", "satisfaction", "activity"]
    kpi = dice.choice([*(kpi["id"] for kpi in KPIS), *often, *(card["id"] for card in cards)])
    by = dice.choice(["value", "value", "attainment"]) if not kpi.startswith("own") else "value"
    return _compared(dice, "honour", id, kpi, cards) | {
        "kpi": kpi, "by": by, "top": dice.choice([1, 2, 3]), "ties": dice.choice(["dense", "competition"]), "prize": 70,
        "settle": dice.choice(["period_end", "live"]), "all": _member_conditions(dice, dice.choice([0, 0, 1])),
    }  # fmt: skip


def _first(dice: Random, id: str, cards: list[dict]) -> dict:
    first = _compared(dice, "first", id, "", cards) | {
        "places": dice.choice([1, 2]), "prize": 30, "settle": dice.choice(["sticky", "live"]),
        dice.choice(["all", "any"]): _member_conditions(dice, dice.choice([1, 2])),
    }  # fmt: skip
    if dice.random() < 0.5:
        return first
    contenders, share = dice.choice(["team", "team", "department"]), dice.choice(["unit", "equal"])
    unit = dice.choice(["department", "company"]) if contenders == "team" else "company"
    roles = first["roles"] if share == "equal" else []
    return first | {"contenders": contenders, "unit": unit, "share": share, "roles": roles}


def _pool(dice: Random, id: str, cards: list[dict]) -> dict:
    by = dice.choice(["revenue", "activity", "satisfaction", "conversion", *(card["id"] for card in cards), None])
    money = dice.choice([{"amount": 100}, {"amount": "33.33"}, {"rate": "3.33%", "kpi": "revenue"}])
    floor = {"floor": {"value": dice.choice([0, 20, 60])}, "kpi": "revenue"}
    pool = _compared(dice, "pool", id, by or "", cards) | money | dice.choice([{}, floor])
    pool |= {"share_by": by, "all": _member_conditions(dice, dice.choice([0, 0, 1]))}
    moved = by or "kpi" in pool or pool["all"]
    if "floor" in pool:
        pool["floor"] = pool["floor"] | random_sample(pool)
    return pool | {"settle": dice.choice(["period_end", "live"] if moved else ["period_end"])}


def _compared(dice: Random, kind: str, id: str, kpi: str, cards: list[dict]) -> dict:
    period = next((card["period"] for card in cards if card["id"] == kpi), dice.choice(["month", "week", "season"]))
    return {
        "kind": kind, "id": id, "name": "c", "period": period, "unit": dice.choice(["team", "department", "company"]),
        "roles": dice.choice([[], [], ["rep"]]),
    }  # fmt: skip


def _member_conditions(dice: Random, count: int) -> list[dict]:
    return [
        {"kpi": kpi["id"], "min_sample": dice.choice([0, 0, 2])}
        | dice.choice([{"attainment": dice.choice(["50%", "100%"])}, {"value": dice.choice([1, 5, 20])}])
        for kpi in dice.sample(KPIS, count)
    ]


_COMPARING = [_honour, _first, _pool]
