"""Whether earlier versions of a plan saw a queue as this one does, so that it can be told from its beginning. Pure."""

from __future__ import annotations

from schemas.plan import Plan
from schemas.plan_moves import Place, employees_of
from streams.explain.credits import Credit
from streams.explain.history import standing
from streams.explain.measured import Scope
from streams.explain.targets import PersonTargets


def hidden_by(scope: Scope, credits: list[Credit], number: int | None) -> str:
    """Why a queue that began with the first of the credits cannot be told up to a moment; '' where it can.

    ``plan_change``: a plan in force meanwhile had other people, KPIs or targets; ``updates``: their order is not known.
    """
    plans = scope.evidence.timeline.plans_since(credits, number)
    if plans is None:
        return "updates"
    mine = _view(scope.evidence.plan, scope)
    alike = ((plan := scope.evidence.plan_by(id)) is not None and _view(plan, scope) == mine for id in plans)
    return "" if all(alike) else "plan_change"


def people_inside(plan: Plan, rule, unit: tuple[str, str], period: str) -> dict[str, Place]:
    """Who stands in the unit as the period sees them, in the plan's order."""
    kind, name = unit
    found = ((employee.id, standing(plan, places, rule.period, period)) for employee, places in employees_of(plan))
    return {employee: place for employee, place in found if kind == "company" or getattr(place, kind) == name}


def _view(plan: Plan, scope: Scope) -> tuple | None:
    """All of a plan that a rule's queue in a unit and period depends on; None where the plan has not such a rule."""
    rule = next((one for one in plan.awards if one.id == scope.rule.id), None)
    if rule is None or rule.period != scope.rule.period:
        return None
    names = set(rule.kpi_ids())
    cards = [card for card in plan.scorecards if card.id in names]
    names |= {part.kpi for card in cards for part in card.kpis}
    kpis = [kpi for kpi in plan.kpis if kpi.id in names]
    general = (plan.timezone, plan.calendars, plan.fiscal, plan.late, plan.crediting.guards)
    try:
        inside = people_inside(plan, rule, scope.evidence.unit, scope.period)
    except ValueError:  # its calendar has not such a period
        return None
    targets = PersonTargets(plan)
    people = {
        employee: (place.role, [targets.of(employee, kpi.id, rule.period, scope.period) for kpi in kpis])
        for employee, place in inside.items()
        if not rule.roles or place.role in rule.roles
    }
    return rule, cards, kpis, general, people
