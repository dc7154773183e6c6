"""A KPI's value after each of its credits, in exact fractions, one credit after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from schemas.money import SCALE, to_fixed
from schemas.plan import Kpi, Part
from schemas.plan_filters import Comparison, Where
from streams.explain.credits import Credit, Field


@dataclass(frozen=True, slots=True)
class Step:
    """A credit that counts: what it adds above and below the line, and the value (in units) after it.

    ``own``: what it adds above and below the person's own line, where the value is a unit's.
    """

    credit: Credit
    numerator: int
    denominator: int
    value: Fraction | None
    below: int  # the line, by then
    above: int = 0  # by then, of what has a line
    own: tuple[int, int] = (0, 0)

    @property
    def something(self) -> bool:
        """Whether anything is there, for units also where it has no value."""
        return bool(self.below or self.above or self.value)

    @property
    def sample(self) -> int:
        """The events behind the value; of a ratio its denominator."""
        return self.below // SCALE


def steps_of(kpi: Kpi, credits: Iterable[Credit], window: int | None = None) -> list[Step]:
    """All credits that count for ``kpi``, with the value after each.

    ``window``: over so many days up to the latest one that has any.
    """
    steps: list[Step] = []
    total = _Total(kpi)
    latest: int | None = None
    for credit in credits:
        by = kpi if credit.kpis is None else credit.kpis.get(kpi.id)
        part = None if by is None else _parts(by, credit)
        if part is None:
            continue
        added = _Added(credit.day, *(_in_unit(by, credit, part) if credit.whole else part), _member(by, credit))
        if latest is None or credit.day > latest:
            latest = credit.day
            total = total if window is None else total.since(latest - window + 1)
        if window is None or credit.day > latest - window:
            total.add(added)
        figures = total.value(), total.bottom, total.top if kpi.aggregate in ("mean", "ratio") else 0
        steps.append(Step(credit, added.numerator, added.denominator, *figures, own=part))
    return steps


class _Added(NamedTuple):
    """What a credit adds to a KPI."""

    day: int
    numerator: int
    denominator: int
    member: Field | None


class _Total:
    """A KPI over what was added."""

    def __init__(self, kpi: Kpi) -> None:
        self.kpi, self.top, self.bottom = kpi, 0, 0
        self._added: list[_Added] = []
        self._members: set[Field | None] = set()
        self._extreme: int | None = None

    def add(self, one: _Added) -> None:
        """Add one credit."""
        self._added.append(one)
        self.top, self.bottom = self.top + one.numerator, self.bottom + one.denominator
        self._members.add(one.member)
        pick = min if self.kpi.aggregate == "min" else max
        self._extreme = one.numerator if self._extreme is None else pick(self._extreme, one.numerator)

    def since(self, day: int) -> _Total:
        """The total of ``day`` and later."""
        kept = [one for one in self._added if one.day >= day]
        if len(kept) == len(self._added):
            return self
        total = _Total(self.kpi)
        for one in kept:
            total.add(one)
        return total

    def value(self) -> Fraction | None:
        """In units; None where undefined."""
        kpi = self.kpi
        if kpi.aggregate == "distinct":
            return Fraction(len(self._members))
        if kpi.aggregate in ("min", "max"):
            return Fraction(self._extreme, SCALE)
        if kpi.aggregate in ("mean", "ratio"):
            percent = 100 if kpi.aggregate == "ratio" and kpi.unit == "percent" else 1
            return Fraction(self.top * percent, self.bottom) if self.bottom > 0 else None
        return Fraction(self.top, SCALE)


def _member(kpi: Kpi, credit: Credit) -> Field | None:
    return credit.fields[kpi.field] if kpi.aggregate == "distinct" else None


def _in_unit(kpi: Kpi, credit: Credit, part: tuple[int, int]) -> tuple[int, int]:
    """What it adds to the unit: amounts are parts that add up, anything else counts with the event's first credit."""
    if kpi.aggregate in ("min", "max"):
        return part
    fields = (kpi.numerator.field, kpi.denominator.field) if kpi.aggregate == "ratio" else (kpi.field, None)
    first, moves = credit.whole in credit.first_in, credit.whole in credit.moved_in
    return tuple(
        (more - moved if first or field == "amount" else 0) + (moved if moves else 0)
        for field, more, moved in zip(fields, part, _moved(kpi, credit), strict=True)
    )


def _moved(kpi: Kpi, credit: Credit) -> tuple[int, int]:
    """What of the parts is a sale that changed hands."""
    if kpi.aggregate == "ratio":
        return tuple(
            _moves(part.events or kpi.events, credit)
            if part.field is None and matches({**kpi.where, **part.where}, credit)
            else 0
            for part in (kpi.numerator, kpi.denominator)
        )
    return (_moves(kpi.events, credit) if kpi.aggregate == "count" else 0), 0


def _moves(events: tuple[str, ...], credit: Credit) -> int:
    return SCALE * credit.moved if credit.moved and "sale" in events else 0


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
    if not matches(kpi.where, credit):
        return None
    if kpi.aggregate == "ratio":
        sides = [_side(kpi, part, credit) for part in (kpi.numerator, kpi.denominator)]
        return None if sides == [None, None] else (sides[0] or 0, sides[1] or 0)
    if kpi.aggregate == "count":
        moved = _moves(kpi.events, credit)
        own = SCALE if credit.type in kpi.events else 0
        return (own + moved, SCALE) if own or moved else None
    if credit.type not in kpi.events or (kpi.field and kpi.field not in credit.fields):
        return None
    if kpi.aggregate == "distinct":
        return SCALE, SCALE
    return credit.fields[kpi.field], SCALE


def _side(kpi: Kpi, part: Part, credit: Credit) -> int | None:
    if not matches(part.where, credit):
        return None
    events = part.events or kpi.events
    own = credit.type in events
    if part.field is not None:
        return credit.fields.get(part.field) if own else None
    moved = _moves(events, credit)
    return SCALE * own + moved if own or moved else None


def matches(where: Where, credit: Credit) -> bool:
    """Whether every condition of a filter holds; of what is about a sale by the person's part of that."""
    fields = credit.fields if credit.sold is None else credit.fields | {"amount": credit.sold}
    return all(name in fields and _matches(fields[name], wanted) for name, wanted in where.items())


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
