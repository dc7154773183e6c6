"""Later versions of a random plan: other money, bounds, targets, people, definitions and limits."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan


def changed_rules(dice: Random, plan: Plan, version: int) -> Plan:
    """``plan`` with other money, bounds, targets or settling."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": version}
    for change in dice.sample([_money, _bounds, _targets, _settling], dice.randint(1, 2)):
        change(dice, given)
    return Plan.model_validate(given)


def changed_plan(dice: Random, plan: Plan, version: int) -> Plan:
    """``plan`` with some settings otherwise; every award keeps its kind and period."""
    given = plan.model_dump(mode="json", exclude_none=True) | {"version": version}
    for change in dice.sample(_CHANGES, dice.randint(1, 3)):
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


_CHANGES = [
    _fewer_awards, _money, _bounds, _settling, _roles, _people, _targets, _definitions, _definitions, _limits,
    _places,
]  # fmt: skip
