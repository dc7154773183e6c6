"""What nudges by value and by forecast have in common: a tier table, bounds that come close to its tiers, and texts."""

from __future__ import annotations

from schemas.plan import Kpi, Plan
from schemas.plan_awards import TierAward
from schemas.plan_nudge import Nudge
from streams.performance.award_records import AwardWriter, bound_text, gap_to, pays_text
from streams.performance.award_states import AwardStates
from streams.performance.calendar import Calendar
from streams.performance.ladder import Ladder
from streams.performance.period_days import PeriodDays
from streams.performance.period_view import PeriodView
from streams.performance.running import key_parts


class Nudging:
    """A nudge about a tier table. ``kpi`` is how what is compared with its tiers is read."""

    def __init__(
        self,
        index: int,
        rule: Nudge,
        plan: Plan,
        views: dict[str, PeriodView],
        states: AwardStates,
        writer: AwardWriter,
    ) -> None:
        self.index, self.rule, self.states, self.writer = index, rule, states, writer
        self.table = rule.about
        self.view = views[self.table.kpi]
        self.kpi = self.compared(self.view.kpi)
        self.ladder = Ladder.of_tiers(self.kpi, self.asked())
        self.by = self.ladder.by
        self.bounds = [getattr(tier, self.by) for tier in self.table.tiers]
        self.near = Ladder.of_tiers(self.kpi, self.asked(), rule.within)
        self.calendar = Calendar(plan)
        self.days = PeriodDays(plan, self.calendar, rule.period, rule.count == "workdays")

    def compared(self, kpi: Kpi) -> Kpi:
        """The KPI itself, for its value."""
        return kpi

    def asked(self) -> TierAward:
        """The table itself, for its value: without its smallest sample no tier is reached, and none is close."""
        return self.table

    def finalise(self, ordinal: int, decisions, origins) -> None:
        """A nudge never waits for the end of its period."""

    def earned(self) -> dict:
        """A nudge pays nothing."""
        return {}

    def holder(self, key: int) -> tuple[str, str, str]:
        """Under which rule, employee and period its state is kept."""
        code, ordinal = key_parts(key)
        period = self.writer.period_text(self.rule.period, ordinal)
        return self.rule.id, self.writer.people.id(code), period

    def texts(self, tier: int, figures: tuple[int, int, int], left: int | None) -> dict:
        """What the award says beside its evidence; ``figures`` (numerator, denominator, target) fall short."""
        chosen, bound = self.table.tiers[tier], bound_text(self.kpi, self.bounds[tier], self.by)
        return {
            "name": (chosen.name or self.table.name).by_language(),
            "threshold": bound,
            "pays": pays_text(chosen),
            "amount": None,
            "next_tier": bound,
            "gap": gap_to(self.kpi, self.bounds[tier], self.by, *figures),
            "days_left": left,
            "workdays": self.rule.count == "workdays" and left is not None,
        }
