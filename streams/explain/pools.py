"""What a bonus pool comes to, and everyone's part of it to the minor unit. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from schemas.money import SCALE, minor_step, round_half_up
from schemas.plan_people import Pool
from streams.explain.credits import in_unit
from streams.explain.field import Field, Pooled
from streams.explain.measured import Measured, Scope, measure
from streams.explain.money import bound_reached
from streams.explain.places import Held
from streams.explain.values import steps_of


def share_pool(scope: Scope, field: Field, inner: Container[str], held: Held) -> Field:
    """The pool, everyone's weight in it, and what each is due; ``inner``: who stands in the unit."""
    rule, found = scope.rule, pooled(scope)
    settled = not field.waits
    if settled and not (closes(scope) or held.paid):  # beside the close only where something moves, or was paid
        settled = moved(scope, inner) or (found.measured is not None and bool(found.measured.steps))
    chosen = [
        replace(one, chosen=True, merit=_weight(rule, one.measured))
        if settled and all(check.holds for check in one.checks)
        else one
        for one in field.candidates
    ]
    if settled:
        weights = {one.employee: one.merit for one in chosen if one.chosen}
        held.due = parted(found.total, weights, minor_step(scope.evidence.plan.currency))
        held.paid = held.paid or any(held.due.values())
    return replace(field, candidates=tuple(chosen), pooled=found)


def pooled(scope: Scope) -> Pooled:
    """The unit's money, whoever shares it: nothing below the floor, rounded once."""
    rule, evidence = scope.rule, scope.evidence
    measured, reached, by_rate = None, True, Fraction(0)
    if rule.kpi is not None:
        kpi = next(kpi for kpi in evidence.plan.kpis if kpi.id == rule.kpi)
        target = evidence.target(kpi.id, rule.period, scope.period)
        measured = measure(kpi, in_unit(evidence.plan, evidence.unit, scope.inside), target)
        reached = rule.floor is None or (
            measured.sample >= rule.floor.min_sample
            and bound_reached(kpi, rule.floor, measured.value, measured.attainment)
        )
        by_rate = max(Fraction(rule.rate or 0) * (measured.value or 0), Fraction(0))
    money = by_rate + Fraction(rule.amount or 0) if reached else Fraction(0)
    total = round_half_up(money * SCALE, minor_step(evidence.plan.currency))
    return Pooled(measured, reached, by_rate, total)


def closes(scope: Scope) -> bool:
    """Whether the close that decides it comes under the scope's plan."""
    timeline = scope.evidence.timeline
    at = timeline.closed(scope.rule.period, scope.period) if scope.rule.settle == "period_end" else -1
    return at is None or (at >= max(scope.since, 0) and (scope.last < 0 or at <= scope.last))


def moved(scope: Scope, inner: Container[str]) -> bool:
    """Whether anybody of ``inner`` has something of what people are looked at by, be it that he has no part."""
    plan, rule = scope.evidence.plan, scope.rule
    credits = [credit for credit in scope.inside if credit.employee in inner]
    names = set(rule.member_kpis() if isinstance(rule, Pool) else rule.kpi_ids())
    names |= {part.kpi for card in plan.scorecards if card.id in names for part in card.kpis}
    steps = (step for kpi in plan.kpis if kpi.id in names for step in steps_of(kpi, credits))
    return any(step.numerator or step.denominator for step in steps)


def _weight(rule, measured: Iterable[Measured]) -> Fraction:
    """The value, rounded to four decimals, never below 0; the same for all where the rule shares by nothing."""
    if rule.share_by is None:
        return Fraction(1)
    value = next(one.value for one in measured if one.kpi.id == rule.share_by)
    return Fraction(max(round_half_up((value or Fraction(0)) * SCALE, 1), 0), SCALE)


def parted(due: int, weights: Mapping[str, Fraction], step: int) -> dict[str, int]:
    """``due`` by weights: largest remainders first, ties in the order given; in equal parts where all weigh nothing."""
    if not any(weights.values()):
        weights = dict.fromkeys(weights, Fraction(1))
    whole = sum(weights.values())
    exact = {member: Fraction(due, step) * weight / whole for member, weight in weights.items()}
    parts = {member: part.numerator // part.denominator for member, part in exact.items()}
    missing = due // step - sum(parts.values()) if parts else 0
    for member in sorted(parts, key=lambda member: parts[member] - exact[member])[:missing]:
        parts[member] += 1
    return {member: part * step for member, part in parts.items()}
