"""Closed periods: which they are, where their late lines are posted, which day a late credit counts on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from schemas.control import PeriodClosed
from streams.performance.calendar import Calendar

ROW = "closed"


class ClosedPeriods:
    """Closed periods as one plan's calendar sees them."""

    def __init__(self, calendar: Calendar, periods: Iterable[tuple[str, str]]) -> None:
        self._calendar = calendar
        self._closed: set[tuple[str, int]] = set()
        self._spans: list[tuple[int, int]] = []
        for kind, key in periods:
            self.add(kind, key)

    def __bool__(self) -> bool:
        return bool(self._closed)

    def add(self, kind: str, key: str) -> int | None:
        """Close a period; its ordinal, None where the calendar has no such period."""
        ordinal = self._calendar.find(kind, key)
        if ordinal is None:
            return None
        self._closed.add((kind, ordinal))
        self._spans = sorted({*self._spans, self._calendar.span(kind, ordinal)})
        return ordinal

    def holds(self, kind: str, ordinal: int) -> bool:
        """Whether the period is closed."""
        return (kind, ordinal) in self._closed

    def open_period(self, kind: str, ordinal: int) -> int:
        """The period that pays what is due for ``ordinal``: itself, or the first one after it that is open.

        A calendar that ends with a closed period has none; that period then pays it itself.
        """
        at = ordinal
        while (kind, at) in self._closed:
            at += 1
        try:
            self._calendar.key(kind, at)
        except IndexError:
            return ordinal
        return at

    def open_days(self, days: np.ndarray) -> np.ndarray:
        """Each day, or the first day after it that lies in no closed period."""
        for first, last in self._spans:  # ascending: a day that is moved on meets the spans that start later
            days = np.where((days >= first) & (days <= last), last + 1, days)
        return days


class Closes:
    """What was closed, in the order of the log, over all plans."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[str, str]] = {}
        self._dirty = False

    def knows(self, control: PeriodClosed) -> bool:
        """Whether the close was taken."""
        return control.id in self._records

    def close(self, control: PeriodClosed) -> bool:
        """Take a close; False if it was taken before."""
        if self.knows(control):
            return False
        self._records[control.id] = control.kind, control.period
        self._dirty = True
        return True

    def under(self, calendar: Calendar) -> ClosedPeriods:
        """The closed periods in a calendar."""
        return ClosedPeriods(calendar, self._records.values())

    def dirty_rows(self) -> dict[str, bytes]:
        """The checkpoint row, where it changed since the last call."""
        if not self._dirty:
            return {}
        self._dirty = False
        return {ROW: msgspec.msgpack.encode([(id, *period) for id, period in self._records.items()])}

    def restore(self, rows: dict[str, bytes]) -> None:
        """Take back what checkpoints hold."""
        if ROW in rows:
            self._records = {id: (kind, key) for id, kind, key in msgspec.msgpack.decode(rows[ROW])}
