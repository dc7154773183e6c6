"""The target that the plan gives, for a KPI that nothing was credited for and that so was never published. Pure."""

from __future__ import annotations

from fractions import Fraction

from schemas.money import from_fixed
from schemas.plan import Plan
from streams.performance.calendar import Calendar
from streams.performance.closes import Closes
from streams.performance.dated_targets import DatedTargets
from streams.performance.interning import Interner
from streams.performance.ladder import NO_TARGET
from streams.performance.people import People
from streams.performance.targets import Targets
from streams.rollups.cells import Cells
from streams.rollups.units import Units


def target_of_person(plan: Plan, employee: str, kpi: str, kind: str, period: str) -> Fraction | None:
    """In units; ``period`` '' for a rolling window."""
    calendar, codes = Calendar(plan), Interner()
    ordinal = calendar.parse(kind, period) if period else 0
    person = People(plan, codes, calendar).standing(codes.code(employee), kind, ordinal)
    dated = DatedTargets(plan, calendar)
    if dated.has(kpi, kind):
        found = dated.resolve(kpi, person, kind, ordinal)
    else:
        place = person.role, person.team, person.department
        found = Targets(plan).resolve(kpi, employee, *place, kind, period)
    return None if found is None else Fraction(from_fixed(found))


def target_of_unit(plan: Plan, unit: tuple[str, str], kpi: str, kind: str, period: str) -> Fraction | None:
    """In units; ``period`` '' for a rolling window."""
    units = Units(plan, Cells(), Closes())
    name = "" if unit[0] == "company" else unit[1]
    ordinal = units.calendar.parse(kind, period) if period else 0
    found = units.target(kpi, units.unit(("", unit[0], name)), kind, ordinal)
    return None if found == NO_TARGET else Fraction(from_fixed(found))
