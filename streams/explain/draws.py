"""Draws, explained: what each payout of somebody earned, what its draw added or took back, what is still owed. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from schemas.money import to_fixed
from schemas.plan import Plan
from schemas.plan_draws import Draw
from schemas.plan_moves import employees_of
from streams.explain.history import Evidence, standing
from streams.explain.of_plan import calendar_of
from streams.performance.calendar import date_of


@dataclass(frozen=True)
class Figures:
    """Amounts of a payout in ten-thousandths; ``outstanding``: advances still to be recovered after it."""

    earned: int
    guarantee: int = 0
    advance: int = 0
    recovery: int = 0
    outstanding: int = 0

    @property
    def amount(self) -> int:
        """What is due in all."""
        return self.earned + self.guarantee + self.advance - self.recovery


@dataclass(frozen=True)
class PaidOut:
    """The newest payout of a period for one person, as it was made under ``plan``; ``draw``: its id, or ''."""

    kind: str
    period: str
    currency: str
    plan: Plan
    draw: str
    said: Figures


@dataclass(frozen=True)
class DrawExplained:
    """A period of the chain: the draw in force, what it comes to, what the payout says (None: none was made yet).

    ``parts``: what was earned, by rule and by the period that it belongs to.
    """

    period: str
    currency: str
    draw: Draw | None
    found: Figures
    said: PaidOut | None
    parts: dict[tuple[str, str], int]

    @property
    def agrees(self) -> bool:
        """Whether the payout is what it should be."""
        same_draw = self.said is None or self.said.draw == (self.draw.id if self.draw else "")
        return self.said is None or (same_draw and self.said.said == self.found)


def explain_draws(evidence: Evidence, kind: str, period: str) -> list[DrawExplained]:
    """The payouts of a kind of period up to this one, from its lines alone; empty where no draw has a part in it.

    What is advanced in one is recovered in those after it, so the chain begins with the first payout.
    """
    plan, calendar = evidence.plan, calendar_of(evidence.plan)
    made = {one.period: one for one in evidence.payouts if (one.kind, one.currency) == (kind, plan.currency)}
    last = calendar.parse(kind, period)
    found = {calendar.find(kind, key): key for key in made}
    ordinals = {last: period} | {ordinal: key for ordinal, key in found.items() if ordinal is not None}
    chain, owed = [], 0
    for ordinal in sorted(ordinal for ordinal in ordinals if ordinal <= last):
        key = ordinals[ordinal]
        said = made.get(key)
        draw = draw_of(said.plan if said else plan, evidence.employee, kind, key)
        parts: dict[tuple[str, str], int] = defaultdict(int)
        for line in evidence.lines:
            if (line["period_kind"], line["posted_in"], line["currency"]) == (kind, key, plan.currency):
                parts[line["rule"], line["period"]] += line["amount"]
        found = _drawn(draw, sum(parts.values()), owed)
        owed = found.outstanding
        chain.append(DrawExplained(key, plan.currency, draw, found, said, dict(parts)))
    final = chain[-1]
    told = final.draw or final.found.recovery or final.found.outstanding or (final.said and final.said.draw)
    return chain if told else []


def draw_of(plan: Plan, employee: str, kind: str, period: str) -> Draw | None:
    """The first draw of the plan that fits somebody and a period."""
    person, places = next(((one, found) for one, found in employees_of(plan) if one.id == employee), (None, []))
    if person is None:
        return None
    calendar = calendar_of(plan)
    first, last = map(date_of, calendar.span(kind, calendar.parse(kind, period)))
    if (person.start or date.min) > last or (person.end or date.max) <= first:
        return None
    role = standing(plan, places, kind, period).role
    for draw in plan.draws:
        in_force = (draw.start or date.min) <= first < (draw.end or date.max)
        fits = (not draw.roles or role in draw.roles) and (not draw.employees or employee in draw.employees)
        if draw.period == kind and in_force and fits:
            return draw
    return None


def _drawn(draw: Draw | None, earned: int, owed: int) -> Figures:
    """What is missing to the draw is given or lent; of what is earned above it, what is owed is taken back."""
    least = to_fixed(draw.amount) if draw else 0
    missing = max(least - earned, 0) if draw else 0
    recovery = min(max(earned - least, 0), owed)
    lent = missing if draw and draw.kind == "recoverable" else 0
    return Figures(earned, missing - lent, lent, recovery, owed + lent - recovery)
