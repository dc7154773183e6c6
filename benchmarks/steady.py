"""Rates in the middle of a run, the same way for every system: from what its outputs say was counted by when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: The part of a run that counts, as shares of its events: processes are warm, and the end is not in it.
WINDOW = (0.4, 0.9)
#: Fewest points within the window for a rate.
_POINTS = 3
#: Outputs come in bursts: what came within so many ms is one point, at its end.
_BURST_MS = 500

#: (ms since the epoch, what was reached by then), ascending
Series = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Steady:
    """What the middle of a run says; None where the run was too short to say it."""

    events_per_second: float | None = None
    cpu_us_per_event: float | None = None


def counted(rows: Iterable[tuple[float, object, int]]) -> list[tuple[float, int]]:
    """Events counted by when, from (ms, key, count): each row says anew how many one key has. Rows come in order."""
    last: dict[object, int] = {}
    total, series = 0, []
    for at, key, count in rows:
        total += count - last.get(key, 0)
        last[key] = count
        if series and series[-1][0] == at:
            series[-1] = at, total
        else:
            series.append((at, total))
    return series


def steady(events: Series, cpu: Series, window: tuple[float, float] = WINDOW) -> Steady:
    """Rate, and CPU per event (``cpu`` in seconds), between the first and the last point within the window."""
    if not events:
        return Steady()
    whole = events[-1][1]
    inside = [point for point in bursts(events) if window[0] * whole <= point[1] <= window[1] * whole]
    if len(inside) < _POINTS:
        return Steady()
    (began, first), (ended, last) = inside[0], inside[-1]
    used = at(cpu, ended) - at(cpu, began) if cpu else 0.0
    return Steady((last - first) / (ended - began) * 1000, used / (last - first) * 1e6 if used else None)


def bursts(series: Series) -> list[tuple[float, float]]:
    """The last point of each burst."""
    ends: list[tuple[float, float]] = []
    began = float("-inf")
    for when, value in series:
        if when - began < _BURST_MS:
            ends[-1] = when, value
        else:
            began = when
            ends.append((when, value))
    return ends


def at(series: Series, when: float) -> float:
    """The value at a moment, between two points in proportion."""
    place = bisect_left(series, when, key=lambda point: point[0])
    if place == 0:
        return series[0][1]
    if place == len(series):
        return series[-1][1]
    (t0, v0), (t1, v1) = series[place - 1], series[place]
    return v0 + (v1 - v0) * (when - t0) / (t1 - t0)
