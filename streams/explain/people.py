"""Awards that compare people, explained: who is compared, what each has reached, who has which place. Pure.

Everyone's values are computed again from their own credits. Honours and pools follow from how these stand; first to
reach goes through the updates one by one, since it asks who was there earlier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from schemas.money import to_fixed
from schemas.plan_moves import Place, employees_of
from schemas.plan_people import First, Honour, Pool
from streams.explain.credits import Credit, in_period
from streams.explain.field import Candidate, Field
from streams.explain.history import payer_of, standing
from streams.explain.measured import Measured, Scope, measure
from streams.explain.places import queued, ranked
from streams.explain.plan_versions import hidden_by, people_inside
from streams.explain.pools import share_pool
from streams.explain.rules import RuleExplained, Share, beyond_of
from streams.explain.scores import score_of
from streams.explain.thresholds import checked


def explain_people_rule(scope: Scope, who: str = "", number: int | None = None) -> RuleExplained:
    """A rule for one unit. ``scope.credits``: all credits of its people, and in it, that count.

    ``who``: whose values are shown credit by credit. ``number``: of the moment (Timeline) that it is seen in; without
    one as it stands in the end, compared with the awards that stand.
    """
    rule, evidence = scope.rule, scope.evidence
    plan, timeline = evidence.plan, evidence.timeline
    credits = scope.credits if number is None else timeline.up_to(number, scope.credits)
    inside = in_period(plan, credits, rule.period, scope.period)
    known = {employee.id for employee, _ in employees_of(plan)}
    inner = people_inside(plan, rule, evidence.unit, scope.period)
    waits = rule.settle == "period_end" and not _is_closed(scope, number)
    field = Field(tuple(_candidates(scope, inner, inside)), waits, who=who)
    lines = [line for line in scope.lines if _is_about(evidence.unit, line, known, inner)]
    paid: dict[str, int] = defaultdict(int)
    for line in lines:
        paid[line["employee"]] += line["amount"]
    if isinstance(rule, Pool):
        field, due = share_pool(replace(scope, lines=lines), field, inside, inner)
    else:
        field = ranked(rule, field) if isinstance(rule, Honour) else queued(rule, field, timeline)
        due = {one.employee: to_fixed(rule.prize or 0) for one in field.candidates if one.chosen}
        due |= {employee: paid[employee] for employee in paid if employee not in known}  # who left keeps it
        field = _beside_awards(scope, field, inner) if number is None else field
    beyond = beyond_of(plan, rule, replace(scope, lines=lines))
    hidden = hidden_by(scope, inside, number) if isinstance(rule, First) else ""
    hidden = "plan_change" if any(map(_by_plan, lines)) else hidden
    if hidden:
        beyond = tuple(dict.fromkeys((*beyond, hidden)))
    shares = tuple(Share(one, due.get(one, 0), paid.get(one, 0)) for one in dict.fromkeys([*due, *paid]))
    mine = field.of(who)
    shown = list(mine.measured) if mine else []
    shown += [field.pooled.measured] if field.pooled and field.pooled.measured else []
    return RuleExplained(
        rule, shown, list(mine.checks) if mine else [], 0, [], None if beyond else sum(due.values()),
        sum(paid.values()), beyond, shares=shares, unit=evidence.unit, period=scope.period, field=field,
    )  # fmt: skip


def unit_of(plan, rule, employee: str, period: str) -> str | None:
    """The unit in which a rule compares somebody in a period; None for who is not in the plan."""
    if rule.unit == "company":
        return plan.organisation.company
    places = next((found for one, found in employees_of(plan) if one.id == employee), None)
    return None if places is None else getattr(standing(plan, places, rule.period, period), rule.unit)


def _is_about(unit: tuple[str, str], line: dict, known: set[str], inner: dict[str, Place]) -> bool:
    """Whether a line paid one of the unit's people, wherever he stood then; of who left the plan, where he stood."""
    if line["employee"] in known:
        return line["employee"] in inner
    kind, name = unit
    return kind == "company" or payer_of(kind, line) == name


def _by_plan(line: dict) -> bool:
    """Whether a line came with a plan that took effect: the values were still those of the plan before."""
    return line["source"].startswith("plan:") and not line["id"].startswith("close:")


def _candidates(scope: Scope, inner: dict[str, Place], credits: list[Credit]) -> Iterator[Candidate]:
    """Who takes part, each measured by his own credits."""
    plan, rule, targets = scope.evidence.plan, scope.rule, scope.evidence.person_targets
    kpis, cards = {kpi.id: kpi for kpi in plan.kpis}, {card.id: card for card in plan.scorecards}
    names = dict.fromkeys(rule.member_kpis() if isinstance(rule, Pool) else rule.kpi_ids())
    own: dict[str, list[Credit]] = defaultdict(list)
    for credit in credits:
        own[credit.employee].append(credit)

    def measured(employee: str, name: str) -> Measured:
        target = targets.of(employee, name, rule.period, scope.period)
        return measure(kpis[name], own[employee], target)

    def score(employee: str, name: str, role: str) -> Measured:
        has_it = not cards[name].roles or role in cards[name].roles
        return score_of(plan, cards[name], own[employee], lambda part: measured(employee, part), has_it)

    for employee, place in inner.items():
        if rule.roles and place.role not in rule.roles:
            continue
        found = {
            name: score(employee, name, place.role) if name in cards else measured(employee, name) for name in names
        }
        yield Candidate(employee, tuple(found.values()), tuple(checked(rule, found)))


def _is_closed(scope: Scope, number: int | None) -> bool:
    """Whether the period was closed by a moment; of a close ahead of the log of updates the credits tell."""
    evidence, period = scope.evidence, (scope.rule.period, scope.period)
    at = evidence.timeline.closed(*period)
    if at is not None:
        return number is None or at <= number
    return evidence.timeline.known_from > 0 and any((one.kind, one.period) == period for one in evidence.closes)


def _beside_awards(scope: Scope, field: Field, inner: dict[str, Place]) -> Field:
    """With whose awards stand, by the latest word on each."""
    latest: dict[str, bool] = {}
    for award in sorted(scope.evidence.awards, key=lambda one: (one.sequence, one.position.offset)):
        if (award.rule, award.period) == (scope.rule.id, scope.period) and award.employee in inner:
            latest[award.employee] = award.state != "revoked"
    compared = tuple(replace(one, stands=latest.pop(one.employee, False)) for one in field.candidates)
    return replace(field, candidates=compared, others=tuple(employee for employee, stands in latest.items() if stands))
