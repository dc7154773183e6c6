"""The naive reference of SPIFFs."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from schemas.plan_spiff import Spiff
from tests.reference_credits import FOLLOWING, holds


def spiff(reference, rule: Spiff, one, outcome) -> None:
    """Each event pays; what follows a sale takes back its part of that, all of it by the last."""
    period, memory = reference.period(rule.period, reference.day(one.time)), reference.memory
    if period is None:
        return
    source, step = one.event["source"], minor_step(reference.plan.currency)
    total = ("spiff", rule.id, one.employee, period)
    room = None if rule.cap is None else max(to_fixed(rule.cap) // step * step - memory.get(total, 0), 0)
    if one.event["type"] in FOLLOWING:
        about = one.fields.get("sale_source") or source, one.fields["sale_id"]
        sale = memory.get(("spiff sale", rule.id, one.employee, about))
        if sale is None or not sale["credited"]:
            return
        sale["left"] += one.fields["amount"]
        gone = 1 - Fraction(sale["left"], sale["credited"])
        if rule.amount is not None:
            gone = max(gone, 0)
        money = sale["kept"] * -1 + sale["paid"] - round_half_up(Fraction(sale["paid"]) * gone, step)
        money = money if room is None else min(money, room)
        sale["kept"] += money
    else:
        day = datetime.fromtimestamp(one.event["time"] / 1000, UTC).astimezone(reference.zone).date()
        if one.event["type"] not in rule.events or not all(holds(one.fields, *each) for each in rule.where.items()):
            return
        if (rule.start and day < rule.start) or (rule.end and day >= rule.end):
            return
        if rule.roles and reference.standing(one.employee, rule.period, period).role not in rule.roles:
            return
        share = Fraction(one.ppm, 1_000_000)
        due = Fraction(rule.amount or 0) * SCALE * share
        if rule.field:
            due += Fraction(rule.rate) * one.fields.get(rule.field, 0) * (1 if rule.field == "amount" else share)
        money = round_half_up(due, step)
        money = money if room is None else min(money, room)
        if one.event["type"] == "sale":
            sale = memory.setdefault(
                ("spiff sale", rule.id, one.employee, (source, one.event["id"])),
                {"paid": 0, "credited": 0, "left": 0, "kept": 0},
            )
            for name, more in (("paid", money), ("kept", money)):
                sale[name] += more
            for name in ("credited", "left"):
                sale[name] += one.fields["amount"]
    memory[total] = memory.get(total, 0) + money
    reference._line(rule, one, period, money, "spiff", outcome)
