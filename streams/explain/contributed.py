"""What one credit adds to a KPI, of a person and in a unit. Pure."""

from __future__ import annotations

from decimal import Decimal

from schemas.money import SCALE, to_fixed
from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from schemas.plan_units import UNIT_KINDS
from streams.explain.credits import Credit, Field
from streams.performance.contributions import ONCE

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


def in_unit(kpi: Kpi, credit: Credit, part: tuple[int, int] | None) -> tuple[int, int] | None:
    """What the unit has more by it: amounts are parts that add up, anything else counts with the event's first credit.

    None where it does not count.
    """
    if credit.by_who_counts and kpi.id not in credit.rebuilt and kpi.aggregate not in ("min", "max"):
        return _by_who_counts(kpi, credit, part)
    if part is None or kpi.aggregate in ("min", "max"):
        return part
    found = []
    for (field, events, wheres), value in zip(_sides(kpi), part, strict=True):
        own, unit = (_moves(events, wheres, credit, kind) if field is None else 0 for kind in ("", credit.whole))
        first = credit.whole in credit.first_in
        found.append((value - own if first or field == "amount" else 0) + unit)
    return found[0], found[1]


def _by_who_counts(kpi: Kpi, credit: Credit, part: tuple[int, int] | None) -> tuple[int, int] | None:
    """As ``in_unit``, where another one of the event's people may bring what counts once: by who does from now on."""
    found = []
    for side, (field, _, _) in enumerate(_sides(kpi)):
        if field == "amount":
            found.append(part[side] if part else 0)
        else:
            people = (*credit.ahead, credit)
            found.append(_brought(kpi, side, people) - _brought(kpi, side, credit.ahead))
    return (found[0], found[1]) if part or any(found) else None


def _brought(kpi: Kpi, side: int, people: tuple[Credit, ...]) -> int:
    """What counts once in the unit of all of them, above (0) or below the line (1)."""
    total = 0
    for once in ONCE:
        holders = [one for one in people if once in one.has]
        if holders:
            total += _once(kpi, side, min(holders, key=lambda one, once=once: one.rank(once)), once)
    return total


def _once(kpi: Kpi, side: int, credit: Credit, once: str) -> int:
    """What one of ONCE counts by the person who brings it."""
    by = kpi if credit.kpis is None else credit.kpis.get(kpi.id)
    if by is None or kpi.id in credit.rebuilt:
        return 0
    field, events, wheres = _sides(by)[side]
    if once == "event":
        part = parts_of(by, credit)
        moves = _moves(events, wheres, credit) if field is None else 0
        return part[side] - moves if part else 0
    if field is not None or "sale" not in events:
        return 0
    now, before = _had(wheres, credit)
    return SCALE * now if once == "sale" else -SCALE * before


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
    now = "sale" in credit.has and _hold(wheres, credit, credit.now)
    if _restates(wheres, credit):
        return now, credit.before is not None and _hold(wheres, credit, credit.before)
    return now, "sale_before" in credit.has and _hold(wheres, credit, credit.now)


def _moves(events: tuple[str, ...], wheres: Wheres, credit: Credit, unit: str = "") -> int:
    """A sale that comes, or into the bounds of a filter, or goes: of the person, or of a kind of unit around."""
    if "sale" not in events:
        return 0
    if _restates(wheres, credit):
        now, before = _had(wheres, credit)
        if unit:
            now, before = now and unit in credit.first_in, before and unit in credit.first_before
        return SCALE * (now - before)
    if unit and credit.carries:
        return _carried(events, wheres, credit, unit)
    told = credit.moved and (not unit or unit in credit.moved_in) and _hold(wheres, credit, credit.now)
    return SCALE * credit.moved if told else 0


def _carried(events: tuple[str, ...], wheres: Wheres, credit: Credit, unit: str) -> int:
    """As ``_moves`` of a team or a department, where it has a sale by the first of those who have it."""
    if "sale" not in events or credit.moved is None or _restates(wheres, credit) or unit == "company":
        return 0
    now, before = credit.moved >= 0 and unit in credit.first_in, unit in credit.first_before
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
