"""First to reach: places in the order in which the KPI updates show that the conditions hold."""

from __future__ import annotations

from schemas.plan_conditions import Condition
from streams.performance.award_records import condition_text
from streams.rollups.decided import Decided
from streams.rollups.people_rules import PeopleRule
from streams.rollups.units import Unit

#: Since when the conditions of somebody hold for whom they do not.
_NOT_IN = [0, 0]


class FirstRule(PeopleRule):
    """Who reaches it with one update is tied: as many stand before somebody as reached it with an earlier one."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What is to be reached."""
        return self.rule.all or self.rule.any

    def bound(self) -> str:
        """As PeopleRule."""
        return f"{self._text()} (first {self.rule.places})"

    def _text(self) -> str:
        texts = (condition_text(self.kpis[one.kpi], one) for one in self.conditions)
        return (" and " if self.rule.all else " or ").join(texts)

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """As PeopleRule."""
        if not self.units.in_plan(unit):
            return
        rule = self.rule
        row = self.places.of(rule.id, unit.holder, self.units.period_text(rule.period, ordinal))
        reached = self._reached(unit, ordinal)
        since = [decided.position.offset, decided.position.index]
        for who in reached:
            if who not in row or row[who][2:] == _NOT_IN:
                row[who] = [*row.get(who, [0, 0])[:2], *since]
        for who in row if rule.settle == "live" else ():
            if who not in reached and not self.gone(who):
                row[who][2:] = _NOT_IN  # at the end of the queue, should he come back
        self.turn(unit, ordinal, row, self._placed(row), decided)

    def _reached(self, unit: Unit, ordinal: int) -> dict[str, None]:
        people = self.members(unit, ordinal)
        held = [self.holding(one, people, ordinal) for one in self.conditions]
        measured = [self.measured(kpi, people, ordinal) for kpi in self.rule.kpi_ids()]
        anything = [any(num or den for num, den, _ in each) for each in zip(*measured, strict=True)]
        join = all if self.rule.all else any
        return {
            who: None for who, some, *each in zip(people, anything, *held, strict=True) if some and join(each)
        }

    def _placed(self, row: dict[str, list[int]]) -> dict[str, str]:
        """Who has one of the places, in their order."""
        queue = sorted((place[2:], who) for who, place in row.items() if place[2:] != _NOT_IN)
        text, found = self._text(), {}
        for since, who in queue:
            number = sum(earlier < since for earlier, _ in queue) + 1
            kept = self.rule.settle == "sticky" and row[who][1]
            if (number <= self.rule.places or kept) and not self.gone(who):
                found[who] = f"{text} #{number} (first {self.rule.places})"
        return found
