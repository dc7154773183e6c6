"""Simulated time: the shape of a working week and day, and times as text."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()
#: Events by weekday, Monday first, and by hour of the day; only the proportions matter.
_WEEK = (1.1, 1.15, 1.1, 1.05, 1.1, 0.45, 0.25)
_HOURS = (1, 1, 1, 1, 1, 2, 5, 15, 50, 90, 100, 90, 50, 70, 95, 100, 90, 70, 40, 25, 15, 8, 4, 2)
_STEPS = 4096


def _quantiles() -> list[int]:
    """ms of the day below which 0, 1, … of _STEPS parts of a day's events lie."""
    total, reached, table = sum(_HOURS), 0.0, []
    for hour, weight in enumerate(_HOURS):
        while len(table) < _STEPS and len(table) / _STEPS < (reached + weight) / total:
            inside = (len(table) / _STEPS * total - reached) / weight
            table.append(int((hour + inside) * 3_600_000))
        reached += weight
    return [*table, DAY_MS - 1]


_QUANTILES = _quantiles()


def events_of_day(day: date, events_per_day: float) -> int:
    """How many events ``day`` has; ``events_per_day`` is the mean over a week."""
    return round(events_per_day * _WEEK[day.weekday()] * 7 / sum(_WEEK))


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """When the local day begins, in ms since the epoch."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight - _EPOCH) // timedelta(milliseconds=1)


def times_of_day(day: date, zone: ZoneInfo, count: int, rng: Random) -> list[int]:
    """``count`` times of the local day, ascending, in ms since the epoch."""
    draw, base, table, times = rng.random, midnight_ms(day, zone), _QUANTILES, []
    for place in sorted([draw() * _STEPS for _ in range(count)]):
        step = int(place)
        low = table[step]
        times.append(base + low + int((place - step) * (table[step + 1] - low)))
    return times


class TimeText:
    """ms since the epoch as RFC 3339 in UTC; keeps the date of the last call, as neighbours mostly share it."""

    def __init__(self) -> None:
        self._day, self._date = -1, ""

    def __call__(self, ms: int) -> str:
        """The text of one time."""
        day, rest = divmod(ms, DAY_MS)
        if day != self._day:
            self._day, self._date = day, (_EPOCH_DAY + timedelta(days=day)).isoformat()
        seconds, ms = divmod(rest, 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{self._date}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z"
