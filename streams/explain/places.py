"""Who has which place: by rank, or by who was there earlier. Pure."""

from __future__ import annotations

from dataclasses import replace

from schemas.plan_people import First, Honour
from streams.explain.field import Candidate, Field
from streams.explain.moments import Timeline
from streams.explain.walk import by_moment, conditions_hold


def ranked(rule: Honour, field: Field) -> Field:
    """By how many are better, or by how many better values there are, among those who meet the conditions."""
    merits, down = {}, False
    for one in field.candidates:
        compared = one.measured[0]
        merit = (compared.value if rule.by == "value" else compared.attainment) if compared.begun else None
        down = rule.by == "value" and compared.kpi.direction == "down"
        if merit is not None and all(check.holds for check in one.checks):
            merits[one.employee] = merit
    found = []
    for one in field.candidates:
        merit = merits.get(one.employee)
        if merit is None:
            found.append(one)
            continue
        better = [other for other in merits.values() if (other < merit if down else other > merit)]
        rank = 1 + len(set(better) if rule.ties == "dense" else better)
        found.append(replace(one, merit=merit, place=rank, chosen=rank <= rule.top and not field.waits))
    return replace(field, candidates=tuple(found))


def queued(rule: First, field: Field, timeline: Timeline) -> Field:
    """In the order of the moments since when the conditions hold; those of one moment are tied."""
    since = {one.employee: _holds_since(rule, one, timeline) for one in field.candidates}
    queue = [number for number in since.values() if number is not None]
    found = []
    for one in field.candidates:
        number = since[one.employee]
        if number is None:
            found.append(one)
            continue
        place = 1 + sum(earlier < number for earlier in queue)
        moment = timeline.moments[number] if number < len(timeline.moments) else None
        found.append(replace(one, place=place, since=moment, chosen=place <= rule.places))
    return replace(field, candidates=tuple(found))


def _holds_since(rule: First, one: Candidate, timeline: Timeline) -> int | None:
    """The number of the moment since when the conditions hold; first held, where places are kept (``sticky``)."""
    by_kpi, since = {measured.kpi.id: measured for measured in one.measured}, None
    for number, now in by_moment(timeline, one.measured):
        if conditions_hold(rule, by_kpi, now):
            since = number if since is None else since
        elif rule.settle == "live":
            since = None
    return since
