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
    return {"overlays": dice.sample(_OVERLAYS, dice.choice([1, 2]))} if dice.random() < 0.25 else {}
