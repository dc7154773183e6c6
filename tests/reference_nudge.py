"""The naive reference of nudges."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from types import SimpleNamespace

from schemas.plan_attendance import is_working_day
from schemas.plan_nudge import Nudge


def nudge(reference, rule: Nudge, one, period: str, inside: dict, outcome) -> None:
    """Told where the next tier, never reached before, is close, in the days that the rule names."""
    table = rule.about
    kpi, value, target = reference.standing_of(table.kpi, rule.period, one.employee, period, inside)
    level = sum(reference.reached(kpi, tier, value, target) for tier in table.tiers)
    for number, tier in enumerate(table.tiers):
        key = (rule.id, one.employee, period, number)
        passed, close = ("passed", *key), ("close", *key)
        if number < level:
            reference.memory[passed] = True
        if number != level or not reference.reached(kpi, eased(kpi, tier, rule.within), value, target):
            reference.memory[close] = False
            continue
        in_time = rule.days_left is None or _left(reference, rule, one, period) <= rule.days_left
        told = reference.sequence.get(key, 0)
        if in_time and not reference.memory.get(close) and passed not in reference.memory and (
            not told or rule.rearm
        ):
            reference.memory[close] = True
            reference.sequence[key] = told + 1
            reference._award(rule, "nudge", one, period, number, "final", outcome)


def eased(kpi, bound, part) -> SimpleNamespace:
    """A bound that is easier to reach by ``part`` of it."""
    if bound.value is None:
        return SimpleNamespace(value=None, attainment=Fraction(bound.attainment) * (1 - Fraction(part)))
    value = Fraction(bound.value)
    slack = abs(value) * Fraction(part) * (1 if kpi.direction == "up" else -1)
    return SimpleNamespace(value=value - slack, attainment=None)


def _left(reference, rule: Nudge, one, period: str) -> int:
    day, count = reference.day(one.time) + timedelta(days=1), 0
    while reference.period(rule.period, day) == period:
        count += rule.count == "days" or is_working_day(reference.plan, day)
        day += timedelta(days=1)
    return count
