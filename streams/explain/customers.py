"""Which credits count, on which day, and which are over a limit on events of the same customer. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from schemas.event_fields import FOLLOWING
from schemas.plan import Plan
from streams.explain.credits import Credit, in_unit, sale_of
from streams.explain.history import Evidence
from streams.performance.calendar import NO_PERIOD, Calendar


def counting(evidence: Evidence) -> tuple[list[Credit], list[Credit]]:
    """The credits of a person, or in a unit, each on its day: those that count, and those that a limit leaves out."""
    kept, left_out = counting_of_people(evidence)
    if evidence.unit is None:
        return kept, left_out
    return in_unit(evidence.plan, evidence.unit, kept), in_unit(evidence.plan, evidence.unit, left_out)


def counting_of_people(evidence: Evidence) -> tuple[list[Credit], list[Credit]]:
    """As ``counting``, but of a unit's people also what they have elsewhere."""
    seen = evidence.plans.seen(evidence.plan, evidence.credits, evidence.closes, evidence.until)
    return counted(evidence.plan, seen)


def counted(plan: Plan, credits: list[Credit]) -> tuple[list[Credit], list[Credit]]:
    """``credits`` in the order of the log, of one person or several: those that count, and those left out."""
    guards = [guard for guard in plan.crediting.guards if guard.same_customer is not None]
    if not guards or not credits:
        return credits, []
    calendar = Calendar(plan)
    taken: Counter[tuple] = Counter()
    kept, left_out, without = [], [], set()
    for credit in credits:
        if credit.type in FOLLOWING:
            sale = credit.employee, *sale_of(credit)
            (left_out if sale in without else kept).append(credit)
            continue
        places = [
            (number, calendar.ordinal(guard.per, credit.day), credit.employee, credit.fields["customer"])
            for number, guard in enumerate(guards)
            if credit.type in guard.events and "customer" in credit.fields
        ]
        places = [place for place in places if place[1] != NO_PERIOD]
        full = next((guards[place[0]] for place in places if taken[place] >= guards[place[0]].same_customer), None)
        if full is not None:
            left_out.append(replace(credit, over=full))
            without.add((credit.employee, credit.source, credit.id))
            continue
        taken.update(places)
        kept.append(credit)
    return kept, left_out
