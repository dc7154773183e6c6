"""What a plan says of whole units: teams, departments, the company, and all that somebody leads."""

from __future__ import annotations

from typing import Literal

#: Units that people stand in; what they bring there is counted with each credit.
UNIT_KINDS = ("team", "department", "company")
#: A manager is the unit of everything in the units that he leads, on the days on which he does.
UnitKind = Literal["team", "department", "company", "manager"]
#: Who gets the money of a unit's award: the unit itself, or its members in equal parts or by their own value.
Share = Literal["unit", "equal", "by_value"]


def of_units(award) -> bool:
    """Whether an award is decided on units as a whole, by the rollups stage."""
    return getattr(award, "unit", None) is not None


def judged_unit(award) -> str | None:
    """The kind of units whose values and targets an award's bounds are on; None where they are on those of people."""
    if not of_units(award):
        return None
    if not getattr(award, "compares_people", False):
        return award.unit
    contenders = getattr(award, "contenders", "person")
    return None if contenders == "person" else contenders


def judges_units(award) -> bool:
    """Whether its bounds are on values and targets of units, not on those of people within them."""
    return judged_unit(award) is not None


def decided_by(award) -> str:
    """The kind of units by which an award of units is decided: each by itself, or all that is compared within one."""
    return judged_unit(award) or award.unit


def unit_names(plan) -> dict[tuple[str, str], dict[str, str]]:
    """What teams, departments and the company of a plan are called, by kind and id, by language; no others."""
    organisation = plan.organisation
    units = [(("company", organisation.company), organisation.name)]
    for department in organisation.departments:
        units.append((("department", department.id), department.name))
        units += ((("team", team.id), team.name) for team in department.teams)
    return {unit: name.by_language() for unit, name in units if name is not None}
