"""Random plans and histories, small enough for the naive reference and nasty enough to matter."""

from __future__ import annotations

from copy import deepcopy
from random import Random

from schemas.plan import Plan
from tests.generated_credits import random_change, random_crediting, random_customer_limits, random_fields
from tests.generated_targets import random_dating, with_attendance

ORGANISATION = {
    "company": "acme",
    "departments": [
        {
            "id": "d1",
            "teams": [
                {"id": "t1", "employees": [{"id": "E1", "role": "rep"}, {"id": "E2", "role": "agent"}]},
                {"id": "t2", "employees": [{"id": "E3", "role": "rep"}]},
            ],
        }
    ],
}
SEASON = [
    {"key": "s1", "start": "2026-03-02", "end": "2026-03-05"},
    {"key": "s2", "start": "2026-03-06"},
    {"key": "s3", "start": "2026-03-08", "end": "2026-03-10"},
]


def _kpi(id: str, aggregate: str, events: list[str], field: str = "", **more: object) -> dict:
    return (
        {"id": id, "name": id, "aggregate": aggregate, "events": events, "periods": ["month"]}
        | ({"field": field} if field else {})
        | more
    )


KPIS = [
    _kpi(
        "revenue",
        "sum",
        ["sale", "refund", "correction", "cancellation"],
        "amount",
        periods=["day", "week", "month", "quarter", "year", "season"],
    ),
    _kpi("units", "sum", ["sale"], "quantity", where={"channel": ["web", "shop"]}),
    _kpi("activity", "count", ["sale", "visit"]),
    _kpi("complaints", "count", ["complaint"], direction="down"),
    _kpi("customers", "distinct", ["sale", "visit"], "customer"),
    _kpi("quickest", "min", ["visit"], "minutes", direction="down"),
    _kpi("largest", "max", ["sale", "refund"], "amount"),
    _kpi("satisfaction", "mean", ["survey_answer"], "score"),
    _kpi("slow", "mean", ["visit"], "minutes", direction="down", attainment_at_zero="130%"),
    _kpi(
        "conversion",
        "ratio",
        ["lead", "visit"],
        numerator={"events": ["lead"], "where": {"converted": True}},
        denominator={"events": ["lead"]},
        unit="percent",
    ),
    _kpi(
        "yield",
        "ratio",
        ["sale", "visit"],
        numerator={"events": ["sale"], "field": "amount"},
        denominator={"events": ["visit"], "field": "minutes"},
    ),
]


def random_plan(dice: Random, rolling: bool = True, version: int = 1) -> Plan:
    """A plan over every aggregate, with random targets and six random awards."""
    kinds = ["month", dice.choice(["week", "fiscal_month"]), "season"] + ["rolling_3d"] * rolling
    targets = [
        {"kpi": kpi["id"], "period": kind, "value": dice.choice([0, 1, 5, 20, 50, 100])}
        | selector
        | ({} if kind.startswith("rolling") else random_dating(dice))
        for kpi in KPIS
        for kind in kinds
        for selector in ({}, {"role": "rep"}, {"employee": "E2"})
        if dice.random() < 0.5
    ]
    return Plan.model_validate({
        "plan": "p", "version": version, "timezone": dice.choice(["Asia/Shanghai", "America/New_York"]),
        "currency": dice.choice(["CNY", "JPY"]), "organisation": with_attendance(dice, _organisation(dice)),
        "calendars": {"season": SEASON}, "workdays": ["mon", "tue", "wed", "thu", "fri"], "holidays": ["2026-03-03"],
        "fiscal": {"weeks": "5-4-4"}, "target_change": dice.choice(["day_weighted", "latest", "first"]),
        "late": dice.choice(["event_date", "process_date"]),
        "crediting": {"refund_date": dice.choice(["refund", "sale"]), "guards": _guards(dice)} | random_crediting(dice),
        "rates": _rates(dice), "kpis": KPIS, "targets": targets,
        "scorecards": (cards := [_scorecard(dice, number) for number in range(dice.choice([0, 1, 2]))]),
        "awards": [_award(dice, number, kinds) for number in range(6)] + [_on_score(dice, card) for card in cards],
    })  # fmt: skip


def _organisation(dice: Random) -> dict:
    """ORGANISATION, sometimes with people who change team, role or both within the history."""
    moving = deepcopy(ORGANISATION) | {"standing": dice.choice(["period_end", "period_start"])}
    for team in moving["departments"][0]["teams"]:
        for employee in team["employees"]:
            days = sorted(dice.sample(range(2, 12), dice.choice([0, 0, 1, 2])))
            employee["moves"] = [{"date": f"2026-03-{day:02d}"} | _move(dice) for day in days]
    moving["departments"].append({"id": "d2", "teams": [{"id": "t3"}]})
    return moving


def _rates(dice: Random) -> list[dict]:
    days = dice.choice([[], [], [1, 5], [4]])
    return [{"currency": "USD", "date": f"2026-03-{day:02d}", "rate": dice.choice(["7.1234", "0.137"])} for day in days]


def _guards(dice: Random) -> list[dict]:
    both = [{"events": ["sale"], "cap": 40}, {"hold_days": 2}]
    return dice.choice([[], [], both, [{"cap": "33.34", "hold_days": 1}]]) + random_customer_limits(dice)


def _move(dice: Random) -> dict:
    team, role = {"team": dice.choice(["t1", "t2", "t3"])}, {"role": dice.choice(["rep", "agent"])}
    return dice.choice([team, role, team | role])


def _award(dice: Random, number: int, kinds: list[str]) -> dict:
    period = dice.choice(kinds)
    settle = dice.choice(["live", "sticky"] + ["period_end"] * (not period.startswith("rolling")))
    shared = {
        "id": f"a{number}", "name": "a", "period": period, "settle": settle, "rearm": dice.random() < 0.5,
        "roles": dice.choice([[], ["rep"]]),
    }  # fmt: skip
    if number % 2:
        table = _tiers(dice, dice.choice([*KPIS, KPIS[0], KPIS[0]]))
        limits = random_limits(dice, table["kpi"], table["pays"], settle, period)
        return {"kind": "tiers"} | table | limits | random_sample(table | limits) | shared
    conditions = [
        {"kpi": kpi["id"], "min_sample": dice.choice([0, 2])}
        | dice.choice([{"attainment": dice.choice(["80%", "100%"])}, {"value": dice.choice([1, 5, 20])}])
        for kpi in dice.sample(KPIS, 2)
    ]
    return {"kind": "threshold", dice.choice(["all", "any"]): conditions, "bonus": 100} | shared


def _scorecard(dice: Random, number: int) -> dict:
    weights = dice.choice([["40%", "35%", "25%"], ["33.3%", "33.3%", "33.4%"], ["100%"], ["10%", "90%"]])
    return {
        "id": f"card{number}", "name": "c", "period": dice.choice(["month", "week", "season"]),
        "roles": dice.choice([[], ["rep"]]), "missing": dice.choice(["zero", "redistribute"]),
        "kpis": [
            _with_sample({"kpi": kpi["id"], "weight": weight, "cap": dice.choice(["100%", "120%", "333.3%"])}, number)
            for kpi, weight in zip(dice.sample(KPIS, len(weights)), weights, strict=True)
        ],
    }  # fmt: skip


def _on_score(dice: Random, card: dict) -> dict:
    return dice.choice([conditions_on_score, _table_on_score])(dice, card)


def conditions_on_score(dice: Random, card: dict) -> dict:
    """An award on a score, by itself or together with a KPI."""
    conditions = [{"kpi": card["id"], "value": dice.choice([20, "50%", 90]), "min_sample": dice.choice([0, 2])}]
    conditions += [{"kpi": "activity", "value": 2}] * dice.choice([0, 1])
    return {
        "kind": "threshold", "id": f"on-{card['id']}", "name": "s", "period": card["period"], "bonus": 50,
        dice.choice(["all", "any"]): conditions, "settle": dice.choice(["live", "sticky", "period_end"]),
        "rearm": dice.random() < 0.5, "roles": dice.choice([[], ["rep"]]),
    }  # fmt: skip


def _table_on_score(dice: Random, card: dict) -> dict:
    pays, settle = dice.choice(["flat", "interpolated", "nothing"]), dice.choice(["live", "sticky", "period_end"])
    bounds = sorted(dice.sample([0, 10, 25, 50, 80, 110], 3))
    limits = random_limits(dice, card["id"], pays, settle, card["period"])
    if "hurdle" in limits:
        limits["hurdle"] = {"value": dice.choice([0, 20, 60])}
    table = {
        "kind": "tiers", "id": f"on-{card['id']}", "name": "s", "period": card["period"], "kpi": card["id"],
        "pays": pays, "settle": settle, "rearm": dice.random() < 0.5, "roles": dice.choice([[], ["rep"]]),
        "tiers": [{"value": bound} | ({"amount": bound + 5} if pays != "nothing" else {}) for bound in bounds],
    } | limits  # fmt: skip
    return table | random_sample(table)


def _tiers(dice: Random, kpi: dict) -> dict:
    down, by = kpi.get("direction") == "down", dice.choice(["attainment", "value"])
    straight = ["flat", "interpolated", "nothing"] if by == "value" else ["flat", "nothing"]
    pays = dice.choice(straight if down else ["marginal", "slab", "flat", "interpolated", "nothing"])
    if by == "attainment":
        bounds = [f"{bound}%" for bound in sorted(dice.sample([0, 50, 80, 100, 120], 3))]
    else:
        bounds = sorted(dice.sample([0, 1, 2, 5, 10, 30, 60, 100], 3), reverse=down)
    money = {
        "flat": lambda: {"amount": dice.choice([10, 25, "33.33"])},
        "interpolated": lambda: {"amount": dice.choice([10, 25, "33.33"])},
        "nothing": dict,
    }.get(pays, lambda: {"rate": dice.choice(["1%", "2.5%", "7.77%"])})
    return {"kpi": kpi["id"], "pays": pays, "tiers": [{by: bound} | money() for bound in bounds]}


def random_limits(dice: Random, kpi: str, pays: str, settle: str, period: str) -> dict:
    """Sometimes a cap, a floor, a hurdle, or refunds that reverse what their sales were paid."""
    if kpi == "revenue" and pays in ("marginal", "slab") and not period.startswith("rolling") and dice.random() < 0.5:
        return {"clawback": "as_paid"}
    if pays == "nothing" or dice.random() < 0.4:
        return {}
    limits = {"cap": dice.choice([2, 12, 30]), "floor": dice.choice([1, 2])}
    if settle != "sticky":
        limits["hurdle"] = dice.choice([{"attainment": "60%"}, {"value": 5}, {"value": 0}])
    return {name: limit for name, limit in limits.items() if dice.random() < 0.6}


def random_sample(table: dict) -> dict:
    """Sometimes a smallest sample. Drawn by the table itself: seeds that found something lead where they led."""
    if table.get("clawback") == "as_paid":
        return {}
    return {"min_sample": Random(str(table)).choice([0, 0, 2, 3])}


def _with_sample(part: dict, number: int) -> dict:
    """A KPI of a scorecard, sometimes with a smallest sample; drawn in the same way."""
    return part | random_sample(part | {"number": number})


def random_events(dice: Random, currency: str, most: int = 40) -> list[dict]:
    """CloudEvents with repeated ids, refunds before and beyond their sales, splits, unknown people, currencies."""
    return [_event(dice, number, currency) for number in range(dice.randint(1, most))]


def with_closes(dice: Random, events: list[dict]) -> list[dict]:
    """``events`` with up to three closes among them."""
    mixed = list(events)
    for _ in range(dice.choice([0, 0, 1, 2, 3])):
        period = dice.choice(["2026-03", "2026-02", "2026-W10", "2026-W11", "s1", "s2", "s3", "2026-03-04"])
        mixed.insert(dice.randint(0, len(mixed)), {"control": "close", "period": period})
    return mixed


def _event(dice: Random, number: int, currency: str) -> dict:
    others = ["correction", "cancellation", "visit", "survey_answer", "lead", "complaint"]
    kind = dice.choice(["sale"] * 4 + ["refund"] * 3 + others)
    time = f"2026-03-{dice.randint(1, 10):02d}T{dice.randint(0, 23):02d}:30:00+00:00"
    id = f"e{number if dice.random() < 0.9 else dice.randint(0, 20)}"
    return {
        "specversion": "1.0",
        "source": "s",
        "id": id,
        "type": kind,
        "time": time,
        "data": _data(dice, kind, currency),
    }


def _data(dice: Random, kind: str, currency: str) -> dict:
    if kind == "sale":
        return _sale(dice, currency)
    if kind == "refund":
        return random_fields(dice) | {
            "sale_id": f"e{dice.randint(0, 20)}",
            "amount": dice.choice(["0.01", "10", "5.5", "33.33"]),
            "currency": currency if dice.random() < 0.9 else "USD",
        }
    if kind in ("correction", "cancellation"):
        return random_change(dice, kind, currency)
    person = {"employee": dice.choice(["E1", "E2", "E3", "E9"] if dice.random() < 0.2 else ["E1", "E2", "E3"])}
    if kind == "visit":
        return person | (
            {"minutes": dice.choice([0, 5, 20]), "customer": dice.choice("abc")} if dice.random() < 0.9 else {}
        )
    if kind == "lead":
        return person | {"converted": dice.random() < 0.5}
    return person | ({"score": dice.choice([0, 50, "90.5", 100])} if kind == "survey_answer" else {})


def _sale(dice: Random, currency: str) -> dict:
    data: dict = {
        "amount": dice.choice(["0", "10", "33.33", "50.01", "100", "0.03"]),
        "currency": currency if dice.random() < 0.85 else "USD",
    }
    if dice.random() < 0.3:
        shares = dice.choice([[50, 50], ["33.34", "33.33", "33.33"]])
        payees = dice.sample(["E1", "E2", "E3"], len(shares))
        data["splits"] = [{"employee": payee, "percent": share} for payee, share in zip(payees, shares, strict=True)]
    else:
        data["employee"] = dice.choice(["E1", "E2", "E3"])
    more = {"channel": ["web", "shop", "fair"], "quantity": [1, 2, "2.5"], "customer": ["a", "b", "c"]}
    return data | {name: dice.choice(options) for name, options in more.items() if dice.random() < 0.7}
