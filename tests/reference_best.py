"""The naive reference of personal bests: every period is held against all before it after every credit."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from schemas.money import to_fixed
from schemas.plan_best import PersonalBest

_DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(210)]


def personal_best(reference, rule: PersonalBest, one, period: str, inside: dict, outcome) -> None:
    """Each period in turn: granted where it is the best so far by enough, revoked where it no longer is."""
    kpi, before = reference.kpis[rule.kpi], []
    mine = [each for each in reference.mine if reference.counts(kpi, each)]
    kind = "+".join(["personal_best"] + ["bonus"] * (rule.bonus is not None))
    bonus = to_fixed(rule.bonus or 0)
    for key in dict.fromkeys(reference.period(rule.period, day) for day in _DAYS):
        credits = [each for each in mine if key and reference.period(rule.period, reference.day(each.time)) == key]
        value, sample = reference.value(kpi, credits)
        counts = value is not None and sample >= rule.min_sample
        if credits and not (rule.roles and reference.standing(one.employee, rule.period, key).role not in rule.roles):
            now = counts and len(before) >= rule.min_periods and _better(kpi, rule, value, before)
            for granted in reference._change(rule, kind, one, key, [now], outcome):
                reason = "award" if granted else "revocation"
                reference._line(rule, one, key, bonus if granted else -bonus, reason, outcome)
        before += [value] * counts


def _better(kpi, rule: PersonalBest, value: Fraction, before: list[Fraction]) -> bool:
    if kpi.direction == "up":
        best = max(before)
        return value > best and value >= best + abs(best) * Fraction(rule.ahead or 0)
    best = min(before)
    return value < best and value <= best - abs(best) * Fraction(rule.ahead or 0)
