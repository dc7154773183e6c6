"""Where somebody stands at a date: team and role as listed, changed by dated moves. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from schemas.plan_fields import Date, Id, Model

if TYPE_CHECKING:
    from schemas.plan import Plan
    from schemas.plan_employees import Employee


class Move(Model):
    """From ``date`` on (midnight in the plan's time zone) another team, another role, or both."""

    date: Date
    team: Id | None = None
    role: Id | None = None


class Place(NamedTuple):
    """Where an employee stands from ``since`` on; None: from the beginning."""

    since: date | None
    team: str
    department: str
    role: str


def employees_of(plan: Plan) -> Iterator[tuple[Employee, list[Place]]]:
    """Everyone in the plan's order with the places they have had and will have, in order of time.

    A move to a team that is not in the plan leaves the team as it was; the checks have reported it.
    """
    departments = plan.organisation.departments
    department_of = {team.id: department.id for department in departments for team in department.teams}
    for department in departments:
        for team in department.teams:
            for employee in team.employees:
                yield employee, places_of(employee, team.id, department_of)


def places_of(employee: Employee, team: str, department_of: Mapping[str, str]) -> list[Place]:
    """The places of somebody listed in ``team``; ``department_of``: by team."""
    places = [Place(None, team, department_of[team], employee.role)]
    for move in employee.moves:
        to = move.team if move.team in department_of else places[-1].team
        places.append(Place(move.date, to, department_of[to], move.role or places[-1].role))
    return places


def place_at(places: list[Place], day: date) -> Place:
    """The place in force on a day."""
    return [place for place in places if place.since is None or place.since <= day][-1]
