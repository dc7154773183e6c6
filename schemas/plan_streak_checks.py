"""Checks of streaks, beside those of their conditions. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.plan_lookup import Finding, is_rolling
from schemas.plan_streak import Streak


def check_streak(path: tuple, award: Streak) -> Iterator[Finding]:
    """Findings on the periods that a streak counts."""
    if is_rolling(award.period):
        yield Finding((*path, "period"), "a rolling window has no periods to count; expected a calendar period")
    if award.out_of is not None and award.out_of < award.periods:
        yield Finding((*path, "out_of"), f"must not be below periods, which is {award.periods}")
    if award.without_target == "skip" and all(one.attainment is None for one in (*award.all, *award.any)):
        yield Finding((*path, "without_target"), "no condition on an attainment needs a target", True)
