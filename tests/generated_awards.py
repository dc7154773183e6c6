"""Random plans with the kinds of awards that look beyond one value: each draws from ``SPECIAL``."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from tests.generated import KPIS, random_plan

#: KPIs that stand still in swinging_events.
_STILL = ("units", "complaints", "conversion", "yield", "customers", "quickest", "slow")
_MOVING = ("revenue", "satisfaction", "activity", "largest")
#: What a table may be moved from to what swinging_events moves.
_STEADY = [kpi["id"] for kpi in KPIS if kpi.get("direction") != "down"]
_DOWN = [kpi["id"] for kpi in KPIS if kpi.get("direction") == "down"]


def random_special_plan(dice: Random, version: int = 1) -> Plan:
    """As random_plan, with margins and cool-downs, and special awards in place of some others."""
    plan = random_plan(dice, version=version)
    given = plan.model_dump(mode="json", exclude_none=True)
    tables = [award for award in given["awards"] if award["kind"] == "tiers"]
    others = [award for award in given["awards"] if award["kind"] != "tiers"]
    for award in given["awards"]:
        if award["settle"] != "sticky":
            award |= dice.choice([{}, {"margin": "20%"}, {"rearm": True, "cool_down_days": dice.choice([1, 3])}])
            about = dice.choice(["revenue", "satisfaction"])  # what swinging_events moves
            if award["kind"] == "tiers" and award["pays"] in ("flat", "nothing") and award["kpi"] in _STEADY:
                award["kpi"] = about
            for condition in award.get("all", []) + award.get("any", []):
                condition["kpi"] = about if condition["kpi"] in _STILL else condition["kpi"]
    kinds = ["month", "week", "season", "day"]
    awards = [dice.choice(SPECIAL)(dice, f"x{number}", kinds, tables) for number in range(4)]
    return Plan.model_validate(given | {"awards": tables + others[:2] + awards})


def swinging_events(dice: Random, currency: str, most: int = 30) -> list[dict]:
    """Values that go up and down: answers good and bad, sales whose refunds find them, some visits."""
    events = []
    for number in range(dice.randint(1, most)):
        kind = dice.choice(["sale", "sale", "refund", "survey_answer", "survey_answer", "visit"])
        data: dict = {"employee": dice.choice(["E1", "E1", "E3"])}
        if kind == "sale":
            data |= {"amount": dice.choice(["10", "33.33", "60"]), "currency": currency}
        elif kind == "refund":
            data = {"sale_id": f"e{dice.randint(0, number)}", "amount": dice.choice(["5", "10"]), "currency": currency}
        else:
            data |= {"score": dice.choice([0, 50, "90.5", 100])} if kind == "survey_answer" else {"minutes": 20}
        day = min(10, max(1, number * 10 // most + dice.choice([0, 1, 1, 2, -3])))
        time = f"2026-03-{day:02d}T{dice.randint(0, 23):02d}:30:00+00:00"
        event = {"specversion": "1.0", "source": "s", "id": f"e{number}", "type": kind, "time": time, "data": data}
        events.append(event)
    return events


def _nudge(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    table = dice.choice(tables)
    award = {
        "kind": "nudge", "id": id, "name": "n", "of": table["id"], "rearm": dice.random() < 0.5,
        "within": dice.choice(["5%", "33.3%", "60%", "99%"]),
    }  # fmt: skip
    if not table["period"].startswith("rolling") and dice.random() < 0.5:
        award |= {"days_left": dice.choice([0, 1, 3, 22]), "count": dice.choice(["days", "workdays"])}
    return award


def _forecast_nudge(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    """About a table on what moves, whose last tier is as far off as a forecast."""
    moving = [one for one in tables if one["kpi"] in _MOVING and not one["period"].startswith("rolling")]
    if not moving:
        return _nudge(dice, id, kinds, tables)
    table = dice.choice(moving)
    last = table["tiers"][-1]
    last |= {"attainment": "900%"} if "attainment" in last else {"value": dice.choice([120, 300, 1000])}
    award = _nudge(dice, id, kinds, [table]) | {"by": "forecast", "after": dice.choice([1, 1, 2])}
    award |= {"within": dice.choice(["33.3%", "60%", "99%", "99%"])}
    if award.get("days_left", 22) < 22 and dice.random() < 0.7:
        del award["days_left"]
    return award | ({"cool_down_days": dice.choice([0, 2])} if award["rearm"] else {})


def _streak(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    period, periods = dice.choice([*kinds, "day", "day"]), dice.choice([2, 3])
    attainment = [{"attainment": dice.choice(["1%", "50%", "80%"])}] * (period not in ("day", "month"))
    conditions = [
        {"kpi": kpi, "min_sample": dice.choice([0, 0, 2])}
        | dice.choice([{"value": dice.choice([1, 5, 40])}, *attainment])
        for kpi in dice.sample(["revenue", "satisfaction", "activity", "complaints"], dice.choice([1, 1, 2]))
    ]
    return {
        "kind": "streak", "id": id, "name": "s", "period": period, dice.choice(["all", "any"]): conditions,
        "periods": periods, "each": dice.choice(["run", "period"]), "bonus": 70, "promotion": dice.random() < 0.3,
        "without_workdays": dice.choice(["skip", "count"]), "without_target": dice.choice(["skip", "count"]),
        "settle": dice.choice(["live", "live", "sticky", "period_end"]), "rearm": dice.random() < 0.5,
        "roles": dice.choice([[], [], ["rep"]]),
    } | ({"out_of": periods + 1} if dice.random() < 0.5 else {})  # fmt: skip


def random_spiff(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    events = dice.choice([["sale"], ["sale"], ["sale", "visit"], ["visit"]])
    where = {"channel": dice.choice(["web", ["web", "shop"]])} if events == ["sale"] and dice.random() < 0.4 else {}
    rate = {"rate": dice.choice(["3.33%", "10%"]), "field": dice.choice(["amount", "quantity"])}
    pays = dice.choice([{"amount": "7.77"}, rate, rate | {"amount": 3}]) if events == ["sale"] else {"amount": 5}
    dates = {"start": f"2026-03-0{dice.randint(1, 5)}", "end": f"2026-03-0{dice.randint(6, 9)}"}
    return {
        "kind": "spiff", "id": id, "name": "s", "period": dice.choice(kinds), "events": events, "where": where,
        "roles": dice.choice([[], [], ["rep"]]),
    } | pays | dice.choice([{}, dates]) | dice.choice([{}, {"cap": dice.choice(["6.5", 20])}])  # fmt: skip


def _training(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    bound = dice.choice([
        *[{"below_pace": dice.choice(["50%", "80%", "120%"]), "after": dice.choice([1, 1, 2, 4])}] * 2,
        {"below_attainment": "80%", "periods": dice.choice([1, 2])},
        {"below_value": dice.choice([5, 40, 95]), "periods": dice.choice([1, 2, 3])},
    ])  # fmt: skip
    return {
        "kind": "training", "id": id, "name": "t", "course": "c",
        "period": dice.choice([*kinds, "season", "week", "day"]),
        "kpi": dice.choice([*(kpi["id"] for kpi in KPIS), *["revenue", "satisfaction", "activity"] * 4]),
        "settle": dice.choice(["live", "live", "sticky"]), "roles": dice.choice([[], [], ["rep"]]),
        "min_sample": dice.choice([0, 0, 1, 2]),
    } | bound  # fmt: skip


def _personal_best(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    about = [kpi["id"] for kpi in KPIS if kpi["id"] not in _DOWN or kpi["aggregate"] in ("mean", "min")]
    return {
        "kind": "personal_best", "id": id, "name": "b", "period": dice.choice([*kinds, "season", "week", "day", "day"]),
        "kpi": dice.choice([*about, *["revenue", "satisfaction", "activity"] * 3]),
        "min_periods": dice.choice([1, 1, 2, 3]), "min_sample": dice.choice([0, 0, 1, 2]),
        "roles": dice.choice([[], ["rep"]]),
        "settle": dice.choice(["live", "live", "sticky", "period_end"]), "rearm": dice.random() < 0.5,
    } | dice.choice([{}, {"bonus": 40}]) | dice.choice([{}, {"ahead": "10%"}, {"ahead": "50%"}])  # fmt: skip


SPECIAL = [_nudge, _forecast_nudge, _streak, random_spiff, _training, _personal_best]
