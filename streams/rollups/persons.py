"""What single people have reached, from all of their day cells, beside the units that they stand in."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.interning import Interner
from schemas.plan import Plan
from schemas.plan_scorecards import kpis_behind
from streams.performance.calendar import Calendar, window_days
from streams.performance.dated_targets import DatedTargets
from streams.performance.ladder import NO_TARGET
from streams.performance.people import People, Person
from streams.performance.targets import target_index
from streams.rollups.cells import Cells, Changes
from streams.rollups.unit_scores import measure_of, score_of

_NOTHING = (0, 0, NO_TARGET)


class Persons:
    """Values and targets of people under one plan, as performance publishes them."""

    def __init__(self, plan: Plan, cells: Cells, calendar: Calendar) -> None:
        self._cells, self._calendar = cells, calendar
        self._cards = {card.id: card for card in plan.scorecards if card.persons}
        #: What people have values of: KPIs, and scores.
        self.kpis = {kpi.id: kpi for kpi in plan.kpis} | {card.id: measure_of(card) for card in self._cards.values()}
        self._people = People(plan, Interner(), calendar)
        self._targets, self._dated = target_index(plan), DatedTargets(plan, calendar)
        self._known: dict[tuple[str, str], dict[tuple[str, int], tuple[int, int]]] = {}

    def behind(self, kpis: Iterable[str]) -> set[str]:
        """The KPIs that make up ``kpis``, of which some may be scores."""
        return kpis_behind(self._cards.values(), kpis)

    def forget(self, changes: Changes) -> None:
        """Work out anew what has moved."""
        for kpi, employee, _ in changes.moved() if self._known else ():
            self._known.pop((kpi, employee), None)

    def place(self, employee: str, kind: str, ordinal: int) -> Person | None:
        """Where the period sees an employee; None for somebody outside the plan."""
        if employee not in self._people:
            return None
        return self._people.standing(self._people.code(employee), kind, ordinal)

    def measured(self, kpi: str, employee: str, kind: str, ordinal: int) -> tuple[int, int, int]:
        """Numerator, denominator and target (NO_TARGET: none) of a KPI, or score, of somebody in the plan."""
        person = self.place(employee, kind, ordinal)
        if kpi in self._cards:
            card = self._cards[kpi]
            if card.roles and person.role not in card.roles:
                return _NOTHING
            parts = [(self.kpis[one.kpi], *self.measured(one.kpi, employee, kind, ordinal)) for one in card.kpis]
            return *score_of(card, parts), NO_TARGET
        known = self._known.setdefault((kpi, employee), {})
        if (kind, ordinal) not in known:
            span = self._calendar.span(kind, ordinal)
            known[kind, ordinal] = self._cells.own(kpi, employee, self.kpis[kpi].aggregate, *span)
        return *known[kind, ordinal], self._target(kpi, person, kind, ordinal)

    def _target(self, kpi: str, person: Person, kind: str, ordinal: int) -> int:
        if self._dated.has(kpi, kind):
            found = self._dated.resolve(kpi, person, kind, ordinal)
        else:
            period = "" if window_days(kind) else self._calendar.key(kind, ordinal)
            own = (person.id, person.role, person.team, person.department)
            found = self._targets.resolve(kpi, *own, kind, period)
        return NO_TARGET if found is None else found
