"""Checks of moves: dates ascend, teams exist, each changes something. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_employees import Employee
from schemas.plan_lookup import Finding, Lookup


def check_moves(lookup: Lookup) -> Iterator[Finding]:
    """Findings on the moves of every employee."""
    for d, department in enumerate(lookup.plan.organisation.departments):
        for t, team in enumerate(department.teams):
            for e, employee in enumerate(team.employees):
                path = ("organisation", "departments", d, "teams", t, "employees", e)
                yield from _moves(lookup, path, employee)


def _moves(lookup: Lookup, path: tuple, employee: Employee) -> Iterator[Finding]:
    latest = None
    for number, move in enumerate(employee.moves):
        here = (*path, "moves", number)
        if move.team is None and move.role is None:
            yield Finding(here, "expected a team, a role, or both")
        if move.team is not None:
            yield from lookup.refer((*here, "team"), "team", move.team)
        if latest is not None and move.date <= latest:
            yield Finding((*here, "date"), f"must be later than the date before it, {latest}")
        latest = move.date
