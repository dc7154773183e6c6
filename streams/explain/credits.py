"""One employee's credits in log order, as the explanation reads them. Independent of where they come from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.blocks import decode_block
from schemas.plan import Plan
from streams.performance.calendar import NO_PERIOD, Calendar

Field = int | str | bool


@dataclass(frozen=True, slots=True)
class Credit:
    """One credit; numbers in ten-thousandths. ``record`` is its place in the credits log."""

    record: int
    source: str
    id: str
    type: str
    time: int  # ms: the time that counts
    employee: str
    share: int  # parts per million
    fields: dict[str, Field]


def credits_of_block(value: bytes, record: int, employee: str) -> list[Credit]:
    """The employee's credits in one record of the credits topic."""
    rows = decode_block(value)[0].to_pylist()
    return [
        Credit(
            record,
            row["source"],
            row["id"],
            row["type"],
            row["time"],
            employee,
            row["share"],
            {
                name.removeprefix("data."): field
                for name, field in row.items()
                if name.startswith("data.") and field is not None
            },
        )
        for row in rows
        if row["employee"] == employee
    ]


def in_period(plan: Plan, credits: Iterable[Credit], kind: str, period: str) -> list[Credit]:
    """The credits that count in a period; a rolling window ends on the latest day that has any."""
    calendar = Calendar(plan)
    kept = list(credits)
    if not kept:
        return []
    days = calendar.days([credit.time for credit in kept])
    if kind.startswith("rolling_"):
        last = int(days.max())
        first = last - int(kind[8:-1]) + 1
        return [credit for credit, day in zip(kept, days.tolist(), strict=True) if first <= day <= last]
    ordinals = calendar.ordinals(kind, days).tolist()
    keys = {ordinal: calendar.key(kind, ordinal) for ordinal in set(ordinals) if ordinal != NO_PERIOD}
    return [credit for credit, ordinal in zip(kept, ordinals, strict=True) if keys.get(ordinal) == period]


def up_to(credits: list[Credit], record: int, source: str, id: str) -> Iterator[list[Credit]]:
    """The credits before a place in the log, and those of that record up to the event that is the cause.

    Where somebody else's event is the cause, as one that brings a new day can be, every place within the record is
    possible: the latest comes first.
    """
    before = [credit for credit in credits if credit.record < record]
    same = [credit for credit in credits if credit.record == record]
    own = [at + 1 for at, credit in enumerate(same) if (credit.source, credit.id) == (source, id)]
    for end in own[-1:] or range(len(same), -1, -1):
        yield before + same[:end]
