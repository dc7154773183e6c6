"""What a plan says of whole units: teams, departments, the company."""

from __future__ import annotations

from typing import Literal

UNIT_KINDS = ("team", "department", "company")
UnitKind = Literal["team", "department", "company"]
#: Who gets the money of a unit's award: the unit itself, or its members in equal parts or by their own value.
Share = Literal["unit", "equal", "by_value"]


def of_units(award) -> bool:
    """Whether an award is decided on units as a whole, by the rollups stage."""
    return getattr(award, "unit", None) is not None
