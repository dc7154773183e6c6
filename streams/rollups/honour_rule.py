"""Honours: the best of a unit by a KPI or a score, among those who meet the conditions."""

from __future__ import annotations

from streams.performance.ladder import attainment_of, value_of, value_scale
from streams.rollups.decided import Decided
from streams.rollups.people_rules import PeopleRule
from streams.rollups.units import Unit


class HonourRule(PeopleRule):
    """Places by rank: behind everyone who is better (``competition``), or behind every better value (``dense``)."""

    def bound(self) -> str:
        """As PeopleRule."""
        return f"{self.rule.kpi} (top {self.rule.top})"

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """As PeopleRule."""
        if self.waits(ordinal) or not self.units.in_plan(unit):
            return
        row = self.places.of(self.rule.id, unit.holder, self.units.period_text(self.rule.period, ordinal))
        self.turn(unit, ordinal, row, self._best(unit, ordinal), decided)

    def _best(self, unit: Unit, ordinal: int) -> dict[str, str]:
        """Who is among the best, by rank and then in the plan's order, with how it is told."""
        people = self.members(unit, ordinal)
        for condition in self.rule.all:
            held = self.holding(condition, people, ordinal)
            people = [who for who, holds in zip(people, held, strict=True) if holds]
        kpi = self.persons.kpis[self.rule.kpi]
        merits = {}
        for who, (num, den, target) in zip(people, self.measured(kpi.id, people, ordinal), strict=True):
            value = value_of(value_scale(kpi), num, den) if den else None
            merit = value if self.rule.by == "value" else attainment_of(kpi, value, target)
            if merit is not None:
                merits[who] = -merit if self.rule.by == "value" and kpi.direction == "down" else merit
        better = sorted(set(merits.values()) if self.rule.ties == "dense" else merits.values(), reverse=True)
        ranks = {merit: better.index(merit) + 1 for merit in set(better[: self.rule.top])}
        found = [(ranks[merit], number, who) for number, (who, merit) in enumerate(merits.items()) if merit in ranks]
        return {who: f"{kpi.id} #{rank} (top {self.rule.top})" for rank, _, who in sorted(found)}
