"""Sales that corrections give to others, and KPIs that see it."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan

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
