"""Which credits count and which are over a limit on events of the same customer. Pure."""

from __future__ import annotations

from collections import Counter

from schemas.event_fields import FOLLOWING
from schemas.plan import Plan
from streams.explain.credits import Credit, sale_of
from streams.performance.calendar import NO_PERIOD, Calendar


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
        if any(taken[place] >= guards[place[0]].same_customer for place in places):
            left_out.append(credit)
            without.add((credit.employee, credit.source, credit.id))
            continue
        taken.update(places)
        kept.append(credit)
    return kept, left_out
