"""The targets that decompositions come to, exact to the KPI's smallest step. Pure.

Parts by share or by history sum to the whole (times ``over_assign``) by the largest remainder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from schemas.money import SCALE, from_fixed, minor_step, round_half_up, split_largest_remainder, to_fixed
from schemas.plan import Plan, Target
from schemas.plan_decomposition import Decomposition, Portion


@dataclass(frozen=True, slots=True)
class Goal:
    """What a unit should reach; ``value`` and ``assigned``, the sum of its parts, in ten-thousandths.

    ``path`` is its place in the plan, ``depth`` 0 for the company.
    """

    kpi: str
    period: str
    at: str | None
    unit_kind: str
    unit: str
    value: int
    assigned: int | None
    depth: int
    path: tuple[str | int, ...]


def goals(plan: Plan) -> Iterator[Goal]:
    """Every goal of every decomposition: each unit, then its parts."""
    for index, goal in enumerate(plan.decompositions):
        unit = ("company", plan.organisation.company)
        yield from _goals(plan, goal, goal, unit, to_fixed(goal.value), 0, ("decompositions", index))


def targets_of(plan: Plan) -> tuple[Target, ...]:
    """All targets: those of the plan, then those of units and people that its decompositions come to."""
    if not plan.decompositions:
        return plan.targets
    return plan.targets + tuple(
        Target(kpi=one.kpi, period=one.period, at=one.at, value=from_fixed(one.value), **_selectors(one))
        for one in goals(plan)
    )


def _selectors(goal: Goal) -> dict[str, str]:
    if goal.unit_kind == "employee":
        return {"employee": goal.unit}
    named = {} if goal.unit_kind == "company" else {goal.unit_kind: goal.unit}
    return {"unit": goal.unit_kind} | named


def whole_of(plan: Plan, kpi_id: str, node: Decomposition | Portion, value: int) -> int:
    """What the parts of ``node`` are to sum to."""
    factor = Fraction(1 if node.over_assign is None else node.over_assign)
    return round_half_up(value * factor, step_of(plan, kpi_id)) if factor != 1 else value


def step_of(plan: Plan, kpi_id: str) -> int:
    """The smallest step of a KPI's targets: a minor unit of the currency, a whole count, else a ten-thousandth."""
    unit = next((kpi.unit for kpi in plan.kpis if kpi.id == kpi_id), "number")
    return {"money": minor_step(plan.currency), "count": SCALE}.get(unit, 1)


def _goals(
    plan: Plan, about: Decomposition, node: Decomposition | Portion, unit: tuple, value: int, depth: int, path: tuple
) -> Iterator[Goal]:
    values = _values(plan, about.kpi, node, value)
    assigned = sum(values) if node.parts else None
    yield Goal(about.kpi, about.period, about.at, *unit, value, assigned, depth, path)
    for index, (part, its) in enumerate(zip(node.parts, values, strict=True)):
        yield from _goals(plan, about, part, part.unit(), its, depth + 1, (*path, "parts", index))


def _values(plan: Plan, kpi: str, node: Decomposition | Portion, value: int) -> list[int]:
    if all(part.value is not None for part in node.parts):
        return [to_fixed(part.value) for part in node.parts]
    weights = [to_fixed(part.share if part.share is not None else part.history or 0) for part in node.parts]
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        return [0] * len(weights)  # an error of the plan, which its checks report
    return split_largest_remainder(whole_of(plan, kpi, node, value), weights, total, step_of(plan, kpi))
