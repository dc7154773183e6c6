"""Checks of decompositions: units that exist and lie inside the one above, parts that sum to the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.money import format_fixed, to_fixed
from schemas.plan_decomposition import Decomposition, Portion
from schemas.plan_goals import goals, whole_of
from schemas.plan_lookup import Finding, Lookup, is_rolling, period_key_problem

_LEVELS = ("company", "department", "team", "employee")


def check_decompositions(lookup: Lookup) -> Iterator[Finding]:
    """Findings on every decomposition of the plan."""
    values = {goal.path: goal.value for goal in goals(lookup.plan)}
    above = _above(lookup)
    taken = {
        (target.kpi, target.period, target.at, target.employee)
        for target in lookup.plan.targets
        if (target.unit, target.role, target.team, target.department) == (None, None, None, None)
    }
    for index, goal in enumerate(lookup.plan.decompositions):
        path = ("decompositions", index)
        yield from lookup.refer((*path, "kpi"), "kpi", goal.kpi)
        yield from lookup.period((*path, "period"), goal.period)
        yield from lookup.measure((*path, "value"), goal.kpi, goal.value)
        if goal.value < 0:
            yield Finding((*path, "value"), "must not be negative")
        if goal.at is not None and is_rolling(goal.period):
            yield Finding((*path, "at"), "a rolling period has no single period to name; leave out at")
        elif goal.at is not None and (problem := period_key_problem(lookup.plan, goal.period, goal.at)):
            yield Finding((*path, "at"), problem, needs=frozenset([goal.at]))
        yield from _parts(lookup, path, goal, goal, ("company", lookup.plan.organisation.company), values, above)
        for place, unit in _units(path, goal):
            about = (goal.kpi, goal.period, goal.at, unit[1])
            if unit[0] == "employee" and about in taken:
                yield Finding(place, f"employee {unit[1]} has such a target already")
            if unit[0] == "employee":
                taken.add(about)
        seen: set[tuple] = set()
        for place, unit in _units(path, goal):
            if unit[0] in ("department", "team") and unit in seen:
                yield Finding(place, f"{unit[0]} {unit[1]} is given twice")
            seen.add(unit)


def _parts(
    lookup: Lookup, path: tuple, about: Decomposition, node: Decomposition | Portion, unit: tuple, values, above
) -> Iterator[Finding]:
    if node.over_assign is not None and node.over_assign <= 0:
        yield Finding((*path, "over_assign"), "must be above 0%")
    ways = set()
    for index, part in enumerate(node.parts):
        here = (*path, "parts", index)
        yield from _part(lookup, here, part, unit, above)
        ways.update(part.amounts())
        yield from _parts(lookup, here, about, part, part.unit(), values, above)
    if len(ways) > 1:
        yield Finding((*path, "parts"), f"expected one way for all of them, not {' and '.join(sorted(ways))}")
    elif ways == {"value"}:
        wanted = whole_of(lookup.plan, about.kpi, node, values[path])
        given = sum(to_fixed(part.value or 0) for part in node.parts)
        if given != wanted:
            text = f"they sum to {format_fixed(given, 4)}, expected {format_fixed(wanted, 4)}"
            more = "too much" if given > wanted else "missing"
            yield Finding((*path, "parts"), f"{text}: {format_fixed(abs(given - wanted), 4)} {more}")
    elif ways and not any(part.share or part.history for part in node.parts):
        yield Finding((*path, "parts"), "expected at least one above 0")


def _part(lookup: Lookup, path: tuple, part: Portion, unit: tuple[str, str], above) -> Iterator[Finding]:
    named = [kind for kind in _LEVELS[1:] if getattr(part, kind) is not None]
    if len(named) != 1:
        yield Finding(path, "expected one of department, team, employee")
        return
    kind, id_ = part.unit()
    yield from lookup.refer((*path, kind), kind, id_)
    if (kind, id_) in above and unit not in above[kind, id_]:
        yield Finding((*path, kind), f"{kind} {id_} does not belong to {unit[0]} {unit[1]}")
    amounts = part.amounts()
    if len(amounts) != 1:
        yield Finding(path, "expected one of share, history, value")
    for name in amounts:
        if getattr(part, name) < 0:
            yield Finding((*path, name), "must not be negative")


def _units(path: tuple, node: Decomposition | Portion) -> Iterator[tuple[tuple, tuple[str, str]]]:
    for index, part in enumerate(node.parts):
        here = (*path, "parts", index)
        yield here, part.unit()
        yield from _units(here, part)


def _above(lookup: Lookup) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The units that each unit lies in."""
    company = ("company", lookup.plan.organisation.company)
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for department in lookup.plan.organisation.departments:
        found["department", department.id] = {company}
        for team in department.teams:
            found["team", team.id] = {company, ("department", department.id)}
            for employee in team.employees:
                found["employee", employee.id] = {*found["team", team.id], ("team", team.id)}
    return found
