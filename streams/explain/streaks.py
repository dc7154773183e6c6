"""Streaks: every period judged again after every credit, and what has stood of their awards on the way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.money import to_fixed
from schemas.plan_streak import Streak
from streams.explain.granted import Granted
from streams.explain.measured import Measured, Scope
from streams.explain.pace import spans_in_force, worked_days
from streams.explain.walk import Walk, conditions_hold

#: A streak does not outlast more periods in a row that are skipped.
_MOST_SKIPPED = 60
#: Stands between periods that are too far apart.
_GAP = None


@dataclass(frozen=True)
class Judged:
    """A period that a streak looks at: its KPIs, and whether the conditions hold there; or why it is ``skipped``:
    for want of ``workdays``, or of a ``target``.
    """

    period: str
    measured: tuple[Measured, ...] = ()
    holds: bool = False
    skipped: str = ""


def explain_streak(scopes: list[Scope]) -> tuple[int, tuple[Judged, ...]]:
    """The bonus of the period that stands in the end, and the periods that it looks back on, the last one last.

    ``scopes``: under each plan, or rebuild, in turn. None of the periods where nothing was credited in it, or it is
    skipped.
    """
    granted, window = Granted(), ()
    for scope in scopes:
        window = _walk(scope, granted)
    return to_fixed(scopes[-1].rule.bonus or 0) if granted.stands else 0, window


def _walk(scope: Scope, granted: Granted) -> tuple[Judged, ...]:
    """What becomes of the award as the plan takes effect, and with each credit after that; what it looks back on."""
    rule, walk = scope.rule, Walk(scope)
    counted = _counted(scope, walk)
    mine = walk.calendar.parse(rule.period, scope.period)
    at = counted.index(mine) if mine in counted else None
    reach = rule.window + (rule.each == "run")
    met: dict[int | None, bool] = {}
    for changed in walk:
        if changed is None:
            met = {ordinal: _met(rule, walk, ordinal) for ordinal in walk.now}
        else:
            met[changed] = _met(rule, walk, changed)
        if at is not None and mine in walk.now:
            if changed is None or changed in counted[max(0, at - reach + 1) : at + 1]:
                complete = _complete(rule, counted, at, met)
                if rule.each == "run" and at and _complete(rule, counted, at - 1, met):
                    complete = False  # it goes on since before
                granted.turn(rule, complete)
        elif changed is None and scope.adjusted:
            granted.turn(rule, False)  # what was there is no more
    if at is None:
        return ()
    window = [one for one in counted[: at + 1][-rule.window :] if one is not _GAP]
    spans = spans_in_force(scope.evidence.plan, scope.evidence.employee)
    return tuple(
        Judged(walk.key(one), tuple(walk.measured.get(one, {}).values()), met.get(one, False))
        if one in window
        else Judged(walk.key(one), skipped=_skipped(scope, walk, one, spans))
        for one in range(window[0], mine + 1)
    )


def _counted(scope: Scope, walk: Walk) -> list[int | None]:
    """Every period from the first to the last with credits but those that are skipped."""
    if not walk.measured:
        return []
    spans = spans_in_force(scope.evidence.plan, scope.evidence.employee)
    found, skipped = [], 0
    for ordinal in range(min(walk.measured), max(walk.measured) + 1):
        if _skipped(scope, walk, ordinal, spans):
            skipped += 1
            continue
        found += [_GAP] * scope.rule.window if skipped > _MOST_SKIPPED else []
        found.append(ordinal)
        skipped = 0
    return found


def _skipped(scope: Scope, walk: Walk, ordinal: int, spans: list[tuple[date, date]]) -> str:
    """Why the period is passed over, which follows from the plan alone; '' where it is not."""
    rule, plan = scope.rule, scope.evidence.plan
    if rule.without_workdays == "skip":
        first, last = walk.calendar.span(rule.period, ordinal)
        if not worked_days(plan, spans, first, last):
            return "workdays"
    aims = {one.kpi for one in rule.all or rule.any if one.attainment is not None}
    aimless = rule.without_target == "skip" and not all(scope.target(kpi, walk.key(ordinal)) for kpi in aims)
    return "target" if aimless else ""


def _met(rule: Streak, walk: Walk, ordinal: int) -> bool:
    """Whether the conditions hold in a period, by now, with something behind their values."""
    now = walk.now[ordinal]
    return any(step.below for step in now.values()) and conditions_hold(rule, walk.measured[ordinal], now)


def _complete(rule: Streak, counted: list[int | None], at: int, met: dict[int | None, bool]) -> bool:
    window = counted[max(0, at - rule.window + 1) : at + 1]
    return met.get(counted[at], False) and sum(met.get(one, False) for one in window) >= rule.periods
