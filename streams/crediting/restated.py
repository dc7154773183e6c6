"""Who has a sale once a correction names its payees anew, and what that changes for everybody concerned."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.moved import DEPARTMENT, PERSON, TEAM
from streams.organisation import Assignment

#: (assignment number, ppm) in order, overlays behind those who share.
Payees = tuple[tuple[int, int], ...]


def restated(held: Payees, named: Payees, assignments: Sequence[Assignment]) -> Payees:
    """``named`` in place of those who share the sale; the same as ``held`` where nobody is named.

    Who shared it before stays where they were credited. Overlays stay as they were given, but for people who share it
    now: a person has one credit of an event.
    """
    if not named:
        return held
    direct = {assignments[number].employee: number for number, _ in held if assignments[number].team}
    people = {assignments[number].employee for number, _ in named}
    now = [(direct.get(assignments[number].employee, number), ppm) for number, ppm in named]
    return (*now, *(
        (number, ppm) for number, ppm in held
        if not assignments[number].team and assignments[number].employee not in people
    ))  # fmt: skip


def differences(before: Payees, had: Sequence[int], after: Payees, have: Sequence[int]) -> list[tuple[int, int, int]]:
    """(assignment number, ppm, change) of everybody in ``after``, then of those who have it no more.

    ``had``, ``have``: what each has of the sale (fixed), in the order of the payees.
    """
    open_ = dict(zip((number for number, _ in before), had, strict=True))
    found = [(number, ppm, now - open_.pop(number, 0)) for (number, ppm), now in zip(after, have, strict=True)]
    return found + [(number, ppm, -open_[number]) for number, ppm in before if number in open_]


def moved_numbers(before: Payees, after: Payees, assignments: Sequence[Assignment]) -> list[int]:
    """schemas/moved.py's numbers, in the order of ``differences``."""
    had, have = [number for number, _ in before], [number for number, _ in after]
    come = _moves([number for number in have if number not in had], had, assignments)
    go = _moves([number for number in had if number not in have], have, assignments)
    return [come.get(number, 0) for number in have] + [-go[number] for number in had if number in go]


def _moves(moving: list[int], others: list[int], assignments: Sequence[Assignment]) -> dict[int, int]:
    """Of those who move, in order, the first of a unit brings it or takes it along, unless one of ``others`` is there.

    ``others``: everybody on the other side of the correction. A unit that has the sale before and after it neither
    loses nor gets it, whoever has it there: those who go and those who come may well differ in what filters see.
    """
    places = [assignments[number] for number in others]
    teams, departments = {(one.team, one.department) for one in places}, {one.department for one in places}
    found = {}
    for number in moving:
        team, department = assignments[number].team, assignments[number].department
        found[number] = PERSON
        if team:  # overlays have none
            found[number] += TEAM * ((team, department) not in teams) + DEPARTMENT * (department not in departments)
            teams.add((team, department))
            departments.add(department)
    return found
