"""Which credits count and which are over a limit on events of the same customer. Pure."""

from __future__ import annotations

from collections import Counter

from schemas.event_fields import FOLLOWING
from schemas.plan import Plan
from streams.explain.credits import Credit
from streams.performance.calendar import NO_PERIOD, Calendar


def counted(plan: Plan, credits: list[Credit]) -> tuple[list[Credit], list[Credit]]:
    """Somebody's ``credits`` in the order of the log: those that count, and those left out."""
    guards = [guard for guard in plan.crediting.guards if guard.same_customer is not None]
    if not guards or not credits:
        return credits, []
    calendar = Calendar(plan)
    days = calendar.days([credit.time for credit in credits]).tolist()
    taken: Counter[tuple] = Counter()
    kept, left_out, without = [], [], set()
    for credit, day in zip(credits, days, strict=True):
        if credit.type in FOLLOWING:
            sale = credit.fields.get("sale_source") or credit.source, credit.fields["sale_id"]
            (left_out if sale in without else kept).append(credit)
            continue
        places = [
            (number, calendar.ordinal(guard.per, day), credit.fields["customer"])
            for number, guard in enumerate(guards)
            if credit.type in guard.events and "customer" in credit.fields
        ]
        places = [place for place in places if place[1] != NO_PERIOD]
        if any(taken[place] >= guards[place[0]].same_customer for place in places):
            left_out.append(credit)
            without.add((credit.source, credit.id))
            continue
        taken.update(places)
        kept.append(credit)
    return kept, left_out
