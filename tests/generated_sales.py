"""Sales that corrections give to others, and KPIs that see it."""

from __future__ import annotations

import json
from random import Random

from schemas.plan import Plan
from schemas.plan_crediting import Guard
from tests.generated import random_plan, with_closes
from tests.generated_units import random_unit_plan

_WEB = {"channel": ["web", "shop"]}
#: In place of the KPIs of the same ids.
COUNTING = {
    "activity": {"aggregate": "count", "events": ["sale"]},
    "customers": {"aggregate": "count", "events": ["sale"], "where": {"amount": {"gte": 20}}, "field": None},
    "largest": {
        "aggregate": "sum", "events": ["sale", "refund", "correction"], "field": "amount",
        "where": {"amount": {"gte": 20, "lt": 50}},
    },
    "complaints": {"aggregate": "count", "events": ["sale", "correction"], "where": _WEB, "direction": "up"},
    "yield": {
        "aggregate": "ratio", "events": ["sale", "refund", "correction"], "numerator": {"field": "amount"},
        "denominator": {"events": ["sale"], "where": {"amount": {"gte": 10}}},
    },
}  # fmt: skip


def counting_sales(plan: Plan, without: tuple[str, ...] = ()) -> dict:
    """``plan`` as a dictionary, with KPIs about sales, but for some ids."""
    given = plan.model_dump(mode="json", exclude_none=True)
    for kpi in given["kpis"]:
        kpi |= COUNTING.get(kpi["id"], {}) if kpi["id"] not in without else {}
    return given


def changing_events(dice: Random, currency: str, most: int = 30, least: str = "0") -> list[dict]:
    """Sales, and what comes about them: many a correction that names others, of one or several payees."""
    events = []
    for number in range(dice.randint(1, most)):
        kind = dice.choice(["sale", "sale", "correction", "correction", "correction", "refund", "cancellation"])
        kind = "refund" if kind == "cancellation" and dice.random() < 0.6 else kind
        fields = {"channel": dice.choice(["web", "shop", "fair"])} if dice.random() < 0.6 else {}
        about = {} if kind == "sale" else {"sale_id": f"e{dice.randint(0, number)}"}
        money = {} if kind == "cancellation" else {
            "amount": dice.choice(["10", "33.33", "60", "9.99", least if kind == "sale" else "5"]),
            "currency": currency,
        }  # fmt: skip
        time = f"2026-03-{dice.randint(1, 10):02d}T{dice.randint(0, 23):02d}:30:00+00:00"
        data = fields | about | money | (_payees(dice, kind))
        events.append(
            {"specversion": "1.0", "source": "s", "id": f"e{number}", "type": kind, "time": time, "data": data}
        )
    return events


def _payees(dice: Random, kind: str) -> dict:
    if kind not in ("sale", "correction") or (kind == "correction" and dice.random() < 0.2):
        return {}
    if dice.random() < 0.6:
        return {"employee": dice.choice(["E1", "E2", "E3"])}
    shares = dice.choice([["50", "50"], ["66.67", "33.33"], ["33.34", "33.33", "33.33"]])
    people = dice.sample(["E1", "E2", "E3"], len(shares))
    return {"splits": [{"employee": one, "percent": share} for one, share in zip(people, shares, strict=True)]}


def with_limits(dice: Random, plan: Plan) -> Plan:
    """``plan`` with one or two limits on events of the same customer."""
    guards = [
        Guard(events=("visit", "sale"), same_customer=1, per=dice.choice(["day", "season", "month"])),
        Guard(events=("sale",), same_customer=2, per="week"),
    ]
    crediting = plan.crediting.model_copy(update={"guards": tuple(dice.sample(guards, dice.choice([1, 2])))})
    return plan.model_copy(update={"crediting": crediting})


def name_customers(dice: Random, events: list[dict]) -> None:
    """Most sales are to one of two customers."""
    for event in events:
        if event.get("type") == "sale" and dice.random() < 0.8:
            event["data"]["customer"] = dice.choice("ab")


def shared_history(seed: int, of_units: bool) -> tuple[Plan, list[dict], list[bytes]]:
    """A plan with limits and a history of sales of few customers, which several share and which change hands."""
    dice = Random(seed)
    plan = Plan.model_validate(counting_sales((random_unit_plan if of_units else random_plan)(dice)))
    events = with_closes(dice, changing_events(dice, plan.currency, least="5"))
    name_customers(dice, events)
    return with_limits(dice, plan), events, [json.dumps(event).encode() for event in events]
