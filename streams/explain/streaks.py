"""Streaks: every period judged again after every credit, and what has stood of their awards on the way. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from schemas.money import to_fixed
from schemas.plan_streak import Streak
from streams.explain.measured import Measured, Scope
from streams.explain.pace import spans_in_force, worked_days
from streams.explain.walk import Granted, Walk, conditions_hold

#: A streak does not outlast more periods in a row that are skipped.
_MOST_SKIPPED = 60
#: Stands between periods that are too far apart.
_GAP = None


@dataclass(frozen=True)
class Judged:
    """A period that a streak looks at: its KPIs, and whether the conditions hold there."""

    period: str
    measured: tuple[Measured, ...]
    holds: bool


def explain_streak(scope: Scope) -> tuple[int, tuple[Judged, ...]]:
    """The bonus of the scope's period that stands in the end, and the periods that it looks back on, the last one last.

    None of them where nothing was credited in the period, or it is skipped.
    """
    rule, walk = scope.rule, Walk(scope)
    counted = _counted(scope, walk)
    places = {ordinal: at for at, ordinal in enumerate(counted) if ordinal is not _GAP}
    awards: dict[int, Granted] = defaultdict(Granted)
    earns = {ordinal: scope.evidence.takes_part(rule, walk.key(ordinal)) for ordinal in walk.measured}
    met: dict[int | None, bool] = {}
    reach = rule.window + (rule.each == "run")
    for changed in walk:
        met[changed] = _met(rule, walk, changed)
        start = places.get(changed)
        for at in range(start, min(start + reach, len(counted))) if start is not None else ():
            ordinal = counted[at]
            if ordinal in walk.now and earns[ordinal]:
                complete = _complete(rule, counted, at, met)
                if rule.each == "run" and at and _complete(rule, counted, at - 1, met):
                    complete = False  # it goes on since before
                awards[ordinal].turn(rule, complete)
    last = walk.calendar.parse(rule.period, scope.period)
    bonus = to_fixed(rule.bonus or 0) if awards[last].stands else 0
    if last not in places:
        return bonus, ()
    window = [one for one in counted[: places[last] + 1][-rule.window :] if one is not _GAP]
    return bonus, tuple(
        Judged(walk.key(one), tuple(walk.measured.get(one, {}).values()), met.get(one, False)) for one in window
    )


def _counted(scope: Scope, walk: Walk) -> list[int | None]:
    """Every period from the first to the last with credits but those that are skipped."""
    if not walk.measured:
        return []
    spans = spans_in_force(scope.evidence.plan, scope.evidence.employee)
    found, skipped = [], 0
    for ordinal in range(min(walk.measured), max(walk.measured) + 1):
        if _skips(scope, walk, ordinal, spans):
            skipped += 1
            continue
        found += [_GAP] * scope.rule.window if skipped > _MOST_SKIPPED else []
        found.append(ordinal)
        skipped = 0
    return found


def _skips(scope: Scope, walk: Walk, ordinal: int, spans: list[tuple[date, date]]) -> bool:
    """Whether the period is passed over: it follows from the plan alone."""
    rule, plan = scope.rule, scope.evidence.plan
    if rule.without_workdays == "skip":
        first, last = walk.calendar.span(rule.period, ordinal)
        if not worked_days(plan, spans, first, last):
            return True
    aims = {one.kpi for one in rule.all or rule.any if one.attainment is not None}
    return rule.without_target == "skip" and not all(scope.target(kpi, walk.key(ordinal)) for kpi in aims)


def _met(rule: Streak, walk: Walk, ordinal: int) -> bool:
    """Whether the conditions hold in a period, by now, with something behind their values."""
    now = walk.now[ordinal]
    return any(step.below for step in now.values()) and conditions_hold(rule, walk.measured[ordinal], now)


def _complete(rule: Streak, counted: list[int | None], at: int, met: dict[int | None, bool]) -> bool:
    window = counted[max(0, at - rule.window + 1) : at + 1]
    return met.get(counted[at], False) and sum(met.get(one, False) for one in window) >= rule.periods
