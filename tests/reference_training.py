"""The naive reference of training recommendations: everybody is judged anew after every credit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from schemas.plan_attendance import is_working_day
from schemas.plan_moves import employees_of
from schemas.plan_training import Training

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(210)]


def shows_day(reference, one) -> None:
    """The latest day on which something credited happened moves on."""
    happened = reference.day(one.event["time"])
    before = reference.memory.get("latest", happened)
    reference.memory["latest"] = max(happened, before)
    reference.memory["new_day"] = happened > before


def training(reference, rule: Training, one, credits: list, outcome) -> None:
    """Granted where the KPI is low as of the last day that is over, revoked where it no longer is."""
    over, kpi = reference.memory["latest"] - timedelta(days=1), reference.kpis[rule.kpi]
    periods: dict[str, list[date]] = {}
    for day in DAYS:
        periods.setdefault(reference.period(rule.period, day), []).append(day)
    periods.pop(None, None)
    low = _below_pace if rule.below_pace is not None else _below_bound
    for employee in sorted((employee for employee, _ in employees_of(reference.plan)), key=lambda found: found.id):
        mine = {key: [] for key in periods}
        for each in credits:
            if each.employee == employee.id and reference.counts(kpi, each):
                mine.get(reference.period(rule.period, reference.day(each.time)), []).append(each)
        worked = {key: [day for day in days if works(reference.plan, employee, day)] for key, days in periods.items()}
        for key in periods:
            role = reference.standing(employee.id, rule.period, key).role
            if rule.roles and role not in rule.roles:
                continue
            now = low(reference, rule, kpi, employee.id, key, mine, worked, periods[key][-1], over)
            if now is not None:
                reference._change(rule, "training", replace(one, employee=employee.id), key, [now], outcome)


def _below_pace(reference, rule, kpi, who, key, mine, worked, last, over) -> bool | None:
    order = list(mine)
    before = order[order.index(key) - 1] if order[0] != key else None
    if not mine[key] and not mine.get(before):
        return None
    days, gone = len(worked[key]), len([day for day in worked[key] if day <= over])
    value, sample = reference.value(kpi, mine[key])
    target, adds = reference.target(kpi.id, who, rule.period, key), kpi.aggregate in ("sum", "count", "distinct")
    if gone < rule.after or not target or sample < rule.min_sample:
        return False
    value = Fraction(0) if value is None and adds else value
    pace = reference.attainment(kpi, value, target * gone / days if adds else target)
    return pace is not None and pace < rule.below_pace


def _below_bound(reference, rule, kpi, who, key, mine, worked, last, over) -> bool | None:
    if not mine[key]:
        return None
    counted = [one for one in mine if worked[one]]
    if last > over or key not in counted:
        return False
    at = counted.index(key) + 1
    run = counted[max(0, at - rule.periods) : at]
    return len(run) == rule.periods and all(_low(reference, rule, kpi, who, one, mine[one]) for one in run)


def _low(reference, rule, kpi, who, key, mine) -> bool:
    if not mine:
        return False
    value, sample = reference.value(kpi, mine)
    if (value is None and kpi.aggregate == "ratio") or sample < rule.min_sample:
        return False
    if rule.below_value is not None:
        bound = Fraction(rule.below_value)
        return value < bound if kpi.direction == "up" else value > bound
    reached = reference.attainment(kpi, value, reference.target(kpi.id, who, rule.period, key))
    return reached is not None and reached < Fraction(rule.below_attainment)


def works(plan, employee, day: date) -> bool:
    away = any(leave.start <= day < leave.end for leave in employee.leave)
    joined = (employee.start is None or employee.start <= day) and (employee.end is None or day < employee.end)
    return is_working_day(plan, day) and joined and not away
