"""Checks of dated, prorated and ramped targets, and of the dates of people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from schemas.plan import Plan, Target
from schemas.plan_employees import Employee
from schemas.plan_lookup import Finding, Lookup, is_rolling

_SCALE_WITH_TIME = ("sum", "count", "distinct")
#: What tells targets apart; two that agree in it must not share a day.
_SCOPE = {"value", "start", "end", "change", "prorate", "ramp"}


def check_attendance(plan: Plan) -> Iterator[Finding]:
    """Findings on joining, leaving and leave."""
    for d, department in enumerate(plan.organisation.departments):
        for t, team in enumerate(department.teams):
            for e, employee in enumerate(team.employees):
                path = ("organisation", "departments", d, "teams", t, "employees", e)
                yield from _attendance(path, employee)


def _attendance(path: tuple, employee: Employee) -> Iterator[Finding]:
    yield from _ascending(path, employee.start, employee.end)
    for index, leave in enumerate(employee.leave):
        yield from _ascending((*path, "leave", index), leave.start, leave.end)
    for index, (one, other) in enumerate(pairwise(employee.leave), start=1):
        if other.start < one.end:
            yield Finding((*path, "leave", index, "start"), f"must not be before the last leave ends, {one.end}")


def _ascending(path: tuple, start: date | None, end: date | None) -> Iterator[Finding]:
    if start is not None and end is not None and end <= start:
        yield Finding((*path, "end"), f"must be later than the start, {start}")


def check_dating(lookup: Lookup, path: tuple, target: Target) -> Iterator[Finding]:
    """Findings on what a target says about time."""
    yield from _ascending(path, target.start, target.end)
    for name in ("start", "end", "ramp", "prorate"):
        if getattr(target, name) in (None, (), "none"):
            continue
        if is_rolling(target.period):
            yield Finding((*path, name), "a rolling period moves day by day; a target on it cannot depend on dates")
        if target.unit is not None and (target.unit, name) != ("manager", "prorate"):
            yield Finding((*path, name), f"a target of a {target.unit} as a whole cannot depend on dates")
    if target.prorate == "none":
        return
    if target.prorate == "workdays" and not lookup.plan.workdays:
        yield Finding((*path, "prorate"), "the plan names no workdays, such as workdays: [mon, tue, wed, thu, fri]")
    kpi = lookup.kpis.get(target.kpi)
    if kpi is not None and kpi.aggregate not in _SCALE_WITH_TIME:
        yield Finding(
            (*path, "prorate"), f"{kpi.id} is a {kpi.aggregate}, which does not grow with the days", True
        )


def check_repeated(plan: Plan) -> Iterator[Finding]:
    """A finding for each target that shares days with an earlier one for the same people and periods."""
    seen: dict[tuple, list[int]] = {}
    for index, target in enumerate(plan.targets):
        earlier = seen.setdefault(tuple(target.model_dump(exclude=_SCOPE).values()), [])
        for other in earlier:
            if _share_days(target, plan.targets[other]):
                yield Finding(("targets", index), f"the same target was set before, in targets[{other}]")
                break
        earlier.append(index)


def _share_days(one: Target, other: Target) -> bool:
    start = max(one.start or date.min, other.start or date.min)
    return start < min(one.end or date.max, other.end or date.max)
