"""Bonus pools: money of a unit for a period, shared among the members who meet the conditions."""

from __future__ import annotations

from fractions import Fraction

from schemas.money import round_half_up, to_fixed
from streams.performance.ladder import Ladder, value_of, value_scale
from streams.rollups.books import Touched
from streams.rollups.decided import Decided
from streams.rollups.paid import shared_out
from streams.rollups.people_rules import PeopleRule
from streams.rollups.unit_rule import periods_of
from streams.rollups.units import Unit


class PoolRule(PeopleRule):
    """No award goes with it: what everyone is due is a part of the unit's money, and lines pay the difference."""

    def _member_kpis(self) -> tuple[str, ...]:
        return self.rule.member_kpis()

    def periods(self, touched: Touched) -> list[tuple[Unit, int]]:
        """As PeopleRule, and where the unit's own KPI moved."""
        own = periods_of(self.rule, self.units, touched.units, [self.rule.kpi])
        return sorted({*super().periods(touched), *own})

    def _kept(self) -> list[tuple[str, str]]:
        return self.paid.known(self.rule.id)

    def settle(self, unit: Unit, ordinal: int, reason: str, decided: Decided) -> None:
        """As PeopleRule."""
        if self.waits(ordinal) or not self.units.in_plan(unit):
            return
        people = self.members(unit, ordinal)
        for condition in self.rule.all:
            held = self.holding(condition, people, ordinal)
            people = [who for who, holds in zip(people, held, strict=True) if holds]
        total = self._total(unit, ordinal) if people else 0
        due = shared_out(total, dict(zip(people, self._weights(people, ordinal), strict=True)), self.step)
        self.pay(unit, ordinal, due, decided, reason=reason, value_after=total)

    def _total(self, unit: Unit, ordinal: int) -> int:
        rule, total = self.rule, Fraction(0)
        if rule.kpi is not None:
            kpi = self.units.kpis[rule.kpi]
            measured = self.units.measured(self.units.key(kpi.id, unit), rule.period, ordinal)
            if rule.floor is not None:
                by = "attainment" if rule.floor.attainment is not None else "value"
                ladder = Ladder(kpi, [getattr(rule.floor, by)], by, rule.floor.min_sample)
                if not ladder.level(*measured):
                    return 0
            if rule.rate is not None:
                value = value_of(value_scale(kpi), *measured[:2]) or Fraction(0)
                total += max(Fraction(rule.rate) * value, 0)
        if rule.amount is not None:
            total += to_fixed(rule.amount)
        return round_half_up(total, self.step)

    def _weights(self, people: list[str], ordinal: int) -> list[int]:
        """Values as ten-thousandths; equal where the rule shares by nothing."""
        if self.rule.share_by is None:
            return [1] * len(people)
        scale = value_scale(self.persons.kpis[self.rule.share_by])
        values = [value_of(scale, num, den) for num, den, _ in self.measured(self.rule.share_by, people, ordinal)]
        return [0 if value is None else round_half_up(value, 1) for value in values]
