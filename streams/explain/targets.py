"""The target that the plan gives, for a KPI that nothing was credited for and that so was never published. Pure."""

from __future__ import annotations

from fractions import Fraction

from schemas.interning import Interner
from schemas.money import from_fixed
from schemas.plan import Plan
from streams.explain.of_plan import calendar_of, once_for_each
from streams.performance.closes import Closes
from streams.performance.dated_targets import DatedTargets, TargetPart
from streams.performance.ladder import NO_TARGET
from streams.performance.people import People
from streams.performance.targets import target_index
from streams.rollups.cells import Cells
from streams.rollups.units import Units


class PersonTargets:
    """Those of people under one plan."""

    def __init__(self, plan: Plan) -> None:
        self._calendar, self._codes = calendar_of(plan), Interner()
        self._people = People(plan, self._codes, self._calendar)
        self._dated, self._targets = DatedTargets(plan, self._calendar), target_index(plan)

    def of(self, employee: str, kpi: str, kind: str, period: str) -> Fraction | None:
        """In units; ``period`` '' for a rolling window."""
        ordinal = self._calendar.parse(kind, period) if period else 0
        person = self._people.standing(self._codes.code(employee), kind, ordinal)
        if self._dated.has(kpi, kind):
            found = self._dated.resolve(kpi, person, kind, ordinal)
        else:
            place = person.role, person.team, person.department
            found = self._targets.resolve(kpi, employee, *place, kind, period)
        return None if found is None else Fraction(from_fixed(found))

    def parts(self, employee: str, kpi: str, kind: str, period: str) -> list[TargetPart]:
        """What a target that depends on dates is made up of; empty for any other."""
        if not period or not self._dated.has(kpi, kind):
            return []
        ordinal = self._calendar.parse(kind, period)
        person = self._people.standing(self._codes.code(employee), kind, ordinal)
        return self._dated.parts(kpi, person, kind, ordinal)


#: Those of the people of a plan.
person_targets = once_for_each(PersonTargets)


@once_for_each()
def _units(plan: Plan) -> Units:
    return Units(plan, Cells(), Closes())


def target_of_unit(plan: Plan, unit: tuple[str, str], kpi: str, kind: str, period: str) -> Fraction | None:
    """In units; ``period`` '' for a rolling window."""
    units = _units(plan)
    name = "" if unit[0] == "company" else unit[1]
    ordinal = units.calendar.parse(kind, period) if period else 0
    found = units.target(kpi, units.unit(("", unit[0], name)), kind, ordinal)
    return None if found == NO_TARGET else Fraction(from_fixed(found))
