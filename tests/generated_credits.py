"""Random settings of crediting beyond guards."""

from __future__ import annotations

from random import Random

_OVERLAYS = [
    {"events": ["sale"], "employee": "E3", "share": "33.33%"},
    {"events": ["sale", "visit"], "where": {"customer": ["a", "b"]}, "role": "agent", "within": "department"},
    {"events": ["sale"], "where": {"amount": {"gte": 40}}, "role": "rep", "share": "12.5%"},
    {"events": ["visit", "survey_answer"], "employee": "E2"},
]


def random_crediting(dice: Random) -> dict:
    """Settings of ``crediting``, most often none."""
    overlays = {"overlays": dice.sample(_OVERLAYS, dice.choice([1, 2]))} if dice.random() < 0.25 else {}
    return overlays | {"correction_date": dice.choice(["sale", "correction"])}


def random_customer_limits(dice: Random) -> list[dict]:
    """Guards against many events of one customer, most often none."""
    every = [
        {"events": ["visit", "sale"], "same_customer": 1, "per": dice.choice(["day", "season"])},
        {"events": ["sale"], "same_customer": 2, "per": "week"},
    ]
    return dice.sample(every, dice.choice([0, 0, 0, 0, 0, 1, 1, 2]))


def random_fields(dice: Random) -> dict:
    """What something about a sale may say of the sale, rightly or not."""
    more = {"channel": ["web", "shop"], "customer": ["a", "b"]}
    return {name: dice.choice(options) for name, options in more.items() if dice.random() < 0.3}


def random_change(dice: Random, kind: str, currency: str) -> dict:
    """Data of a correction or cancellation."""
    sale = {"sale_id": f"e{dice.randint(0, 20)}"} | random_fields(dice)
    if kind == "cancellation":
        return sale
    payees = {}
    if dice.random() < 0.4:
        payees = {"employee": dice.choice(["E1", "E2", "E3", "E3", "E9"])}
    elif dice.random() < 0.3:
        one, other = dice.sample(["E1", "E2", "E3"], 2)
        payees = {"splits": [{"employee": one, "percent": "66.67"}, {"employee": other, "percent": "33.33"}]}
    return sale | payees | {
        "amount": dice.choice(["0", "12.34", "50", "120.5"]),
        "currency": currency if dice.random() < 0.9 else "USD",
    }
