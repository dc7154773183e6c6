"""Conditions that hold at once on whole units."""

from __future__ import annotations

from schemas.money import to_fixed
from schemas.plan_awards import ThresholdAward
from streams.performance.award_records import condition_text, evidence, number_text
from streams.performance.ladder import Ladder
from streams.rollups.books import Books
from streams.rollups.unit_rule import UnitRule, Verdict
from streams.rollups.units import Unit, Units


class UnitThreshold(UnitRule):
    """Conditions that hold at once on a unit's values."""

    def __init__(self, rule: ThresholdAward, units: Units, books: Books) -> None:
        super().__init__(rule, units, books)
        self.conditions = rule.all or rule.any
        self.ladders = [Ladder.of_condition(units.kpis[one.kpi], one) for one in self.conditions]
        kinds = (("bonus", rule.bonus is not None), ("promotion", rule.promotion))
        self.kind = "+".join(kind for kind, given in kinds if given)
        self.threshold = (" and " if rule.all else " or ").join(
            condition_text(units.kpis[one.kpi], one) for one in self.conditions
        )

    def verdict(self, unit: Unit, ordinal: int) -> Verdict:
        """As UnitRule."""
        measured = [self._measured(one.kpi, unit, ordinal) for one in self.conditions]
        held = [ladder.level(*one) > 0 for ladder, one in zip(self.ladders, measured, strict=True)]
        met = (all(held) if self.rule.all else any(held)) and any(num or den for num, den, _ in measured)
        seen = tuple(evidence(kpi, *one) for kpi, one in zip(self.kpis, measured, strict=True))
        return Verdict([met], int(met), seen, measured[0])

    def earned(self, verdict: Verdict, state: list[list[int]]) -> int:
        """The bonus for as long as the award stands."""
        return to_fixed(self.rule.bonus) if self.rule.bonus is not None and state[0][1] else 0

    def texts(self, tier: int, verdict: Verdict) -> dict:
        """As UnitRule."""
        bonus = number_text(self.rule.bonus) if self.rule.bonus is not None else None
        name = self.rule.name.by_language()
        return {"name": name, "threshold": self.threshold, "pays": bonus or "", "amount": bonus}
