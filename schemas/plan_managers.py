"""Who leads the units of a plan, by date, and which KPIs are rolled up to them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from schemas.plan_fields import Date, Id, Model

if TYPE_CHECKING:
    from schemas.plan import Department, Organisation, Plan, Team


class Handover(Model):
    """From ``date`` on (midnight in the plan's time zone) another manager, or none."""

    date: Date
    manager: Id | None = None


class Led(NamedTuple):
    """A unit, its place in the plan, and the units that it lies in, from the narrowest."""

    kind: str
    id: str
    unit: Organisation | Department | Team
    path: tuple[str | int, ...]
    inside: tuple[tuple[str, str], ...]

    def manager_on(self, day: date) -> str | None:
        """Who leads it on a day."""
        held = [change.manager for change in self.unit.handovers if change.date <= day]
        return held[-1] if held else self.unit.manager


def led_units(plan: Plan) -> Iterator[Led]:
    """Every unit, the company last, as somebody may lead it."""
    organisation = plan.organisation
    company = ("company", organisation.company)
    for d, department in enumerate(organisation.departments):
        path = ("organisation", "departments", d)
        own = ("department", department.id)
        for t, team in enumerate(department.teams):
            yield Led("team", team.id, team, (*path, "teams", t), (own, company))
        yield Led("department", department.id, department, path, (company,))
    yield Led(*company, organisation, ("organisation",), ())


def rolled_up_kpis(plan: Plan) -> set[str]:
    """The KPIs that managers have: those which a target, a scorecard or an award of managers names."""
    named = {target.kpi for target in plan.targets if target.unit == "manager"}
    named |= {kpi for award in plan.awards if getattr(award, "unit", None) == "manager" for kpi in award.kpi_ids()}
    cards = [card for card in plan.scorecards if "manager" in card.units]
    named |= {part.kpi for card in cards for part in card.kpis}
    return named & {kpi.id for kpi in plan.kpis}


class Leaders:
    """Who leads the units around a team on a day."""

    def __init__(self, plan: Plan) -> None:
        self._company = plan.organisation.company
        self._led = {(one.kind, one.id): one for one in led_units(plan) if one.unit.manager or one.unit.handovers}

    def __bool__(self) -> bool:
        """Whether anybody ever leads anything."""
        return bool(self._led)

    def leads(self, manager: str, day: date) -> bool:
        """Whether somebody leads anything on a day."""
        return any(one.manager_on(day) == manager for one in self._led.values())

    def of(self, team: str, department: str, day: date) -> dict[str, str]:
        """Every manager who leads the team, its department or the company, with the widest of these kinds."""
        found = {}
        for key in (("team", team), ("department", department), ("company", self._company)):
            manager = self._led[key].manager_on(day) if key in self._led else None
            if manager is not None:
                found[manager] = key[0]
        return found
