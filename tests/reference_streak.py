"""The naive reference of streaks: every period is judged anew after every credit."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from schemas.money import to_fixed
from schemas.plan_moves import employees_of
from schemas.plan_streak import Streak
from tests.reference_scorecards import score
from tests.reference_training import works

_DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(210)]


def streak(reference, rule: Streak, one, period: str, inside: dict, outcome) -> None:
    """Each period in turn: granted where the streak is complete, revoked where it no longer is."""
    who, days = one.employee, {}
    for day in _DAYS:
        days.setdefault(reference.period(rule.period, day), []).append(day)
    days.pop(None, None)
    if ("counted", rule.id, who) not in reference.memory:  # the plan does not change
        counted = [key for key in days if not _skipped(reference, rule, who, key, days[key])]
        reference.memory["counted", rule.id, who] = counted
    counted = reference.memory["counted", rule.id, who]
    credited = {reference.period(rule.period, reference.day(each.time)) for each in reference.mine}
    met = [key in credited and _met(reference, rule, who, key) for key in counted]
    window = rule.out_of or rule.periods
    complete = [
        met[at] and sum(met[max(0, at - window + 1) : at + 1]) >= rule.periods for at in range(len(counted))
    ]
    kind = "+".join(["streak"] + ["bonus"] * (rule.bonus is not None) + ["promotion"] * rule.promotion)
    bonus = to_fixed(rule.bonus or 0)
    for at, key in enumerate(counted):
        if rule.roles and reference.standing(who, rule.period, key).role not in rule.roles:
            continue
        now = complete[at] and not (rule.each == "run" and at and complete[at - 1])
        for granted in reference._change(rule, kind, one, key, [now], outcome):
            reason = "award" if granted else "revocation"
            reference._line(rule, one, key, bonus if granted else -bonus, reason, outcome)


def _skipped(reference, rule: Streak, who: str, key: str, days: list[date]) -> bool:
    person = next((one for one, _ in employees_of(reference.plan) if one.id == who), None)
    if rule.without_workdays == "skip" and not any(works(reference.plan, person, day) for day in days):
        return True
    by_attainment = [one.kpi for one in (*rule.all, *rule.any) if one.attainment is not None]
    return rule.without_target == "skip" and not all(
        reference.target(kpi, who, rule.period, key) for kpi in by_attainment
    )


def _met(reference, rule: Streak, who: str, key: str) -> bool:
    mine = [one for one in reference.mine if reference.period(rule.period, reference.day(one.time)) == key]
    held, credited = [], False
    for condition in rule.all or rule.any:
        if condition.kpi in reference.cards:
            found, sample = score(reference, reference.cards[condition.kpi], who, key, mine)
            credited |= found is not None
            reached = found is not None and found >= Fraction(condition.value)
        else:
            kpi = reference.kpis[condition.kpi]
            value, sample = reference.value(kpi, [one for one in mine if reference.counts(kpi, one)])
            credited |= value is not None
            if value is None and kpi.aggregate in ("sum", "count", "distinct"):
                value = Fraction(0)
            target = reference.target(kpi.id, who, rule.period, key)
            reached = reference.reached(kpi, condition, value, target)
        held.append(reached and sample >= condition.min_sample)
    return credited and (all(held) if rule.all else any(held))
