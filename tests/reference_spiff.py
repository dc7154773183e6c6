"""The naive reference of SPIFFs."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from schemas.money import SCALE, minor_step, round_half_up, to_fixed
from schemas.plan_spiff import Spiff
from tests.reference_credits import FOLLOWING, holds

_SALE = ("paid", "credited", "left", "kept")


def _due_anew(reference, rule: Spiff, one, period: str) -> int | None:
    """What a sale as it came would have paid, had it been shared as it is now; None where it does not fit."""
    day = datetime.fromtimestamp(one.sold_at / 1000, UTC).astimezone(reference.zone).date()
    fits = "sale" in rule.events and all(holds(one.seen(sold=True), *each) for each in rule.where.items())
    fits &= not (rule.start and day < rule.start) and not (rule.end and day >= rule.end)
    fits &= not rule.roles or reference.standing(one.employee, rule.period, period).role in rule.roles
    if not fits or (one.moved == 0 and rule.field not in (None, "amount")):
        return None
    due = Fraction(rule.amount or 0) * SCALE * Fraction(one.ppm, 1_000_000)
    due += Fraction(rule.rate) * one.sold if rule.field == "amount" else 0
    return round_half_up(due, minor_step(reference.plan.currency))


def _restated(rule: Spiff, one, sale: dict, due: int, room: int | None, step: int) -> int:
    """The money where a sale is shared otherwise: as if it had been so, and all else had come after that."""
    left = one.fields["amount"] + (0 if one.moved == 1 else sale["left"])
    gone = 1 - Fraction(left, one.sold) if one.sold else Fraction(0)
    gone = gone if rule.amount is None else max(gone, 0)
    money = due - round_half_up(Fraction(due) * gone, step) - sale["kept"]
    money = money if room is None else min(money, room)
    sale |= {"paid": due, "credited": one.sold, "left": left, "kept": sale["kept"] + money}
    return money


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
        came = "spiff came", rule.id, one.employee, source, one.event["id"]
        if one.moved == -1 and came in memory:
            return  # an overlay of the sale who shares it now: its line has made up for what he had
        if one.moved is not None:
            memory |= {came: True} if one.moved == 1 else {}
            due = _due_anew(reference, rule, one, period) if one.moved >= 0 else None
            if one.moved or not (due is None or sale is None or sale["credited"] == one.sold):
                due = due or 0
                if sale is not None or due:
                    sale = memory.setdefault(("spiff sale", rule.id, one.employee, about), dict.fromkeys(_SALE, 0))
                    money = _restated(rule, one, sale, due, room, step)
                    memory[total] = memory.get(total, 0) + money
                    reference._line(rule, one, period, money, "spiff", outcome)
                return
        if sale is None:
            return
        sale["left"] += one.fields["amount"]
        if not sale["credited"]:
            return
        gone = 1 - Fraction(sale["left"], sale["credited"])
        if rule.amount is not None:
            gone = max(gone, 0)
        money = sale["kept"] * -1 + sale["paid"] - round_half_up(Fraction(sale["paid"]) * gone, step)
        money = money if room is None else min(money, room)
        sale["kept"] += money
    else:
        day = datetime.fromtimestamp(one.event["time"] / 1000, UTC).astimezone(reference.zone).date()
        seen = one.seen(sold=True)
        if one.event["type"] not in rule.events or not all(holds(seen, *each) for each in rule.where.items()):
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
                dict.fromkeys(_SALE, 0),
            )
            for name, more in (("paid", money), ("kept", money)):
                sale[name] += more
            for name in ("credited", "left"):
                sale[name] += one.fields["amount"]
    memory[total] = memory.get(total, 0) + money
    reference._line(rule, one, period, money, "spiff", outcome)
