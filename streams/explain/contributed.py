"""What one credit adds to a KPI, of a person and in a unit. Pure."""

from __future__ import annotations

from decimal import Decimal

from schemas.money import SCALE, to_fixed
from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from schemas.plan_units import UNIT_KINDS
from streams.explain.credits import Credit, Field, counting_for

Wheres = tuple[Where, ...]


def parts_of(kpi: Kpi, credit: Credit) -> tuple[int, int] | None:
    """What it adds above and below the person's line (ten-thousandths), None where it does not count."""
    if kpi.aggregate == "ratio":
        sides = [_side(kpi, part, credit) for part in (kpi.numerator, kpi.denominator)]
        return None if sides == [None, None] else (sides[0] or 0, sides[1] or 0)
    wheres = (kpi.where,)
    if kpi.aggregate == "count":
        number = _events_of(kpi.events, wheres, credit)
        counts = _counts(kpi.events, wheres, credit) or _moves(kpi.events, wheres, credit)
        return None if number is None else (number, SCALE if counts else 0)
    if kpi.aggregate == "sum":
        amount = _amount(kpi.field, kpi.events, wheres, credit)
        return None if amount is None else (amount, SCALE)
    if not _counts(kpi.events, wheres, credit) or kpi.field not in credit.fields:
        return None
    return SCALE if kpi.aggregate == "distinct" else credit.fields[kpi.field], SCALE


def in_unit(kpi: Kpi, credit: Credit, part: tuple[int, int]) -> tuple[int, int]:
    """What it adds to the unit: amounts are parts that add up, anything else counts with the event's first credit."""
    if kpi.aggregate in ("min", "max"):
        return part
    credit = counting_for(kpi, credit)
    found = []
    for (field, events, wheres), value in zip(_sides(kpi), part, strict=True):
        own, unit = (_moves(events, wheres, credit, kind) if field is None else 0 for kind in ("", credit.whole))
        # what has no events is a sample, of which not everybody in a correction has a part
        told = events and _in_order(credit, wheres)
        first = "event" in credit.brings if told else credit.whole in credit.first_in
        found.append((value - own if first or field == "amount" else 0) + unit)
    return found[0], found[1]


def _in_order(credit: Credit, wheres: Wheres) -> bool:
    """Whether whoever counts and comes first to the updates brings it: where amounts decide, the first payee does."""
    return credit.by_who_counts and not any("amount" in where for where in wheres)


def _sides(kpi: Kpi) -> list[tuple[str | None, tuple[str, ...], Wheres]]:
    """Field, events and filters above and below the line; below, where events are counted alone, no sale moves."""
    if kpi.aggregate == "ratio":
        return [_of_side(kpi, part) for part in (kpi.numerator, kpi.denominator)]
    return [(kpi.field, kpi.events, (kpi.where,)), (None, (), ())]


def _of_side(kpi: Kpi, part: Part) -> tuple[str | None, tuple[str, ...], Wheres]:
    return part.field, part.events or kpi.events, (kpi.where, part.where)


def _side(kpi: Kpi, part: Part, credit: Credit) -> int | None:
    field, events, wheres = _of_side(kpi, part)
    return _events_of(events, wheres, credit) if field is None else _amount(field, events, wheres, credit)


def _counts(events: tuple[str, ...], wheres: Wheres, credit: Credit) -> bool:
    return credit.type in events and _hold(wheres, credit, credit.now)


def _events_of(events: tuple[str, ...], wheres: Wheres, credit: Credit) -> int | None:
    """As an event, and as a sale that comes or goes; None where it is neither, not in a unit either."""
    own = SCALE * _counts(events, wheres, credit)
    moves = [_moves(events, wheres, credit, unit) for unit in ("", *UNIT_KINDS)]
    moves += [_carried(events, wheres, credit, unit) for unit in UNIT_KINDS]
    return own + moves[0] if own or any(moves) else None


def _amount(field: str, events: tuple[str, ...], wheres: Wheres, credit: Credit) -> int | None:
    """Its field; where a correction changes what a filter lets through, all that is left of the sale, or that back."""
    if credit.type not in events or field not in credit.fields:
        return None
    if field == "amount" and {"sale", "correction"} <= set(events) and _restates(wheres, credit):
        now, before = _had(wheres, credit)
        if now != before:
            return credit.had + credit.fields[field] if now else -credit.had
    return credit.fields[field] if _hold(wheres, credit, credit.now) else None


def _restates(wheres: Wheres, credit: Credit) -> bool:
    """Whether it is a correction that a filter by amount may see otherwise than what was before."""
    return credit.had is not None and any("amount" in where for where in wheres)


def _had(wheres: Wheres, credit: Credit) -> tuple[bool, bool]:
    """Of a correction: whether somebody has the sale and it passes; whether that was so before."""
    has, had = credit.moved is None or credit.moved >= 0, credit.before is not None
    return has and _hold(wheres, credit, credit.now), had and _hold(wheres, credit, credit.before)


def _moves(events: tuple[str, ...], wheres: Wheres, credit: Credit, unit: str = "") -> int:
    """A sale that comes, or into the bounds of a filter, or goes: of the person, or of a kind of unit around."""
    if "sale" not in events:
        return 0
    if _restates(wheres, credit):
        now, before = _had(wheres, credit)
        if unit:
            now, before = now and unit in credit.first_in, before and unit in credit.first_before
        return SCALE * (now - before)
    if unit and (credit.carries or credit.by_who_counts):
        return _carried(events, wheres, credit, unit)
    told = credit.moved and (not unit or unit in credit.moved_in) and _hold(wheres, credit, credit.now)
    return SCALE * credit.moved if told else 0


def _carried(events: tuple[str, ...], wheres: Wheres, credit: Credit, unit: str) -> int:
    """As ``_moves`` of a team or a department, where it has a sale by the first of those who have it."""
    if "sale" not in events or credit.moved is None or _restates(wheres, credit):
        return 0
    if unit == "company" and not credit.by_who_counts:
        return 0
    now, before = credit.moved >= 0 and unit in credit.first_in, unit in credit.first_before
    if unit == credit.whole and _in_order(credit, wheres):
        now, before = "sale" in credit.brings, "sale before" in credit.brings
    return SCALE * (now - before) if _hold(wheres, credit, credit.now) else 0


def matches(where: Where, credit: Credit) -> bool:
    """Whether every condition of a filter holds; of what is about a sale by the person's part of that as it came."""
    return _hold((where,), credit, credit.sold)


def _hold(wheres: Wheres, credit: Credit, amount: int | None) -> bool:
    """Whether all conditions hold with ``amount`` in place of the credit's own, None for that."""
    fields = credit.fields if amount is None else credit.fields | {"amount": amount}
    return all(name in fields and _matches(fields[name], wanted) for where in wheres for name, wanted in where.items())


def _matches(has: Field, wanted: object) -> bool:
    if isinstance(wanted, Comparison):
        tests = {"gt": has.__gt__, "gte": has.__ge__, "lt": has.__lt__, "lte": has.__le__}
        bounds = {name: getattr(wanted, name) for name in tests}
        return isinstance(has, int) and all(
            tests[name](to_fixed(bound)) for name, bound in bounds.items() if bound is not None
        )
    options = wanted if isinstance(wanted, tuple) else (wanted,)
    if isinstance(has, bool):
        return any(isinstance(option, bool) and option == has for option in options)
    if isinstance(has, str):
        return has in map(str, options)
    return has in [_number(option) for option in options]


def _number(option: object) -> int | None:
    try:
        return None if isinstance(option, bool) else to_fixed(Decimal(option))
    except (ValueError, ArithmeticError):
        return None
