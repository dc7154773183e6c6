"""Later versions of a random plan: other money, bounds, targets, people, definitions and limits."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from tests.generated import random_sample


def changed_plan(dice: Random, plan: Plan, version: int) -> Plan:
    """``plan`` with some settings otherwise."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": version}
    for change in dice.sample(_CHANGES, dice.randint(1, 3)):
        change(dice, given)
    return Plan.model_validate(given)


def changed_unit_plan(dice: Random, plan: Plan, version: int) -> Plan:
    """``plan`` with other money, bounds, people and units, and other settings of awards of units."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": version}
    for change in dice.sample(_OF_UNITS, dice.randint(1, 3)):
        change(dice, given)
    return Plan.model_validate(given)


def _fewer_awards(dice: Random, given: dict) -> None:
    told_of = {award["of"] for award in given["awards"] if award["kind"] == "nudge"}
    given["awards"] = [one for one in given["awards"] if dice.random() < 0.7 or one["id"] in told_of]


def _money(dice: Random, given: dict) -> None:
    for award in given["awards"]:
        if "bonus" in award:
            award["bonus"] = dice.choice(["100", "30"])
        if award["kind"] == "spiff" and "amount" in award:
            award["amount"] = dice.choice(["7.77", "2"])
        for number, tier in enumerate(award.get("tiers", [])):
            for name in ("amount", "rate"):
                if name in tier and award["pays"] != "interpolated":
                    tier[name] = str(float(tier[name]) * dice.choice([1, 2])) if name == "amount" else f"{number + 1}%"


def _bounds(dice: Random, given: dict) -> None:
    for award in given["awards"]:
        for condition in award.get("all", []) + award.get("any", []):
            if "value" in condition:
                condition["value"] = dice.choice([1, 5, 20, 60])
        if award["kind"] == "tiers" and award["pays"] != "interpolated" and dice.random() < 0.5:
            award["tiers"] = award["tiers"][:1]
        if award["kind"] == "tiers":
            award |= random_sample(award)


def _settling(dice: Random, given: dict) -> None:
    for award in given["awards"]:
        of_units = award.get("unit") is not None
        if award["kind"] in ("threshold", "streak", "personal_best") and not (of_units or award.get("cool_down_days")):
            award |= {"rearm": dice.random() < 0.5}
            award |= {} if "margin" in award else {"settle": dice.choice(["live", "sticky"])}


def _roles(dice: Random, given: dict) -> None:
    for award in given["awards"]:
        if award["kind"] != "nudge":
            award["roles"] = dice.choice([award.get("roles", []), ["rep"], []])


def _people(dice: Random, given: dict) -> None:
    for department in given["organisation"]["departments"]:
        for team in department["teams"]:
            team["employees"] = [one for one in team["employees"] if dice.random() < 0.8]
            for employee in team["employees"]:
                employee["role"] = dice.choice(["rep", "agent"])


def _targets(dice: Random, given: dict) -> None:
    for target in given["targets"]:
        if "value" in target:
            target["value"] = dice.choice([1, 5, 20, 50, 100])


def _definitions(dice: Random, given: dict) -> None:
    for kpi in given["kpis"]:
        if kpi["id"] == "revenue":
            kpi["events"] = dice.choice([["sale"], ["sale", "refund"], kpi["events"]])
        if kpi["id"] == "activity":
            kpi["events"] = dice.choice([["visit"], ["sale", "visit"]])
        if kpi["id"] == "satisfaction":
            kpi["field"] = "score"
            kpi["where"] = dice.choice([{}, {"score": {"gte": 60}}])


def _limits(dice: Random, given: dict) -> None:
    for guard in given["crediting"].get("guards", []):
        if "same_customer" in guard:
            guard["same_customer"] = dice.choice([1, 2, 3])


def _places(dice: Random, given: dict) -> None:
    given["organisation"]["backdated"] = dice.choice(["keep", "move"])
    given["organisation"]["standing"] = dice.choice(["period_end", "period_start"])


def _prizes(dice: Random, given: dict) -> None:
    for award in given["awards"]:
        award |= {name: dice.choice([1, 2, award[name]]) for name in ("prize", "top", "places") if name in award}
        if award["kind"] == "pool" and "amount" in award:
            award["amount"] = dice.choice(["100", "10.01"])
        if award["kind"] in ("honour", "pool") and not ("floor" in award and award["settle"] == "live"):
            award["settle"] = dice.choice(["period_end", award["settle"]])
        if award["kind"] == "first":
            award["settle"] = dice.choice(["sticky", "live"])
        if award["kind"] == "threshold":
            award |= {"rearm": dice.random() < 0.5, "settle": dice.choice(["live", "sticky"])}


def _moves(dice: Random, given: dict) -> None:
    teams = [team for department in given["organisation"]["departments"] for team in department["teams"]]
    fewer, more = dice.choice([team for team in teams if team["employees"]]), dice.choice(teams)
    more["employees"].append(fewer["employees"].pop())
    given["organisation"]["backdated"] = dice.choice(["keep", "move"])


def _teams(dice: Random, given: dict) -> None:
    """A team goes to another department, or is dissolved and its people go to another team."""
    departments = given["organisation"]["departments"]
    having = [one for one in departments if one["teams"]]
    fewer = dice.choice([one for one in having if len(one["teams"]) > 1] or having)
    team = fewer["teams"].pop()
    more = dice.choice([one for one in departments if one is not fewer])
    more["teams"].append(team)
    if dice.random() < 0.5 and len(more["teams"]) > 1 and not team.get("manager") and not team.get("handovers"):
        more["teams"].pop()
        more["teams"][0]["employees"] += team["employees"]
        given["targets"] = [one for one in given["targets"] if one.get("team") != team["id"]]
    given["organisation"]["backdated"] = dice.choice(["keep", "move"])


def _gone(dice: Random, given: dict) -> None:
    """Somebody leaves the plan; he may come back with another one made from one before."""
    teams = [team for department in given["organisation"]["departments"] for team in department["teams"]]
    team = dice.choice([team for team in teams if team["employees"]])
    gone = team["employees"].pop()["id"]
    for unit in (given["organisation"], *given["organisation"]["departments"], *teams):
        if unit.get("manager") == gone:
            del unit["manager"]
        unit["handovers"] = [one for one in unit.get("handovers", []) if one.get("manager") != gone]
    given["targets"] = [one for one in given["targets"] if one.get("employee") != gone]


def _swapped(dice: Random, given: dict) -> None:
    """Two rules have each other's ids: under both the kind, the period or the unit is another."""
    told_of = {award["of"] for award in given["awards"] if award["kind"] == "nudge"}
    free = [one for one in given["awards"] if one["id"] not in told_of]
    if len(free) > 1:
        one, other = dice.sample(free, 2)
        one["id"], other["id"] = other["id"], one["id"]


_OF_UNITS = [
    _money, _bounds, _targets, _definitions, _places, _prizes, _prizes, _moves, _moves, _gone, _fewer_awards,
    _swapped, _teams, _teams,
]  # fmt: skip
_CHANGES = [
    _fewer_awards, _money, _bounds, _settling, _roles, _people, _targets, _definitions, _definitions, _limits,
    _places, _swapped,
]  # fmt: skip
