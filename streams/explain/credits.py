"""Credits in log order, as the explanation reads them. Independent of where they come from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np

from schemas.blocks import decode_block
from schemas.money import WHOLE
from schemas.moved import BEFORE, UNIT_BITS
from schemas.plan import Kpi, Plan
from schemas.plan_crediting import Guard
from schemas.plan_managers import Leaders
from schemas.plan_units import UNIT_KINDS
from streams.explain.of_plan import calendar_of
from streams.performance.calendar import NO_PERIOD, date_of
from streams.performance.customer_limits import limited_events

Field = int | str | bool


@dataclass(frozen=True, slots=True)
class Conversion:
    """What an amount was before it was converted (ten-thousandths, code), and at which rate, in force since when.

    ``cap``: up to how much of what it comes to counts, where that is less.
    """

    amount: int
    currency: str
    rate: Decimal
    since: date
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit; numbers in ten-thousandths. ``record`` is its place in its partition of the credits log."""

    record: int
    source: str
    id: str
    type: str
    time: int  # ms: the time that counts
    employee: str
    share: int  # parts per million
    fields: dict[str, Field]
    event_time: int = 0  # ms: when it happened
    team: str = ""
    department: str = ""
    first_in: frozenset[str] = frozenset()  # kinds of units of which it is the event's first credit
    overlay: bool = False
    partition: int = 0
    day: int = 0  # days since the epoch in the plan's time zone: the one that it counts on
    whole: str = ""  # kind of unit by which it is seen, where a whole unit is: a shared event counts once there
    sold: int | None = None  # of what is about a sale, the person's part of it as it came
    moved: int | None = None  # 1, 0, -1: by a correction the sale is theirs now, still, no more
    moved_in: frozenset[str] = frozenset()  # kinds of units that get or lose the sale with this credit
    sold_at: int | None = None  # ms: when that sale happened
    now: int | None = None  # of what is about a sale, the person's part of it as last corrected: what filters see
    before: int | None = None  # of a correction: that part ahead of it, None for who comes to the sale
    had: int | None = None  # of a correction: what was left of it for the person
    first_before: frozenset[str] = frozenset()  # as first_in, of those who had the sale ahead of a correction
    payee: int = 0  # running number among the credits of the event
    by_who_counts: bool = False  # a unit has what it counts once by the first of its people who count
    ahead: tuple[Credit, ...] = ()  # there, those of the same event that came to the unit ahead of it
    rebuilt: frozenset[str] = frozenset()  # KPIs, by id, that a rebuild has counted it for anew
    converted: Conversion | None = None  # where the event came in another currency
    carries: bool = False  # a sale that changes hands within a unit does so in what each adds to it
    limited: bool | None = None  # of what several share, whether a limit was on it as it was credited
    over: Guard | None = None  # the limit on events of the same customer that leaves it out
    kpis: Mapping[str, Kpi] | None = None  # the definitions that it counts by, by id; None: those of the plan asked

    @property
    def has(self) -> frozenset[str]:
        """Of ONCE: a part in the event; by a correction the sale, and ahead of it."""
        sales = (("sale", not self.moved or self.moved > 0), ("sale_before", not self.moved or self.moved < 0))
        return frozenset({"event", *(name for name, had in sales if had and self.had is not None)})

    def rank(self, once: str) -> tuple[bool, int]:
        """Least for who brings to the unit what is one of ONCE, of those who have it."""
        return self.whole not in (self.first_before if once == "sale_before" else self.first_in), self.payee


@dataclass(frozen=True, slots=True)
class Close:
    """A period was closed ahead of ``record`` of a partition of the credits log."""

    partition: int
    record: int
    kind: str
    period: str


def credits_of_block(partition: int, record: int, value: bytes) -> list[Credit]:
    """The credits in one record of the credits topic."""
    rows = decode_block(value)[0].to_pylist()
    return [
        Credit(
            record,
            row["source"],
            row["id"],
            row["type"],
            row["time"],
            row["employee"],
            row["share"],
            {
                name.removeprefix("data."): field
                for name, field in row.items()
                if name.startswith("data.") and field is not None
            },
            partition=partition,
            **unit_fields(row),
        )
        for row in rows
    ]


def unit_fields(row: dict) -> dict:
    """What the columns of a credit say about units: bit 3 of ``unit_first`` is an overlay's."""
    first = row["unit_first"]
    return {
        "event_time": row["event_time"],
        "payee": row["payee"],
        "limited": row.get("limited"),
        "team": row["team"],
        "department": row["department"],
        "first_in": frozenset(kind for bit, kind in enumerate(UNIT_KINDS) if first >> bit & 1),
        "first_before": frozenset(kind for bit, kind in enumerate(UNIT_KINDS, BEFORE) if first >> bit & 1),
        "overlay": bool(first >> len(UNIT_KINDS) & 1),
        **_about_sale(row),
    }


def _about_sale(row: dict) -> dict:
    """What a credit says of the sale that it is about; columns that credits of before have not."""
    moved = row.get("moved")
    return {
        "sold": row.get("sale_amount"),
        "now": row.get("sale_amount") if row.get("sale_now") is None else row["sale_now"],
        "before": row.get("sale_before"),
        "had": row.get("sale_had"),
        "moved": None if moved is None else (moved > 0) - (moved < 0),
        "moved_in": frozenset(
            kind for kind, bit in zip(UNIT_KINDS, UNIT_BITS, strict=True) if abs(moved or 0) & bit
        ),
        "sold_at": row.get("sale_time"),
    }


def days_counted(plan: Plan, credits: list[Credit], closes: Iterable[Close]) -> list[int]:
    """The day that each of the credits counts on.

    With ``late: process_date`` what comes behind a close, for a day in its period, counts on the first open day after.
    """
    if not credits:
        return []
    calendar = calendar_of(plan)
    days = calendar.days([credit.time for credit in credits]).tolist()
    spans = spans_of(plan, closes) if plan.late == "process_date" else []
    found = []
    for credit, day in zip(credits, days, strict=True):
        shut = [
            (first, last)
            for close, first, last in spans
            if close.partition == credit.partition and close.record < credit.record
        ]
        while any(first <= day <= last for first, last in shut):
            day += 1
        found.append(day)
    return found


def spans_of(plan: Plan, closes: Iterable[Close]) -> list[tuple[Close, int, int]]:
    """Each close with the first and the last day of its period; without those of a calendar that the plan has not."""
    calendar, spans = calendar_of(plan), []
    for close in closes:
        ordinal = calendar.find(close.kind, close.period)
        if ordinal is not None:
            spans.append((close, *calendar.span(close.kind, ordinal)))
    return spans


def in_period(plan: Plan, credits: list[Credit], kind: str, period: str) -> list[Credit]:
    """The credits that count in a period: all of them where a window rolls, which each KPI cuts by itself."""
    if kind.startswith("rolling_"):
        return credits
    calendar = calendar_of(plan)
    ordinals = calendar.ordinals(kind, np.array([credit.day for credit in credits], np.int64)).tolist()
    keys = {ordinal: calendar.key(kind, ordinal) for ordinal in set(ordinals) if ordinal != NO_PERIOD}
    return [credit for credit, ordinal in zip(credits, ordinals, strict=True) if keys.get(ordinal) == period]


def in_unit(plan: Plan, unit: tuple[str, str], credits: list[Credit]) -> list[Credit]:
    """The credits that count in a unit, each by the kind of unit in which a shared event counts once.

    A manager has what counts on days on which he leads a unit around it; by the widest of these.
    """
    kind, name = unit
    if kind != "manager":
        mine = (one for one in credits if kind == "company" or getattr(one, kind) == name)
        return _by_who_counts([replace(one, whole=kind) for one in mine if not one.overlay])
    leaders = Leaders(plan)
    led = ((one, leaders.of(one.team, one.department, date_of(one.day))) for one in credits if not one.overlay)
    return _by_who_counts([replace(one, whole=managers[name]) for one, managers in led if name in managers])


def said_by_who_counts(plan: Plan, credit: Credit) -> bool:
    """Whether a limit on events of the same customer may leave out somebody else's credit of the same event."""
    if credit.limited is not None:
        return credit.limited
    return credit.type in limited_events(plan) and (credit.share < WHOLE or credit.type == "correction")


def _by_who_counts(credits: list[Credit]) -> list[Credit]:
    """Of a unit: with who came ahead, where the first of an event's people need not be the one who counts."""
    events: dict[tuple, tuple[Credit, ...]] = {}
    found = []
    for one in credits:
        if one.by_who_counts:
            ahead = events.get(_within(one), ())
            events[_within(one)] = (*ahead, one)
            one = replace(one, ahead=ahead)
        found.append(one)
    return found


def _within(credit: Credit) -> tuple[str, ...]:
    """Event, kind of unit, and unit."""
    unit = "" if credit.whole == "company" else getattr(credit, credit.whole)
    return credit.source, credit.id, credit.whole, unit


def up_to(credits: list[Credit], record: int, source: str, id: str) -> Iterator[list[Credit]]:
    """The credits before a place in the log, and those of that record up to the event that is the cause.

    Where somebody else's event is the cause, as one that brings a new day can be, every place within the record is
    possible: the latest comes first. Of an event that is shared another's credit may have brought the day, just before.
    """
    before = [credit for credit in credits if credit.record < record]
    same = [credit for credit in credits if credit.record == record]
    own = [at + 1 for at, credit in enumerate(same) if (credit.source, credit.id) == (source, id)]
    for end in (own[-1], own[-1] - 1) if own else range(len(same), -1, -1):
        yield before + same[:end]


def sale_of(credit: Credit) -> tuple[str, str]:
    """Source and id of the sale that a refund, a correction or a cancellation is about."""
    return credit.fields.get("sale_source") or credit.source, credit.fields["sale_id"]
