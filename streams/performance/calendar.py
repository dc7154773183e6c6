"""Days and periods in the plan's time zone, for whole columns at once. Pure: the time comes with the events.

A day is a count of days since 1970-01-01 of the local date. A period is an int64 ordinal within its kind,
ascending in time; NO_PERIOD where a company's own calendar has none for a day.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from schemas.plan import CALENDAR_KINDS, CustomPeriod, Plan
from schemas.plan_fiscal import Fiscal
from schemas.plan_periods import fiscal_periods

NO_PERIOD = -1
_DAY_MS = 24 * 3600 * 1000
_DAY_S = 24 * 3600
_EPOCH = date(1970, 1, 1)
#: Offsets are known from here to there; earlier and later times keep the first and last offset.
_FIRST = 0
_LAST = int((date(2111, 1, 1) - _EPOCH) / timedelta(days=1)) * _DAY_S
_ROLLING = re.compile(r"rolling_([1-9]\d{0,2})d")


@lru_cache(maxsize=64)
def _transitions(zone: str) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) at which a zone's UTC offset changes (first: least int64), and the offset (ms) from each.

    zoneinfo tells offsets but not when they change: a probe a day finds the changes, bisection their second.
    """
    info = ZoneInfo(zone)

    def offset(second: int) -> int:
        return int(datetime.fromtimestamp(second, info).utcoffset().total_seconds())

    starts, offsets = [np.iinfo(np.int64).min], [offset(_FIRST)]
    for probe in range(_FIRST + _DAY_S, _LAST + 1, _DAY_S):
        if (after := offset(probe)) != offsets[-1]:
            low, high = probe - _DAY_S, probe
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
            starts.append(high * 1000)
            offsets.append(after)
    return np.array(starts, np.int64), np.array(offsets, np.int64) * 1000


def days_of(time_ms: np.ndarray, zone: str) -> np.ndarray:
    """Local days (int32) of times in ms since the epoch (int64), in an IANA zone; exact from 1970 to 2110."""
    time_ms = np.asarray(time_ms, np.int64)
    starts, offsets = _transitions(zone)
    if len(time_ms) == 0:
        return np.empty(0, np.int32)
    first, last = np.searchsorted(starts, (time_ms.min(), time_ms.max()), side="right") - 1
    if first == last:
        local = time_ms + offsets[first]
    else:
        local = time_ms + offsets[np.searchsorted(starts, time_ms, side="right") - 1]
    return np.floor_divide(local, _DAY_MS).astype(np.int32)


def date_of(day: int) -> date:
    """The date of a day since the epoch."""
    return _EPOCH + timedelta(days=int(day))


def day_of(value: date) -> int:
    """The day since the epoch of a date."""
    return (value - _EPOCH).days


@lru_cache(maxsize=256)
def window_days(kind: str) -> int | None:
    """N of ``rolling_<N>d``, None for every other kind."""
    found = _ROLLING.fullmatch(kind)
    return int(found[1]) if found else None


class Calendar:
    """The periods of one plan: built-in kinds, rolling windows, the plan's own calendars, the fiscal one.

    Unknown kinds raise KeyError, keys that name no period ValueError.
    """

    def __init__(self, plan: Plan):
        self.zone = plan.timezone
        _transitions(self.zone)  # takes a moment for a zone's first time: not when the first event comes
        self._custom = {name: _Custom(periods) for name, periods in plan.calendars.items()}
        if plan.fiscal is not None:
            self._custom |= _fiscal(plan.fiscal)

    def days(self, time_ms: np.ndarray) -> np.ndarray:
        """Local days of times in ms, in the plan's zone."""
        return days_of(time_ms, self.zone)

    def ordinals(self, kind: str, days: np.ndarray) -> np.ndarray:
        """Period ordinal (int64) of each day; a rolling window is named by its last day."""
        days = np.asarray(days, np.int64)
        if kind in self._custom:
            return self._custom[kind].ordinals(days)
        return _ordinals(kind, days)

    def ordinal(self, kind: str, day: int) -> int:
        """Period ordinal of one day."""
        if kind in self._custom:
            return int(self._custom[kind].ordinals(np.array([day]))[0])
        return _ordinal(kind, day)

    def first_ordinal(self, kind: str, day: int) -> int:
        """The first period that does not end before ``day``, be it in a gap of a company's own calendar."""
        if kind in self._custom:
            return int(np.searchsorted(self._custom[kind].ends, day, side="right"))
        return self.ordinal(kind, day)

    def span(self, kind: str, ordinal: int) -> tuple[int, int]:
        """First and last day of a period."""
        if kind in self._custom:
            return self._custom[kind].span(ordinal)
        return _span(kind, ordinal)

    def has(self, kind: str, ordinal: int) -> bool:
        """Whether there is such a period; a company's own calendar begins and ends somewhere."""
        return kind not in self._custom or 0 <= ordinal < len(self._custom[kind].keys)

    def key(self, kind: str, ordinal: int) -> str:
        """The period's key, such as 2026-03-31, 2026-W14, 2026-03, 2026-Q1, 2026, or a calendar's own."""
        if kind in self._custom:
            return self._custom[kind].keys[ordinal]
        return _key(kind, ordinal)

    def parse(self, kind: str, key: str) -> int:
        """The ordinal of the period that ``key`` names; the inverse of ``key``."""
        if kind in self._custom:
            if key not in self._custom[kind].keys:
                raise ValueError(f"calendar {kind} has no period {key}")
            return self._custom[kind].keys.index(key)
        return _parse(kind, key)

    def find(self, kind: str, key: str) -> int | None:
        """As ``parse``; None where this calendar has no such period, as that of a plan before may have had."""
        try:
            return self.parse(kind, key)
        except (KeyError, ValueError):
            return None


def _ordinals(kind: str, days: np.ndarray) -> np.ndarray:
    if kind == "day" or window_days(kind):
        return days
    if kind == "week":
        return (days + 3) // 7  # 1970-01-01 was a Thursday; ISO weeks start on Monday
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // {"month": 1, "quarter": 3, "year": 12}[kind]


@lru_cache(maxsize=4096)  # every fold asks for the few days and periods that are under way
def _ordinal(kind: str, day: int) -> int:
    return int(_ordinals(kind, np.array([day], np.int64))[0])


@lru_cache(maxsize=4096)
def _parse(kind: str, key: str) -> int:
    if kind not in CALENDAR_KINDS and not window_days(kind):
        raise KeyError(kind)
    try:
        ordinal = _ordinal(kind, day_of(_first_date(kind, key)))
    except ValueError:
        ordinal = None
    if ordinal is None or _key(kind, ordinal) != key:
        raise ValueError(f"{key!r} is no key of period {kind}")
    return ordinal


@lru_cache(maxsize=4096)
def _span(kind: str, ordinal: int) -> tuple[int, int]:
    if kind == "day":
        return ordinal, ordinal
    if window := window_days(kind):
        return ordinal - window + 1, ordinal
    if kind == "week":
        return ordinal * 7 - 3, ordinal * 7 + 3
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    return _month_start(ordinal * months), _month_start((ordinal + 1) * months) - 1


@lru_cache(maxsize=4096)
def _key(kind: str, ordinal: int) -> str:
    first, last = _span(kind, ordinal)
    start = date_of(first)
    if kind == "day" or window_days(kind):
        return date_of(last).isoformat()
    if kind == "week":
        year, week, _ = start.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if kind == "quarter":
        return f"{start.year:04d}-Q{(start.month + 2) // 3}"
    return f"{start.year:04d}" if kind == "year" else f"{start.year:04d}-{start.month:02d}"


class _Custom:
    """A company's own list of periods."""

    def __init__(self, periods: tuple[CustomPeriod, ...]):
        starts = [day_of(period.start) for period in periods]
        following = [*starts[1:], None]
        self.keys = [period.key for period in periods]
        self.starts = np.array(starts, np.int64)
        ends = [
            after if period.end is None else day_of(period.end)
            for period, after in zip(periods, following, strict=True)
        ]
        if None in ends:
            raise ValueError("the last period of a calendar needs an end")
        self.ends = np.array(ends, np.int64)

    def ordinals(self, days: np.ndarray) -> np.ndarray:
        found = np.searchsorted(self.starts, days, side="right") - 1
        return np.where((found >= 0) & (days < self.ends[found]), found, NO_PERIOD)

    def span(self, ordinal: int) -> tuple[int, int]:
        return int(self.starts[ordinal]), int(self.ends[ordinal]) - 1


@lru_cache(maxsize=32)
def _fiscal(fiscal: Fiscal) -> dict[str, _Custom]:
    """Kept: there are many of these periods, and calendars are made often."""
    return {kind: _Custom(periods) for kind, periods in fiscal_periods(fiscal).items()}


def _month_start(month: int) -> int:
    """First day of a month counted since January 1970."""
    return day_of(date(1970 + month // 12, month % 12 + 1, 1))


def _first_date(kind: str, key: str) -> date:
    if kind == "week":
        return date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
    if kind == "quarter":
        return date(int(key[:4]), int(key[6:]) * 3 - 2, 1)
    suffix = {"year": "-01-01", "month": "-01"}.get(kind, "")
    return date.fromisoformat(key + suffix)
