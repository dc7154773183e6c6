"""The money of a tier table line by line, where refunds take back what their own sales were paid. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from schemas.event_fields import FOLLOWING
from schemas.money import SCALE, minor_step, round_half_up
from streams.explain.credits import Credit, sale_of
from streams.explain.measured import Scope
from streams.explain.of_plan import calendar_of
from streams.explain.tiers import keeps_peak, money_at, remembered, tier_level
from streams.explain.values import Step, steps_of
from streams.performance.calendar import NO_PERIOD


@dataclass(slots=True)
class _Sale:
    """What the person was paid for a sale that counted so much, what of it was refunded, what was taken back."""

    paid: int
    credited: int
    refunded: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Reversal:
    """A credit whose ``money`` follows from what its sale was paid, and what it would be by the ``table``."""

    credit: Credit
    money: int
    table: int


def as_paid(scopes: list[Scope]) -> tuple[int, tuple[Reversal, ...]]:
    """The sum of the period's lines where a refund takes back its share of its own sale's line; and where that is other
    than by the table.

    Every credit is gone through, since a refund may count in another period than its sale; ``scopes``: under each plan,
    or rebuild, in turn.
    """
    book = _Book()
    due = sum(_lines(scope, book) for scope in scopes)
    return due, tuple(book.reversals)


@dataclass
class _Book:
    """What is known from plan to plan: by period the money that its value earns and the peak, and every sale.

    ``reversals``: of the scopes' period.
    """

    standing: dict[str, int] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)
    sales: dict[tuple[str, str], _Sale] = field(default_factory=dict)
    came: dict[tuple[str, str], _Sale | None] = field(default_factory=dict)
    reversals: list[Reversal] = field(default_factory=list)


class _Table:
    """The table of one plan on its values, period by period."""

    def __init__(self, scope: Scope, book: _Book) -> None:
        self.scope, self.book, self.rule = scope, book, scope.rule
        plan = scope.evidence.plan
        self.calendar = calendar_of(plan)
        self.kpi = next(kpi for kpi in plan.kpis if kpi.id == scope.rule.kpi)
        self._values: dict[str, Fraction] = {}
        self._takes_part: dict[str, bool] = {}

    def period(self, step: Step) -> str | None:
        """The period of a step that pays; None where none does."""
        ordinal = self.calendar.ordinal(self.rule.period, step.credit.day)
        period = None if ordinal == NO_PERIOD else self.calendar.key(self.rule.period, ordinal)
        return period if period is not None and self.pays(period) else None

    def pays(self, period: str) -> bool:
        """Whether the person has a part in it."""
        if period not in self._takes_part:
            self._takes_part[period] = self.scope.evidence.takes_part(self.rule, period)
        return self._takes_part[period]

    def add(self, period: str, step: Step) -> None:
        """One more step."""
        self._values[period] = self._values.get(period, Fraction(0)) + Fraction(step.numerator, SCALE)

    def change(self, period: str) -> int:
        """What the value earns now, less what it earned before."""
        earned, before = self._earned(period), self.book.standing.get(period, 0)
        self.book.standing[period] = earned
        return earned - before

    def _earned(self, period: str) -> int:
        value, peaks = self._values.get(period), self.book.peaks
        target = self.scope.target(self.kpi.id, period)
        # such a table asks for no sample
        level = 0 if value is None else tier_level(self.rule, self.kpi, value, 0, target)
        peaks[period] = max(remembered(self.rule, level), peaks.get(period, 0))
        if keeps_peak(self.rule):
            level = min(max(level, peaks[period]), len(self.rule.tiers))
        elif value is None:
            return 0
        return money_at(self.rule, self.scope.evidence.plan, self.kpi, level, value, 0, target).due

    def anew(self) -> int:
        """A plan takes effect, or a rebuild: the change in the scope's period."""
        periods = [period for period in self._values.keys() | self.book.standing.keys() if self.pays(period)]
        changes = {period: self.change(period) for period in sorted(periods)}
        return changes.get(self.scope.period, 0)


def _lines(scope: Scope, book: _Book) -> int:
    """The sum of the lines under one plan."""
    table, total, began = _Table(scope, book), 0, False
    for step in steps_of(table.kpi, scope.credits):
        if not began and step.credit.record > scope.since:
            began = True
            total += table.anew()
        period = table.period(step)
        if period is None:
            continue
        table.add(period, step)
        if began:
            change = table.change(period)
            money = _of_sale(scope, book, step, change)
            if period == scope.period:
                total += money
                book.reversals += [Reversal(step.credit, money, change)] if money != change else []
    return total if began else total + table.anew()


def _of_sale(scope: Scope, book: _Book, step: Step, change: int) -> int:
    """The line of a credit that changes what the value earns by ``change``."""
    credit, sales = step.credit, book.sales
    event = credit.source, credit.id
    if credit.type not in FOLLOWING:
        sales[event] = _Sale(change, step.numerator)
    elif credit.moved == 1:  # it comes from others
        book.came[event] = sales.get(sale_of(credit))
        sales[sale_of(credit)] = _Sale(change, step.numerator)
    elif credit.moved == -1 and event in book.came:  # an overlay of the sale who shares it now
        had = book.came[event]
        return change if had is None else had.taken - had.paid
    elif sale := sales.get(sale_of(credit)):
        return _reversed(sale, -step.numerator, minor_step(scope.evidence.plan.currency))
    return change


def _reversed(sale: _Sale, refunded: int, step: int) -> int:
    """The (negative) money of a refund: so that all refunds of a sale take back all that it was paid."""
    sale.refunded += refunded
    due = Fraction(sale.paid * sale.refunded, sale.credited) if sale.credited else Fraction(0)
    before, sale.taken = sale.taken, round_half_up(due, step)
    return before - sale.taken
