"""What those who have values, awards and money are called in tables for people."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.plan import Plan
from schemas.plan_moves import employees_of
from schemas.plan_units import unit_names


class Holders:
    """The people and units of ``plans``, each by its latest name."""

    def __init__(self, *plans: Plan) -> None:
        self._people = {one.id: one.name for plan in plans for one, _ in employees_of(plan)}
        self._units = {unit: names["en"] for plan in plans for unit, names in unit_names(plan).items()}
        self._units |= {(kind, ""): name for (kind, _), name in self._units.items() if kind == "company"}

    def person(self, employee: str) -> str:
        """Name and id."""
        name = self._people.get(employee)
        return f"{name} ({employee})" if name else employee

    def unit(self, kind: str, unit: str) -> str:
        """The kind of unit, and its name; the company also by no id."""
        name = self.person(unit) if kind == "manager" else self._units.get((kind, unit), unit)
        return f"{kind} {name}" if name else kind

    def holder(self, row: Mapping[str, str]) -> str:
        """The employee, or the unit as a whole."""
        return self.person(row["employee"]) if row["employee"] else self.unit(row["unit_kind"], row["unit"])
