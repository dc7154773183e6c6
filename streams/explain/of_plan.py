"""What follows from a plan alone: an explanation asks for it again at every rule and period, of each plan. Pure."""

from __future__ import annotations

from functools import partial

from schemas.plan import Plan
from schemas.plan_moves import Place
from schemas.plan_once import once_per_plan
from schemas.plan_roll import Roll
from streams.performance.calendar import Calendar

#: A history has few plans, and its explanation goes back and forth between them.
once_for_each = partial(once_per_plan, plans=16)


@once_for_each()
def calendar_of(plan: Plan) -> Calendar:
    """The plan's periods."""
    return Calendar(plan)


@once_for_each()
def people_of(plan: Plan) -> dict[str, list[Place]]:
    """Everyone in the plan's order with the places they have had and will have, in order of time."""
    roll = Roll(plan)
    return {employee: roll.places(position) for position, employee in enumerate(roll.ids())}
