"""Random dates of targets and people."""

from __future__ import annotations

from copy import deepcopy
from random import Random


def _day(dice: Random, first: int, last: int) -> str:
    return f"2026-03-{dice.randint(first, last):02d}"


def random_dating(dice: Random) -> dict:
    """What a target may say about time; most often nothing."""
    if dice.random() < 0.6:
        return {}
    dating: dict = {"prorate": dice.choice(["none", "days", "workdays"])}
    if dice.random() < 0.5:
        dating["start"] = _day(dice, 1, 6)
    if dice.random() < 0.5:
        dating["end"] = _day(dice, 7, 12)
    if dice.random() < 0.5:
        dating["change"] = dice.choice(["day_weighted", "latest", "first"])
    if dice.random() < 0.3:
        dating["ramp"] = dice.choice([["50%"], ["25%", "66.6667%"]])
    return dating


def with_attendance(dice: Random, organisation: dict) -> dict:
    """The organisation with people who join, leave and are away."""
    organisation = deepcopy(organisation)
    for department in organisation["departments"]:
        for team in department["teams"]:
            for employee in team.get("employees", []):
                if dice.random() < 0.4:
                    employee["start"] = f"2026-0{dice.randint(2, 3)}-{dice.randint(1, 9):02d}"
                if dice.random() < 0.3:
                    employee["end"] = _day(dice, 10, 31)
                if dice.random() < 0.3:
                    employee["leave"] = [{"start": _day(dice, 2, 4), "end": _day(dice, 5, 8)}]
    return organisation
