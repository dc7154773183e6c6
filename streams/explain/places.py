"""Who has which place: by rank, or by who was there earlier, over all plans that had the rule. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schemas.money import to_fixed
from schemas.plan_people import First, Honour
from streams.explain.field import Candidate, Field
from streams.explain.measured import Scope
from streams.explain.walk import by_moment, conditions_hold


@dataclass
class Held:
    """What those who are compared within a unit have of a rule in a period, as it was decided last.

    ``placed``: whether anybody ever had a place. ``since``: the moments since when the conditions hold, of first to
    reach, None for who had a place and lost it;
    ``stands``: whose awards; ``due``: their
    money; ``paid``: whether there ever was any; ``field``: all of them, under the last plan with the unit.
    """

    since: dict[str, int | None] = field(default_factory=dict)
    stands: set[str] = field(default_factory=set)
    due: dict[str, int] = field(default_factory=dict)
    paid: bool = False
    placed: bool = False
    field: Field | None = None

    def turn(self, chosen: set[str], gone: Callable[[str], bool]) -> None:
        """Who has a place now; whoever left the plan keeps what he has."""
        self.stands = chosen | {who for who in self.stands if gone(who)}
        self.placed = self.placed or bool(chosen)

    def give_prizes(self, rule: First | Honour, gone: Callable[[str], bool]) -> None:
        """Everyone's money, under the plan in force."""
        prize = to_fixed(rule.prize or 0)
        self.due = {who: self.due.get(who, 0) if gone(who) else prize for who in sorted(self.stands)}
        self.paid = self.paid or any(self.due.values())


def ranked(rule: Honour, field: Field, held: Held, gone: Callable[[str], bool]) -> Field:
    """By how many are better, or by how many better values there are, among those who meet the conditions."""
    merits, down = {}, False
    for one in field.candidates:
        compared = one.measured[0]
        merit = (compared.value if rule.by == "value" else compared.attainment) if compared.begun else None
        down = rule.by == "value" and compared.kpi.direction == "down"
        if merit is not None and all(check.holds for check in one.checks):
            merits[one.employee] = merit
    places = {}
    for who, merit in merits.items():
        better = [other for other in merits.values() if (other < merit if down else other > merit)]
        places[who] = 1 + len(set(better) if rule.ties == "dense" else better)
    if not field.waits:
        held.turn({who for who, place in places.items() if place <= rule.top}, gone)
    found = (
        replace(one, merit=merits.get(who), place=places.get(who), chosen=who in held.stands)
        for one in field.candidates
        for who in [one.employee]
    )
    return replace(field, candidates=tuple(found))


def queued(scope: Scope, field: Field, held: Held, gone: Callable[[str], bool]) -> Field:
    """In the order of the moments since when the conditions hold; those of one moment are tied.

    Whoever is not compared any more stays in the queue, where places are kept (``sticky``).
    """
    rule, timeline = scope.rule, scope.evidence.timeline
    reached: dict[str, None] = {}
    for number, turned in sorted(_turns(scope, field).items()):
        reached = dict.fromkeys(who for who in (*reached, *turned) if turned.get(who, True))
        for who in reached:
            held.since[who] = number if held.since.get(who) is None else held.since[who]
        for who in held.since if rule.settle == "live" else ():
            if who not in reached and not gone(who):
                held.since[who] = None  # at the end of the queue, should he come back
        kept = held.stands if rule.settle == "sticky" else set()
        places = {who: _place(at, held) for who, at in held.since.items() if at is not None and not gone(who)}
        held.turn({who for who, place in places.items() if place <= rule.places or who in kept}, gone)
    return replace(field, candidates=tuple(_placed(one, held, timeline.moments) for one in field.candidates))


def _turns(scope: Scope, field: Field) -> dict[int, dict[str, bool]]:
    """By moment of whom it turns out whether the conditions hold; of all of them as the plan takes effect."""
    found: dict[int, dict[str, bool]] = defaultdict(dict, {scope.since: {}})
    for one in field.candidates:
        by_kpi = {measured.kpi.id: measured for measured in one.measured}
        for number, now in by_moment(scope.evidence.timeline, one.measured, scope.since):
            found[number][one.employee] = conditions_hold(scope.rule, by_kpi, now)
    return found


def _place(since: int, held: Held) -> int:
    return 1 + sum(earlier < since for earlier in held.since.values() if earlier is not None)


def _placed(one: Candidate, held: Held, moments: list) -> Candidate:
    number = held.since.get(one.employee)
    if number is None:
        return one
    since = moments[number] if 0 <= number < len(moments) else None
    return replace(one, place=_place(number, held), since=since, chosen=one.employee in held.stands)
