"""What credits were converted from: the amount as the event had it, and the rate of the plan. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.blocks import decode_block
from schemas.event_fields import FOLLOWING
from schemas.money import WHOLE, minor_step, round_half_up, to_fixed
from schemas.plan import Plan
from schemas.plan_crediting import Rate
from streams.explain.credits import Conversion, Credit, sale_of
from streams.explain.plan_history import PlanHistory
from streams.performance.calendar import date_of, days_of


@dataclass(frozen=True, slots=True)
class Original:
    """An event as it came: its amount (ten-thousandths), in which currency, and when it happened (ms)."""

    amount: int
    currency: str
    time: int


#: By source and id of the event.
Originals = Mapping[tuple[str, str], Original]


def may_convert(plan: Plan, plans: PlanHistory) -> bool:
    """Whether any of the plans knows another currency; where none does, nobody needs to look for originals."""
    return any(one.rates for one in (plan, *plans.plans))


def originals_of(blocks: Iterable[bytes], plan: Plan, plans: PlanHistory) -> Originals:
    """Those in records of the facts topic that are in another currency than all plans; of copies only the first."""
    wanted = {"source", "id", "time", "data.amount", "data.currency"}
    tables = [table for block in blocks if wanted <= set((table := decode_block(block)[0]).schema.names)]
    own, first = own_currency(plan, plans), {}
    foreign = [table["id"].filter(pc.not_equal(table["data.currency"], own)).to_pylist() for table in tables]
    ids = pa.array(sorted(set(itertools.chain(*foreign))), pa.string())
    for table in tables:
        for row in table.select(sorted(wanted)).filter(pc.is_in(table["id"], ids)).to_pylist():
            first.setdefault((row["source"], row["id"]), row)
    return {
        event: Original(row["data.amount"], row["data.currency"], row["time"])
        for event, row in first.items()
        if row["data.amount"] is not None and row["data.currency"] not in (None, own)
    }


def own_currency(plan: Plan, plans: PlanHistory) -> str:
    """The one of all plans; '' where they differ."""
    known = {one.currency for one in (plan, *plans.plans)}
    return plan.currency if len(known) == 1 else ""


def with_conversions(credits: list[Credit], originals: Originals, plan: Plan, plans: PlanHistory) -> list[Credit]:
    """The credits, those with what they were converted from whose events came in another currency.

    ``plan``: by which everything counts where no history is known. ``originals``: of the events, and of the sales that
    they are about.
    """
    places = {(one.source, one.id): one for one in reversed(credits)} if originals else {}
    found = []
    for credit in credits:
        original = originals.get((credit.source, credit.id))
        if original is not None and original.currency != credit.fields.get("currency"):
            credit = replace(credit, converted=_conversion(credit, original, originals, places, plan, plans))
        found.append(credit)
    return found


def _conversion(
    credit: Credit, original: Original, originals: Originals, places: dict, plan: Plan, plans: PlanHistory
) -> Conversion | None:
    """What is about a sale is converted as that was. None where no rate of any plan leads to the person's part: what
    counted need not be the first copy, where that was a dead letter.
    """
    sold, part, counted = original, credit.fields.get("amount"), credit
    if credit.type in FOLLOWING:
        sold, part, counted = originals.get(sale_of(credit)), credit.sold, places.get(sale_of(credit), credit)
    if sold is None or part is None:
        return None
    for one in (plans.in_force(counted.partition, counted.record), *reversed(plans.plans), plan):
        rate = _rate_of(one, sold) if one is not None and one.currency == credit.fields["currency"] else None
        if rate is None:
            continue
        step = minor_step(one.currency)
        whole = round_half_up(sold.amount * Fraction(rate.rate), step)
        cap = _cap(one, "sale" if credit.type in FOLLOWING else credit.type)
        counts = whole if cap is None else min(whole, cap)
        if abs(Fraction(counts * credit.share, WHOLE) - part) < step:
            cap = None if counts == whole else cap
            return Conversion(original.amount, original.currency, rate.rate, rate.date, cap)
    return None


def _rate_of(plan: Plan, sold: Original) -> Rate | None:
    """The latest up to the event's own day."""
    day = date_of(int(days_of(np.array([sold.time]), plan.timezone)[0]))
    rates = (one for one in plan.rates if one.currency == sold.currency and one.date <= day)
    return max(rates, key=lambda one: one.date, default=None)


def _cap(plan: Plan, type_: str) -> int | None:
    """The least that any guard lets count of an event of a type."""
    guards = (one for one in plan.crediting.guards if one.cap is not None and (not one.events or type_ in one.events))
    return min((to_fixed(one.cap) for one in guards), default=None)
