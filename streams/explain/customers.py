"""Which credits count, on which day, and which are over a limit on events of the same customer. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from schemas.event_fields import FOLLOWING
from schemas.plan import Plan
from schemas.plan_crediting import Guard
from streams.explain.credits import Credit, in_unit, sale_of
from streams.explain.history import Evidence, once_per_evidence
from streams.explain.of_plan import calendar_of
from streams.explain.plan_history import PlanHistory
from streams.performance.calendar import NO_PERIOD


@once_per_evidence
def counting(evidence: Evidence) -> tuple[list[Credit], list[Credit]]:
    """The credits of a person, or in a unit, each on its day: those that count, and those that a limit leaves out."""
    kept, left_out = counting_of_people(evidence)
    if evidence.unit is None:
        return kept, left_out
    return in_unit(evidence.plan, evidence.unit, kept), in_unit(evidence.plan, evidence.unit, left_out)


@once_per_evidence
def counting_of_people(evidence: Evidence) -> tuple[list[Credit], list[Credit]]:
    """As ``counting``, but of a unit's people also what they have elsewhere."""
    seen = evidence.plans.seen(evidence.plan, evidence.credits, evidence.closes, evidence.until)
    return counted(evidence.plan, seen, evidence.plans)


def counted(
    plan: Plan, credits: list[Credit], plans: PlanHistory | None = None
) -> tuple[list[Credit], list[Credit]]:
    """``credits`` in the order of the log, of one person or several: those that count, and those left out.

    Each by the limits of the plan in force at its place, ``plan`` where none is known; a limit goes on with its count
    where a later plan has another number.
    """
    limits: dict[int, _Limits] = {}
    taken: Counter[tuple] = Counter()
    kept, left_out, without = [], [], set()
    for credit in credits:
        if credit.type in FOLLOWING:
            sale = credit.employee, *sale_of(credit)
            (left_out if sale in without else kept).append(credit)
            continue
        now = (plans and plans.in_force(credit.partition, credit.record)) or plan
        if id(now) not in limits:
            limits[id(now)] = _Limits(now)
        places = limits[id(now)].places(credit) if credit.limited is not False else {}
        full = next((guard for place, guard in places.items() if taken[place] >= guard.same_customer), None)
        if full is not None:
            left_out.append(replace(credit, over=full))
            without.add((credit.employee, credit.source, credit.id))
            continue
        taken.update(places.keys())
        kept.append(credit)
    return kept, left_out


class _Limits:
    """Those of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._guards = [guard for guard in plan.crediting.guards if guard.same_customer is not None]
        self._calendar = calendar_of(plan)

    def places(self, credit: Credit) -> dict[tuple, Guard]:
        """Where a credit takes room, and the limit that says how much there is."""
        found = {}
        for guard in self._guards:
            if credit.type in guard.events and "customer" in credit.fields:
                ordinal = self._calendar.ordinal(guard.per, credit.day)
                if ordinal != NO_PERIOD:
                    period = tuple(sorted(guard.events)), guard.per, self._calendar.key(guard.per, ordinal)
                    found[*period, credit.employee, credit.fields["customer"]] = guard
        return found
