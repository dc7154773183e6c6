"""The naive reference of awards that compare the people of a unit: honours, first to reach, pools."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

from schemas.identity import award_id
from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from tests.reference_scorecards import SCORE, score


def members(reference, rule, unit: str, period: str) -> list[str]:
    """Who is compared, in the plan's order."""
    departments = reference.plan.organisation.departments
    listed = [one.id for department in departments for team in department.teams for one in team.employees]
    places = {who: reference.standing(who, rule.period, period) for who in listed}
    return [
        who
        for who, place in places.items()
        if rule.unit == "company" or getattr(place, rule.unit) == unit
        if not rule.roles or place.role in rule.roles
    ]


def measured(reference, kpi: str, who: str, rule, period: str) -> tuple:
    """Value (None if undefined), sample and target of a person."""
    mine = [one for one in reference.personal if one.employee == who]
    if kpi in reference.cards:
        return *score(reference, reference.cards[kpi], who, period, mine), None
    inside = [
        one
        for one in mine
        if reference.counts(reference.kpis[kpi], one)
        if reference.period(rule.period, reference.day(one.time)) == period
    ]
    value, sample = reference.value(reference.kpis[kpi], inside)
    # what only changed hands within a unit is nothing of the person's
    return value if sample else None, sample, reference.target(kpi, who, rule.period, period)


def holds(reference, condition, who: str, rule, period: str) -> bool:
    value, sample, target = measured(reference, condition.kpi, who, rule, period)
    kpi = reference.kpis.get(condition.kpi, SCORE)
    if value is None and kpi.aggregate in ("sum", "count", "distinct"):
        value = Fraction(0)
    return sample >= condition.min_sample and reference.reached(kpi, condition, value, target)


def honour(reference, rule, unit: str, period: str) -> None:
    """Rank whoever meets the conditions."""
    kpi = reference.kpis.get(rule.kpi, SCORE)
    merits = {}
    for who in members(reference, rule, unit, period):
        value, _, target = measured(reference, rule.kpi, who, rule, period)
        if value is None or not all(holds(reference, one, who, rule, period) for one in rule.all):
            continue
        if rule.by == "attainment":
            value = reference.attainment(kpi, value, target)
        if value is not None:
            merits[who] = -value if rule.by == "value" and kpi.direction == "down" else value
    ranks = {}
    for who, merit in merits.items():
        better = [other for other in merits.values() if other > merit]
        ranks[who] = 1 + len(set(better) if rule.ties == "dense" else better)
    _turn(reference, rule, unit, period, sorted((who for who in ranks if ranks[who] <= rule.top), key=ranks.get))


def first(reference, rule, unit: str, period: str) -> None:
    """Who reached it when, and who of them has a place."""
    queue = reference.queues.setdefault((rule.id, unit, period), {})
    conditions = rule.all or rule.any
    racing = members if rule.contenders == "person" else contenders
    for who in racing(reference, rule, unit, period):
        if rule.contenders == "person":
            held = [holds(reference, one, who, rule, period) for one in conditions]
            some = any(reference.traces(rule.kpi_ids(), who, rule.period, period))
        else:
            held, some = unit_holds(reference, conditions, who, rule, period)
        if some and (all(held) if rule.all else any(held)):
            queue.setdefault(who, reference.steps)
        elif rule.settle == "live":
            queue.pop(who, None)
    holders = [who for who in queue if sum(other < queue[who] for other in queue.values()) < rule.places]
    ever = reference.queues.setdefault(("ever", rule.id, unit, period), {})
    ever |= dict.fromkeys(queue)
    _turn(reference, rule, unit, period, sorted(holders, key=lambda who: (queue[who], who)), sorted(ever))


def contenders(reference, rule, unit: str, period: str) -> list[str]:
    """The units that race within a unit."""
    if rule.contenders == "department" or rule.unit == "company":
        return reference.units[rule.contenders]
    return [team for team in reference.units["team"] if reference.department_of[team] == unit]


def unit_holds(reference, conditions, who: str, rule, period: str) -> tuple[list[bool], bool]:
    """Of each condition whether it holds for a unit; and whether anything moved its KPIs."""
    race, held, some = SimpleNamespace(unit=rule.contenders, period=rule.period), [], False
    mine = reference.credits_of(rule.contenders, who, reference.counted)
    for condition in conditions:
        kpi = reference.kpis.get(condition.kpi, SCORE)
        value, sample, inside = reference._measured(condition.kpi, race, who, period, mine)
        some = some or any(reference.adds(kpi, one) for one in inside)
        if value is None and kpi.aggregate in ("sum", "count", "distinct"):
            value = Fraction(0)
        target = reference.unit_target(condition.kpi, rule.contenders, who, rule.period, period)
        held.append(sample >= condition.min_sample and reference.reached(kpi, condition, value, target))
    return held, some


def _turn(reference, rule, unit: str, period: str, holders: list[str], ever: list[str] = ()) -> None:
    kind = getattr(rule, "contenders", "person")

    def tell(who: str, state: str) -> None:
        key = (rule.id, unit, period, who)
        holder = f"{rule.unit}:{unit}|{who}" if kind == "person" else f"{rule.unit}:{unit}|{kind}:{who}"
        id_ = award_id(reference.plan.plan, rule.id, holder, rule.period, period, 0, reference.sequence[key])
        late = (rule.period, period) in reference.closed and not reference.closing
        named = ("", "", who) if kind == "person" else (kind, who, "")
        row = (id_, rule.id, rule.kind, *named[:2], period, 0, reference.sequence[key], state, late, named[2])
        reference.awards.append(row)

    standing = sorted(who for *of, who in reference.active if of == [rule.id, unit, period])
    for who in standing:
        if who not in holders:
            reference.active.discard((rule.id, unit, period, who))
            tell(who, "revoked")
    for who in holders:
        key = (rule.id, unit, period, who)
        if key not in reference.active:
            reference.active.add(key)
            reference.sequence[key] = reference.sequence.get(key, 0) + 1
            tell(who, "final")
    if kind == "person":
        reference.pay(rule, unit, period, dict.fromkeys(holders, to_fixed(rule.prize or 0)))
        return
    for who in ever:
        due = {"": to_fixed(rule.prize or 0) * (who in holders)}
        if rule.share == "equal":
            inside = members(reference, rule.model_copy(update={"unit": kind}), who, period)
            due = reference.parted(due[""], dict.fromkeys(inside, Fraction(1)))
        reference.pay(rule, who, period, due)


def pool(reference, rule, unit: str, period: str) -> None:
    """Share the unit's money."""
    people = [
        who
        for who in members(reference, rule, unit, period)
        if all(holds(reference, one, who, rule, period) for one in rule.all)
    ]
    weights = dict.fromkeys(people, Fraction(1))
    for who in people if rule.share_by else ():
        weights[who] = max(measured(reference, rule.share_by, who, rule, period)[0] or Fraction(0), Fraction(0))
        weights[who] = Fraction(round_half_up(weights[who] * SCALE, 1))
    total = Fraction(rule.amount or 0)
    if rule.kpi is not None:
        value, target, sample = reference.unit_value(rule.kpi, rule, unit, period)
        total += max(Fraction(rule.rate or 0) * (value or 0), 0)
        if value is None and reference.kpis[rule.kpi].aggregate in ("sum", "count", "distinct"):
            value = Fraction(0)
        enough = not rule.floor or sample >= rule.floor.min_sample
        if rule.floor and not (enough and reference.reached(reference.kpis[rule.kpi], rule.floor, value, target)):
            total = Fraction(0)
    step = minor_step(reference.plan.currency)
    total = round_half_up(total * SCALE, step) if people else 0
    reference.pay(rule, unit, period, reference.parted(total, weights))


PEOPLE = {"honour": honour, "first": first, "pool": pool}
