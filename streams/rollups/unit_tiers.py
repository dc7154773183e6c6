"""Tier tables on whole units."""

from __future__ import annotations

import numpy as np

from schemas.plan_awards import TierAward
from schemas.samples import sample_text
from streams.performance.award_records import bound_text, evidence, gap_to, number_text, pays_text
from streams.performance.ladder import Ladder, Payout
from streams.rollups.books import Books
from streams.rollups.unit_rule import UnitRule, Verdict, columns
from streams.rollups.units import Unit, Units


class UnitTiers(UnitRule):
    """A tier table on a unit's value."""

    kind = "tier"

    def __init__(self, rule: TierAward, units: Units, books: Books) -> None:
        super().__init__(rule, units, books)
        self.kpi = self.kpis[0]
        self.ladder = Ladder.of_tiers(self.kpi, rule)
        self.by = self.ladder.by
        self.bounds = [getattr(tier, self.by) for tier in rule.tiers]
        self.payout = Payout(self.kpi, rule.pays, rule.tiers, self.step) if rule.pays != "nothing" else None
        self.keeps_peak = rule.settle == "sticky" and rule.pays in ("slab", "flat")

    def verdict(self, unit: Unit, ordinal: int) -> Verdict:
        """As UnitRule; base rates count as reached only where a sticky level must remember them."""
        values = self._measured(self.kpi.id, unit, ordinal)
        level = self.ladder.level(*values) if values[1] else 0
        reached = [tier < level and (self.announced(tier) or self.keeps_peak) for tier in range(len(self.bounds))]
        return Verdict(reached, level, (evidence(self.kpi, *values),), values)

    def announced(self, tier: int) -> bool:
        """Base rates (a bound of 0) pay but are no achievement."""
        return self.bounds[tier] != 0

    def earned(self, verdict: Verdict, state: list[list[int]]) -> int:
        """As UnitRule."""
        if self.payout is None or not (verdict.values[1] or self.keeps_peak):
            return 0
        level = verdict.level
        if self.keeps_peak:
            # a plan before may have had more tiers
            known = state[: len(self.bounds)]
            level = max([level, *(tier + 1 for tier, (sequence, _) in enumerate(known) if sequence)])
        return int(self.payout.earned(np.array([level]), *columns(verdict.values))[0])

    def texts(self, tier: int, verdict: Verdict) -> dict:
        """As UnitRule."""
        chosen = self.rule.tiers[tier]
        following = self.bounds[tier + 1] if tier + 1 < len(self.bounds) else None
        return {
            "name": (chosen.name or self.rule.name).by_language(),
            "threshold": bound_text(self.kpi, self.bounds[tier], self.by) + sample_text(self.rule.min_sample),
            "pays": pays_text(chosen),
            "amount": number_text(chosen.amount) if self.rule.pays == "flat" else None,
            "next_tier": None if following is None else bound_text(self.kpi, following, self.by),
            "gap": None if following is None else gap_to(self.kpi, following, self.by, *verdict.values),
        }
