"""What a SPIFF pays for each event, and takes back with what follows it: line by line in the order of the log. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from schemas.event_fields import FOLLOWING
from schemas.money import WHOLE, minor_step, round_half_up, to_fixed
from schemas.plan_spiff import Spiff
from streams.explain.contributed import matches
from streams.explain.credits import Credit, sale_of
from streams.explain.measured import Scope
from streams.explain.of_plan import calendar_of
from streams.performance.calendar import NO_PERIOD, Calendar, date_of


@dataclass(frozen=True, slots=True)
class SpiffLine:
    """An event's money, due and paid, in ten-thousandths; ``uncapped``: what would be due without the cap."""

    credit: Credit
    amount: int
    paid: int
    uncapped: int


@dataclass(slots=True)
class _Sale:
    """What the person was paid for a sale, what of its amount is left, and what of the money."""

    paid: int
    credited: int
    left: int
    kept: int


@dataclass
class _Book:
    """What is known from plan to plan: sums by period, sales, and by which corrections sales came."""

    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sales: dict[tuple[str, str], _Sale] = field(default_factory=dict)
    came: set[tuple[str, str]] = field(default_factory=set)


def spiff_lines(scopes: list[Scope]) -> list[SpiffLine]:
    """The lines of the scopes' period, each by the plan that held; ``scopes``: under each plan in turn.

    Every credit is gone through: refunds look back on sales of other periods.
    """
    paid: dict[tuple[str, str], int] = defaultdict(int)
    for line in scopes[-1].lines:
        paid[line["source"], line["id"]] += line["amount"]
    book = _Book()
    return [
        SpiffLine(credit, amount, paid[credit.source, credit.id], uncapped)
        for scope in scopes
        for credit, amount, uncapped in _lines(scope, book)
    ]


def _lines(scope: Scope, book: _Book) -> Iterator[tuple[Credit, int, int]]:
    """Credits of the period, what each pays and would pay without the cap, under one plan."""
    rule, plan = scope.rule, scope.evidence.plan
    step, calendar = minor_step(plan.currency), calendar_of(plan)
    cap = None if rule.cap is None else to_fixed(rule.cap) // step * step
    for credit in scope.credits:
        ordinal = calendar.ordinal(rule.period, credit.day)
        if ordinal == NO_PERIOD or credit.record <= scope.since:
            continue
        period = calendar.key(rule.period, ordinal)
        room = None if cap is None else max(cap - book.sums[period], 0)
        takes_part = scope.evidence.takes_part(rule, period)
        if credit.moved == -1 and (credit.source, credit.id) in book.came:
            continue  # an overlay of the sale who shares it now
        if credit.moved == 1:
            book.came.add((credit.source, credit.id))
        due = None if credit.moved is None else _anew(rule, credit, calendar, takes_part, book.sales, step)
        if due is not None:
            amount, uncapped = _restated(rule, credit, book.sales, due, step, room)
        elif credit.type in FOLLOWING:
            amount, uncapped = _taken(rule, credit, book.sales.get(sale_of(credit)), step, room)
        elif _pays(rule, credit, calendar) and takes_part:
            amount, uncapped = _paid(rule, credit, book.sales, step, room)
        else:
            continue
        book.sums[period] += amount
        if (amount or uncapped) and period == scope.period:
            yield credit, amount, uncapped


def _pays(rule: Spiff, credit: Credit, calendar: Calendar) -> bool:
    """By type and fields, and by the event's own day."""
    return credit.type in rule.events and matches(rule.where, credit) and _in_time(rule, credit.event_time, calendar)


def _in_time(rule: Spiff, time: int, calendar: Calendar) -> bool:
    day = date_of(int(calendar.days([time])[0]))
    return (rule.start is None or day >= rule.start) and (rule.end is None or day < rule.end)


def _due(rule: Spiff, credit: Credit, value: int) -> Fraction:
    """For the person's share of an event with ``value`` in the rule's field."""
    share = Fraction(credit.share, WHOLE)
    due = to_fixed(rule.amount or 0) * share
    if rule.field is not None:
        # of the amount a credit has the person's part already
        due += Fraction(rule.rate) * value * (1 if rule.field == "amount" else share)
    return due


def _anew(
    rule: Spiff, credit: Credit, calendar: Calendar, takes_part: bool, sales: dict, step: int
) -> int | None:
    """What the sale as it came would have paid a person whose share of it changes; None where nothing does."""
    fits = takes_part and "sale" in rule.events and matches(rule.where, credit)
    fits = fits and _in_time(rule, credit.sold_at, calendar)
    sale, of_amount = sales.get(sale_of(credit)), rule.field in (None, "amount")
    if credit.moved == 0 and not (fits and of_amount and sale is not None and sale.credited != credit.sold):
        return None
    if credit.moved < 0 or not fits:
        return 0
    return round_half_up(_due(rule, credit, credit.sold if of_amount else 0), step)


def _restated(
    rule: Spiff, credit: Credit, sales: dict, due: int, step: int, room: int | None
) -> tuple[int, int]:
    """As if the sale had been shared so from the beginning."""
    sale = sales.get(sale_of(credit))
    if sale is None:
        if not due:
            return 0, 0
        sale = sales[sale_of(credit)] = _Sale(0, 0, 0, 0)
    left = 0 if credit.moved == 1 else sale.left  # what an overlay had, who shares it now, is not his any more
    sale.paid, sale.credited, sale.left = due, credit.sold, left + credit.fields.get("amount", 0)
    gone = Fraction(sale.credited - sale.left, sale.credited) if sale.credited else Fraction(0)
    return _changed(sale, _still(rule, sale, gone, step), room)


def _changed(sale: _Sale, still: int, room: int | None) -> tuple[int, int]:
    """What more, or less, is due for a sale of which ``still`` is, as far as there is room, and without a cap."""
    whole = still - sale.kept
    change = whole if room is None else min(whole, room)
    sale.kept += change
    return change, whole


def _still(rule: Spiff, sale: _Sale, gone: Fraction, step: int) -> int:
    """Of the money what stays with so much of the sale gone; more than it paid only for a rate alone."""
    return sale.paid - round_half_up(sale.paid * (gone if rule.amount is None else max(gone, Fraction(0))), step)


def _paid(rule: Spiff, credit: Credit, sales: dict, step: int, room: int | None) -> tuple[int, int]:
    whole = round_half_up(_due(rule, credit, credit.fields.get(rule.field, 0)), step)
    money = whole if room is None else min(whole, room)
    if credit.type == "sale":
        amount = credit.fields.get("amount", 0)
        sales[credit.source, credit.id] = _Sale(money, amount, amount, money)
    return money, whole


def _taken(rule: Spiff, credit: Credit, sale: _Sale | None, step: int, room: int | None) -> tuple[int, int]:
    """Of the money what is gone of the sale, less what was taken before; more only for a rate alone."""
    if sale is None:
        return 0, 0
    sale.left += credit.fields.get("amount", 0)
    if not sale.credited:
        return 0, 0
    return _changed(sale, _still(rule, sale, Fraction(sale.credited - sale.left, sale.credited), step), room)
