"""Awards that compare people, explained: who is compared, what each has reached, who has which place. Pure.

Everyone's values are computed again from their own credits. Honours and pools follow from how these stood in the end of
each plan; first to reach goes through the updates one by one, since it asks who was there earlier. Where plans changed,
all units are gone through, since people and what they keep move from one to another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from schemas.identity import award_id
from schemas.plan import Plan
from schemas.plan_moves import Place
from schemas.plan_people import First, Pool
from schemas.plan_scorecards import Scorecard
from schemas.results import Award
from streams.explain.credits import Credit
from streams.explain.field import Candidate, Field
from streams.explain.history import standing, unit_ids
from streams.explain.measured import Measured, Scope, measure
from streams.explain.of_plan import calendar_of, people_of
from streams.explain.places import Held, queued, ranked
from streams.explain.pools import closes, moved, share_pool
from streams.explain.rules import RuleExplained, Share, beyond_of_units
from streams.explain.scores import score_of
from streams.explain.shapes import money_of
from streams.explain.targets import person_targets
from streams.explain.thresholds import checked

#: Kind and id.
Unit = tuple[str, str]


def explain_people_rule(scopes: list[Scope], who: str = "", number: int | None = None) -> RuleExplained:
    """A rule for one unit; ``scopes``: under each plan that had it, with all credits of its people, in it or not.

    ``who``: whose values are shown credit by credit. ``number``: of the moment (Timeline) that it is seen in; without
    one as it stands in the end, compared with the awards that stand.
    """
    scope = scopes[-1]
    rule, unit = scope.rule, scope.evidence.unit
    book = _decided(scopes, who)
    mine = book[unit].field or Field((), who=who)
    if number is None and not isinstance(rule, Pool):
        mine = _beside_awards(scope, mine, book[unit])
    at_home = _people_of(scopes, unit)
    due: dict[str, int] = dict.fromkeys(at_home, 0)
    for held in book.values():
        for employee, amount in held.due.items():
            due[employee] = due.get(employee, 0) + amount
    paid: dict[str, int] = defaultdict(int)
    for line in scope.lines:
        paid[line["employee"]] += line["amount"]
    beyond = beyond_of_units(scopes)
    shares = tuple(Share(one, due[one], paid[one]) for one in at_home if due[one] or one in paid)
    shown = mine.of(who)
    measured = list(shown.measured) if shown else _of_stranger(scope, who)
    measured += [mine.pooled.measured] if mine.pooled and mine.pooled.measured else []
    return RuleExplained(
        rule, measured, list(shown.checks) if shown else [], 0, [],
        None if beyond else sum(one.due for one in shares), sum(one.paid for one in shares), beyond, shares=shares,
        unit=unit, period=scope.period, field=mine, version=scope.evidence.plan.version,
    )  # fmt: skip


def people_inside(plan: Plan, rule, unit: Unit, period: str) -> dict[str, Place]:
    """Who stands in the unit as the period sees them, in the plan's order."""
    kind, name = unit
    found = ((who, standing(plan, places, rule.period, period)) for who, places in people_of(plan).items())
    return {who: place for who, place in found if kind == "company" or getattr(place, kind) == name}


def unit_of(plans: Iterable[Plan], rule, employee: str, period: str) -> str | None:
    """The unit in which a rule compares somebody in a period: by the last plan with its money and him; None by none."""
    for plan in reversed(list(plans)):
        one = next((one for one in plan.awards if one.id == rule.id and money_of(one) == money_of(rule)), None)
        places = people_of(plan).get(employee)
        if one is not None and places is not None and calendar_of(plan).find(one.period, period) is not None:
            place = standing(plan, places, one.period, period)
            return plan.organisation.company if rule.unit == "company" else getattr(place, rule.unit)
    return None


def is_within(award: Award, unit: Unit) -> bool:
    """Whether an award was given or lost within a unit, which need not be where its holder stands by then."""
    holder = f"{unit[0]}:{unit[1]}|{award.employee or f'{award.unit_kind}:{award.unit}'}"
    place = award.period_kind, award.period, award.tier, award.sequence
    return award.award_id == award_id(award.plan, award.rule, holder, *place)


def _people_of(scopes: list[Scope], unit: Unit) -> list[str]:
    """Whose money is told with the unit: who stands there under the last plan that has him."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    for scope in reversed(scopes):
        plan = scope.evidence.plan
        inner = people_inside(plan, scope.rule, unit, scope.period)
        found |= {employee: None for employee in inner if employee not in seen}
        seen.update(people_of(plan))
    return list(found)


def _decided(scopes: list[Scope], who: str) -> dict[Unit, Held]:
    """What the last plans with each unit have left there."""
    mine = scopes[-1].evidence.unit
    book: dict[Unit, Held] = {mine: Held()}
    for scope in scopes:
        plan = scope.evidence.plan
        compared = [(scope.rule.unit, name) for name in unit_ids(plan, scope.rule.unit)]
        before = [unit for unit in book if unit not in compared and unit[1] in unit_ids(plan, unit[0])]
        own = _own(scope)
        for unit in compared if len(scopes) > 1 else [mine]:
            inner = people_inside(plan, scope.rule, unit, scope.period)
            field = Field(tuple(_candidates(scope, inner, own)), who=who)
            _decide(_within(scope, unit), book.setdefault(unit, Held()), field, inner)
        for unit in before if scope.began_by_plan else ():  # of a kind in which nobody is compared any more
            _decide(replace(_within(scope, unit), last=scope.since), book[unit], Field((), who=who), {})
    return book


def _within(scope: Scope, unit: Unit) -> Scope:
    """Of other units than the one asked about no targets are known as published."""
    same = unit == scope.evidence.unit
    return scope if same else replace(scope, evidence=replace(scope.evidence, unit=unit, targets={}))


def _decide(scope: Scope, held: Held, field: Field, inner: dict[str, Place]) -> None:
    """What becomes of a unit by the end of a plan; ``inner``: who stands in it."""
    rule = scope.rule
    known = people_of(scope.evidence.plan)
    field = replace(field, waits=rule.settle == "period_end" and not _is_closed(scope))

    def gone(employee: str) -> bool:
        return employee not in known

    if isinstance(rule, Pool):
        held.field = share_pool(scope, field, inner, held)
        return
    if isinstance(rule, First):
        held.field = queued(scope, field, held, gone)
    else:
        held.field = ranked(rule, field, held, gone)
    # what a pool of the same rule had paid stays where nothing brings its unit up again
    if not field.waits and (held.placed or not held.due or closes(scope) or moved(scope, inner)):
        held.give_prizes(rule, gone)


def _candidates(scope: Scope, inner: dict[str, Place], own: dict[str, list[Credit]]) -> Iterator[Candidate]:
    """Who takes part, each measured by his ``own`` credits."""
    for employee, place in inner.items():
        if not scope.rule.roles or place.role in scope.rule.roles:
            found = _measured(scope, employee, place, own.get(employee, []))
            yield Candidate(employee, tuple(found.values()), tuple(checked(scope.rule, found)))


def _measured(scope: Scope, employee: str, place: Place, own: list[Credit]) -> dict[str, Measured]:
    """Each KPI or score that somebody is looked at by, by its id."""
    plan, rule, targets = scope.evidence.plan, scope.rule, person_targets(scope.evidence.plan)
    kpis, cards = {kpi.id: kpi for kpi in plan.kpis}, {card.id: card for card in plan.scorecards}

    def measured(name: str) -> Measured:
        return measure(kpis[name], own, targets.of(employee, name, rule.period, scope.period))

    def score(card: Scorecard) -> Measured:
        return score_of(plan, card, own, measured, not card.roles or place.role in card.roles)

    names = dict.fromkeys(rule.member_kpis() if isinstance(rule, Pool) else rule.kpi_ids())
    return {name: score(cards[name]) if name in cards else measured(name) for name in names}


def _of_stranger(scope: Scope, who: str) -> list[Measured]:
    """How somebody stands who is not compared within the unit, or not any more."""
    places = people_of(scope.evidence.plan).get(who)
    if places is None:
        return []
    place = standing(scope.evidence.plan, places, scope.rule.period, scope.period)
    return list(_measured(scope, who, place, _own(scope)[who]).values())


def _own(scope: Scope) -> dict[str, list[Credit]]:
    """Everyone's credits of the period."""
    own: dict[str, list[Credit]] = defaultdict(list)
    for credit in scope.inside:
        own[credit.employee].append(credit)
    return own


def _is_closed(scope: Scope) -> bool:
    """Whether the period was closed by the end of the plan; of a close ahead of the log of updates the credits tell."""
    evidence, period = scope.evidence, (scope.rule.period, scope.period)
    at = evidence.timeline.closed(*period)
    if at is not None:
        return scope.last < 0 or at <= scope.last
    return evidence.timeline.known_from > 0 and any((one.kind, one.period) == period for one in evidence.closes)


def _beside_awards(scope: Scope, field: Field, held: Held) -> Field:
    """With whose awards stand within the unit, by the latest word on each."""
    latest: dict[str, bool] = {}
    for award in sorted(scope.evidence.awards, key=lambda one: (one.sequence, one.position.offset)):
        mine = (award.rule, award.period) == (scope.rule.id, scope.period)
        if mine and is_within(award, scope.evidence.unit):
            latest[award.employee] = award.state != "revoked"
    compared = tuple(replace(one, stands=latest.pop(one.employee, False)) for one in field.candidates)
    others = tuple(employee for employee, stands in latest.items() if stands and employee not in held.stands)
    return replace(field, candidates=compared, others=others)
