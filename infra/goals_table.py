"""The goals of a plan's decompositions as lines of a tree, each with the sum of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.money import format_fixed
from schemas.plan import Plan
from schemas.plan_goals import Goal, goals

_HEAD = ("unit", "goal", "sum of parts")


def goals_table(plan: Plan) -> Iterator[str]:
    """Lines; a heading and a tree for each decomposition."""
    found = list(goals(plan))
    if not found:
        yield "The plan has no decompositions."
    rows = [_row(goal) for goal in found]
    widths = [max(len(row[at]) for row in [_HEAD, *rows]) for at in range(len(_HEAD))]
    for goal, row in zip(found, rows, strict=True):
        if goal.depth == 0:
            if goal is not found[0]:
                yield ""
            yield f"{goal.kpi}, {goal.period} {goal.at}" if goal.at else f"{goal.kpi}, every {goal.period}"
            yield _line(_HEAD, widths)
        yield _line(row, widths)


def _row(goal: Goal) -> tuple[str, str, str]:
    assigned = "" if goal.assigned is None else _number(goal.assigned)
    if goal.assigned not in (None, goal.value) and goal.value:
        assigned += f" ({format_fixed(goal.assigned * 1_000_000 // goal.value, 2)}%)"
    return f"{'  ' * goal.depth}{goal.unit_kind} {goal.unit}", _number(goal.value), assigned


def _number(fixed: int) -> str:
    return format_fixed(fixed, 2 if fixed % 100 == 0 else 4)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    unit, *numbers = cells
    aligned = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([unit.ljust(widths[0]), *aligned]).rstrip()
