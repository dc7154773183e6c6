"""Random plans with the kinds of awards that look beyond one value: each draws from ``SPECIAL``."""

from __future__ import annotations

from random import Random

from schemas.plan import Plan
from tests.generated import random_plan


def random_special_plan(dice: Random, version: int = 1) -> Plan:
    """As random_plan, its tier tables kept, the other awards replaced by special ones."""
    plan = random_plan(dice, version=version)
    given = plan.model_dump(mode="json", exclude_none=True)
    tables = [award for award in given["awards"] if award["kind"] == "tiers"]
    kinds = ["month", "week", "season", "day"]
    awards = [dice.choice(SPECIAL)(dice, f"x{number}", kinds, tables) for number in range(4)]
    return Plan.model_validate(given | {"awards": tables + awards})


def _nudge(dice: Random, id: str, kinds: list[str], tables: list[dict]) -> dict:
    table = dice.choice(tables)
    award = {
        "kind": "nudge", "id": id, "name": "n", "of": table["id"], "rearm": dice.random() < 0.5,
        "within": dice.choice(["5%", "33.3%", "60%", "99%"]),
    }  # fmt: skip
    if not table["period"].startswith("rolling") and dice.random() < 0.5:
        award |= {"days_left": dice.choice([0, 1, 3, 22]), "count": dice.choice(["days", "workdays"])}
    return award


SPECIAL = [_nudge]
