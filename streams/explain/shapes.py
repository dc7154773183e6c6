"""Which versions of a rule decide the same money, where its kind, period or unit changed from plan to plan. Pure.

Money of people goes by rule, kind and kind of period: what a version of another shape paid stays as it was. Money of
units goes by rule, unit and period, be it that another kind decides them by now.
"""

from __future__ import annotations

from schemas.plan_awards import TierAward
from schemas.plan_spiff import Spiff
from schemas.plan_units import decided_by, judges_units, of_units
from streams.explain.tiers import keeps_peak


def money_of(rule) -> tuple:
    """Versions of a rule with the same one go on with each other's money."""
    if not of_units(rule):
        return "person", rule.kind, rule.period
    if judges_units(rule):
        return "unit", _compares(rule), decided_by(rule), _span(rule)
    return "people", _span(rule)


def is_tangled(rule, versions: list) -> bool:
    """Whether money of ``rule`` depends on what a version of another shape left behind in the same periods.

    States of awards are kept by rule and period, whatever the kind, and matter where the rule looks back on them. What
    was given to people and what was given to their unit as a whole is not told apart, nor what they were given within
    units of different kinds.
    """
    others = [one for one in versions if _span(one) == _span(rule) and _shape(one) != _shape(rule)]
    others = [one for one in others if of_units(one) == of_units(rule)]
    if not of_units(rule):
        # events are remembered by no other kind: what came before the first version of its own has no part in it
        if _goes_by_event(rule):
            first = next(at for at, one in enumerate(versions) if money_of(one) == money_of(rule))
            others = [one for one in others if one in versions[first:]]
        return bool(others) and _looks_back(rule)
    if _compares(rule) == "units" or not all(_compares(one) == _compares(rule) for one in others):
        return bool(others)
    if _compares(rule) == "people" and any(decided_by(one) != decided_by(rule) for one in others):
        return True
    same = (money_of(one) == money_of(rule) for one in others)
    return not _compares(rule) and _looks_back(rule) and any(same)


def _compares(rule) -> str:
    if not getattr(rule, "compares_people", False):
        return ""
    return "units" if judges_units(rule) else "people"


def _span(rule) -> str:
    """By what periods are told apart: windows of whatever length have one running state."""
    return "rolling" if rule.period.startswith("rolling_") else rule.period


def _shape(rule) -> tuple:
    return rule.kind, rule.period, getattr(rule, "unit", None), getattr(rule, "contenders", None)


def _goes_by_event(rule) -> bool:
    """Whether all that it looks back on are events, one by one."""
    return isinstance(rule, Spiff) or (getattr(rule, "clawback", "") == "as_paid" and not keeps_peak(rule))


def _looks_back(rule) -> bool:
    """Whether what was reached before decides what is paid now."""
    if isinstance(rule, TierAward):
        return keeps_peak(rule) or rule.clawback == "as_paid"
    settles = getattr(rule, "settle", "live") == "sticky" or not getattr(rule, "rearm", True)
    return isinstance(rule, Spiff) or settles or bool(getattr(rule, "cool_down_days", 0) or getattr(rule, "margin", 0))
