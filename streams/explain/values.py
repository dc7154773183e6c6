"""A KPI's value after each of its credits, in exact fractions, one credit after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from schemas.money import SCALE
from schemas.plan import Kpi
from streams.explain.contributed import in_unit, parts_of
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
        if by is None:
            continue
        part = parts_of(by, credit)
        adds = in_unit(by, credit, part) if credit.whole else part
        if adds is None:
            continue
        added = _Added(credit.day, *adds, None if part is None else _member(by, credit))
        if latest is None or credit.day > latest:
            latest = credit.day
            total = total if window is None else total.since(latest - window + 1)
        if window is None or credit.day > latest - window:
            total.add(added)
        figures = total.value(), total.bottom, total.top if kpi.aggregate in ("mean", "ratio") else 0
        steps.append(Step(credit, added.numerator, added.denominator, *figures, own=part or (0, 0)))
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
        self._members: set[Field] = set()
        self._extreme: int | None = None

    def add(self, one: _Added) -> None:
        """Add one credit."""
        self._added.append(one)
        self.top, self.bottom = self.top + one.numerator, self.bottom + one.denominator
        self._members |= set() if one.member is None else {one.member}
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
