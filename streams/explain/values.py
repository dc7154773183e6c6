"""A KPI's value after each of its credits, in exact fractions, one credit after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from schemas.money import SCALE, to_fixed
from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from streams.explain.credits import Credit, Field


@dataclass(frozen=True, slots=True)
class Step:
    """A credit that counts: what it adds above and below the line, and the value (in units) after it."""

    credit: Credit
    numerator: int
    denominator: int
    value: Fraction | None
    sample: int


def steps_of(kpi: Kpi, credits: Iterable[Credit]) -> list[Step]:
    """All credits that count for ``kpi``, with the value after each."""
    steps: list[Step] = []
    top = bottom = 0
    seen: set[Field] = set()
    extreme: int | None = None
    for credit in credits:
        part = _parts(kpi, credit)
        if part is None:
            continue
        numerator, denominator = part
        if kpi.aggregate == "distinct":
            member = credit.fields[kpi.field]
            numerator = 0 if member in seen else SCALE
            seen.add(member)
        top, bottom = top + numerator, bottom + denominator
        if kpi.aggregate in ("min", "max"):
            pick = min if kpi.aggregate == "min" else max
            extreme = numerator if extreme is None else pick(extreme, numerator)
            value: Fraction | None = Fraction(extreme, SCALE)
        elif kpi.aggregate in ("mean", "ratio"):
            percent = 100 if kpi.aggregate == "ratio" and kpi.unit == "percent" else 1
            value = Fraction(top * percent, bottom) if bottom else None
        else:
            value = Fraction(top, SCALE)
        steps.append(Step(credit, numerator, denominator, value, bottom // SCALE))
    return steps


def standing(kpi: Kpi, steps: list[Step]) -> tuple[Fraction | None, int]:
    """Value and sample after the last step; what adds up stands at 0 without any."""
    if steps:
        return steps[-1].value, steps[-1].sample
    return (Fraction(0) if kpi.aggregate in ("sum", "count", "distinct") else None), 0


def attainment(kpi: Kpi, value: Fraction | None, target: Fraction | None) -> Fraction | None:
    """value ÷ target, or target ÷ value where lower is better; None where undefined."""
    if value is None or not target or target < 0:
        return None
    if kpi.direction == "up":
        return value / target
    return target / value if value > 0 else Fraction(kpi.attainment_at_zero)


def _parts(kpi: Kpi, credit: Credit) -> tuple[int, int] | None:
    if not _holds(kpi.where, credit):
        return None
    if kpi.aggregate == "ratio":
        sides = [_side(kpi, part, credit) for part in (kpi.numerator, kpi.denominator)]
        return None if sides == [None, None] else (sides[0] or 0, sides[1] or 0)
    if credit.type not in kpi.events or (kpi.field and kpi.field not in credit.fields):
        return None
    if kpi.aggregate in ("count", "distinct"):
        return SCALE, SCALE
    return credit.fields[kpi.field], SCALE


def _side(kpi: Kpi, part: Part, credit: Credit) -> int | None:
    if credit.type not in (part.events or kpi.events) or not _holds(part.where, credit):
        return None
    return SCALE if part.field is None else credit.fields.get(part.field)


def _holds(where: Where, credit: Credit) -> bool:
    return all(name in credit.fields and _matches(credit.fields[name], wanted) for name, wanted in where.items())


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
