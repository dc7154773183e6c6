"""Every kind of award and the rule that decides it: the one place to register a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from schemas.plan_awards import Award
from schemas.plan_nudge import Nudge
from streams.performance.decisions import Decisions
from streams.performance.forecast_nudge import ForecastNudgeRule
from streams.performance.nudge_award import NudgeRule
from streams.performance.personal_best import PersonalBestRule
from streams.performance.spiff_award import SpiffRule
from streams.performance.streak_award import StreakRule
from streams.performance.threshold_award import ThresholdRule
from streams.performance.tier_award import TierRule
from streams.performance.training_award import TrainingRule


class Rule(Protocol):
    """Built as ``Rule(index, award, plan, views by KPI id, states, writer)``."""

    rule: Award

    def decide(self, decisions: Decisions, origins) -> None:
        """Decide every row of the current batch, as the views' ``running`` shows it."""

    def reconsider(self, earned_before: dict, decisions: Decisions, origins) -> None:
        """A plan took effect: decide every period anew; ``earned_before`` is what the rule replaced had earned."""

    def finalise(self, ordinal: int, decisions: Decisions, origins) -> None:
        """The period with this ordinal was closed: announce what stands there as final (``settle: period_end``)."""

    def earned(self) -> dict:
        """Money that follows the value, now, by period key, as ``reconsider`` of the same kind of rule reads it;
        nothing where it follows the awards alone.
        """


def nudge_rule(index: int, rule: Nudge, *rest) -> Rule:
    """By the value as it stands, or by where it leads."""
    return (ForecastNudgeRule if rule.by == "forecast" else NudgeRule)(index, rule, *rest)


RULES: dict[str, Callable[..., Rule]] = {
    "tiers": TierRule,
    "threshold": ThresholdRule,
    "nudge": nudge_rule,
    "streak": StreakRule,
    "spiff": SpiffRule,
    "training": TrainingRule,
    "personal_best": PersonalBestRule,
}
