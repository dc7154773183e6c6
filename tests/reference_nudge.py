"""The naive reference of nudges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from types import SimpleNamespace

from schemas.plan_attendance import is_working_day
from schemas.plan_moves import employees_of
from schemas.plan_nudge import Nudge
from tests.reference_training import DAYS, works


def nudge(reference, rule: Nudge, one, period: str, inside: dict, outcome) -> None:
    """Told where the next tier, never reached before, is close, in the days that the rule names."""
    table = rule.about
    kpi, value, sample, target = reference.standing_of(table.kpi, rule.period, one.employee, period, inside)
    enough = sample >= table.min_sample
    level = sum(enough and reference.reached(kpi, tier, value, target) for tier in table.tiers)
    for number, tier in enumerate(table.tiers):
        key = (rule.id, one.employee, period, number)
        passed, close = ("passed", *key), ("close", *key)
        if number < level:
            reference.memory[passed] = True
        near = enough and reference.reached(kpi, eased(kpi, tier, rule.within), value, target)
        if number != level or not near:
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


def forecast_nudge(reference, rule: Nudge, one, credits: list, outcome) -> None:
    """As a new day begins: who would end the period of the day before close to a tier, but short of it."""
    over = reference.memory["latest"] - timedelta(days=1)
    period, kpi = reference.period(rule.period, over), reference.kpis[rule.about.kpi]
    if not reference.memory["new_day"] or period is None:
        return
    days = [day for day in DAYS if reference.period(rule.period, day) == period]
    left = [day for day in days if day > over and (rule.count == "days" or is_working_day(reference.plan, day))]
    if rule.days_left is not None and len(left) > rule.days_left:
        return
    for employee in sorted((employee for employee, _ in employees_of(reference.plan)), key=lambda found: found.id):
        who, role = employee.id, reference.standing(employee.id, rule.period, period).role
        ahead = [each for each in credits if each is not one]  # which is of the day that begins
        own = [each for each in ahead if each.employee == who and reference.counts(kpi, each)]
        value, sample = reference.value(kpi, [each for each in own if reference.day(each.time) in days])
        worked = [day for day in days if works(reference.plan, employee, day)]
        gone = len([day for day in worked if day <= over])
        if value is None or not rule.after <= gone < len(worked) or (rule.roles and role not in rule.roles):
            continue
        if sample < rule.about.min_sample:
            continue
        if kpi.aggregate in ("sum", "count", "distinct"):
            value = value * len(worked) / gone
        target = reference.target(kpi.id, who, rule.period, period)
        level = sum(reference.reached(kpi, tier, value, target) for tier in rule.about.tiers)
        for number, tier in enumerate(rule.about.tiers):
            key = (rule.id, who, period, number)
            if number != level or not reference.reached(kpi, eased(kpi, tier, rule.within), value, target):
                reference.memory["close", *key] = False
                continue
            told, today = reference.sequence.get(key, 0), over + timedelta(days=1)
            cools = today < reference.memory.get(("cools", *key), today)
            if not reference.memory.get(("close", *key)) and not cools and (not told or rule.rearm):
                reference.memory["close", *key] = True
                reference.memory["cools", *key] = today + timedelta(days=rule.cool_down_days)
                reference.sequence[key] = told + 1
                reference._award(rule, "nudge", replace(one, employee=who), period, number, "final", outcome)


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
