"""Random draws, and the periods that a history may close."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from schemas.plan_draws import Draw

CLOSABLE = [*(f"2026-03-{day:02}" for day in range(1, 11)), "2026-W09", "2026-W10", "2026-W11", "2026-03"]


def with_draws(dice: Random, plan: Plan) -> Plan:
    """``plan`` with up to three draws."""
    draws = [
        Draw(
            id=f"d{number}", period=dice.choice(["month", "week", "day"]), amount=dice.choice([1, 2, 5, 50]),
            kind=dice.choice(["recoverable", "guarantee"]), roles=dice.choice([(), ("rep",)]),
        )
        for number in range(dice.randint(0, 3))
    ]  # fmt: skip
    return plan.model_copy(update={"draws": tuple(draws)})
