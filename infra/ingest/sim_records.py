"""Simulated events as records: encoded, mixed with broken ones, and sent to Kafka at a pace."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random

import msgspec

from infra.ingest.produce import Counts, EventProducer, OnProgress
from infra.ingest.routing import topic_of
from infra.ingest.simulate import Event, arrivals
from schemas.plan import Plan

encode = msgspec.json.Encoder(decimal_format="number").encode
#: Records between two looks at the clock while pacing.
_STRIDE = 50
#: Simulated days that pass in a second where nothing else is said about time.
_DAYS_A_SECOND = 0.05


@dataclass(frozen=True)
class Limits:
    """How much is simulated, and how simulated time passes. None: not limited, or derived from the others."""

    #: First simulated day. None: the days end today, so that "the last 30 days" of a page have something in them.
    start: date | None = None
    days: int | None = None
    #: Mean over a simulated week.
    events_per_day: float | None = None
    count: int | None = None
    #: Seconds of real time.
    duration: float | None = None
    #: Simulated seconds that pass in a second.
    speedup: float | None = None
    #: Share of broken records, in addition to the events.
    bad: float = 0.0

    def bounded(self) -> Limits:
        """With an end: 90 days where nothing else ends it."""
        endless = self.days is None and self.count is None and self.duration is None
        return replace(self, days=90) if endless else self

    def settled(self, rate: float | None, today: date) -> Limits:
        """What the others imply filled in, so that the simulated days pass evenly over the run."""
        days, per_day, total = self.days, self.events_per_day, self.count
        if total is None and rate and self.duration:
            total = round(rate * self.duration)
        if per_day is None and rate and self.speedup:
            per_day = rate * 86_400 / self.speedup
        if per_day is None and total is not None:
            days = days or 90
            per_day = max(1.0, total / days)
        if per_day is None and rate and days is None:
            per_day = rate / _DAYS_A_SECOND
        start = self.start or today - timedelta(days=days or 90)
        return replace(self, start=start, days=days, events_per_day=per_day)


UNLIMITED = Limits()


def records(plan: Plan, seed: int, how: Limits) -> Iterator[tuple[int, str, bytes]]:
    """(simulated arrival in ms, event type, JSON) of each record; ``how`` names its start. Pure."""
    if how.start is None:
        raise ValueError("a simulation needs its first day")
    stream = arrivals(plan, seed, how.start, how.days, how.events_per_day)
    if how.count is not None:
        stream = islice(stream, how.count)
    if not how.bad:
        for arrival, event in stream:
            yield arrival, event["type"], encode(event)
        return
    rng = Random(f"broken {seed}")  # its own, so that the events stay the same with and without broken records
    for arrival, event in stream:
        yield arrival, event["type"], encode(event)
        if rng.random() < how.bad:
            yield arrival, event["type"], BREAKAGES[int(rng.random() * len(BREAKAGES))](event)


def _with(event: Event, **changes: object) -> bytes:
    return encode({**event, "id": f"{event['id']}-broken", **changes})


def _data(event: Event, **changes: object) -> bytes:
    return _with(event, data={**event["data"], **changes})


#: Ways in which real systems break their messages; no line breaks, so that a record stays a line of a file.
BREAKAGES: tuple[Callable[[Event], bytes], ...] = (
    lambda event: encode(event)[:-20],
    lambda event: b"\xff\xfe not text",
    lambda event: b"[]",
    lambda event: _with(event, type="no_such_type"),
    lambda event: _with(event, time="yesterday"),
    lambda event: _with(event, time="1900-01-01T00:00:00Z"),
    lambda event: _with(event, data="none"),
    lambda event: _with(event, specversion="0.1"),
    lambda event: _with(event, type="sale", data={"employee": "nobody", "amount": 1, "currency": "XXX"}),
    lambda event: _with(event, type="sale", data={"employee": "E1", "amount": 10}),
    lambda event: _with(event, type="sale", data={"amount": "ten", "currency": "CNY", "employee": "E1"}),
    lambda event: _data(event, employee=17).replace(b'"employee":17', b'"employee":NaN'),
)


class Pace:
    """Holds a stream back to ``rate`` a second (None: no limit), to a simulated clock, to a duration, to a stop."""

    def __init__(self, rate: float | None, duration: float | None, stop: threading.Event, speedup: float | None = None):
        self._rate, self._stop, self._speedup = rate, stop, speedup
        self._begin = time.monotonic()
        self._end = None if duration is None else self._begin + duration
        self._sent, self._first = 0, None

    def go_on(self, arrival: int, idle: Callable[[], None]) -> bool:
        """Wait until the next record is due; False when it is time to end. ``idle`` is called before a wait."""
        self._sent += 1
        if self._first is None:
            self._first = arrival
        if self._rate is not None and self._sent % _STRIDE and self._sent > _STRIDE and self._rate > 10 * _STRIDE:
            return True
        if self._rate is None and self._speedup is None and self._sent % _STRIDE:
            return True
        due = self._due(arrival)
        while not self._stop.is_set():
            now = time.monotonic()
            if self._end is not None and now >= self._end:
                return False
            if now >= due:
                return True
            idle()
            self._stop.wait(min(due - now, 0.2))
        return False

    def _due(self, arrival: int) -> float:
        if self._rate is not None:
            return self._begin + self._sent / self._rate
        if self._speedup is not None:
            return self._begin + (arrival - self._first) / 1000 / self._speedup
        return self._begin


def _today() -> date:
    return datetime.now(UTC).date()


def simulated_lines(plan: Plan, seed: int, rate: float | None, stop: threading.Event, how: Limits) -> Iterator[bytes]:
    """The records' JSON, at ``rate`` a second, until ``stop`` is set or the limits are reached."""
    pace = Pace(rate, how.duration, stop, how.speedup)
    for arrival, _, value in records(plan, seed, how.settled(rate, _today())):
        if not pace.go_on(arrival, lambda: None):
            return
        yield value


def produce_simulation(bootstrap: str, plan: Plan, seed: int = 1, rate: float | None = None,
                       stop: threading.Event | None = None, on_progress: OnProgress | None = None,
                       how: Limits = UNLIMITED) -> Counts:
    """Simulate ``plan``'s company into Kafka until ``stop`` is set or the limits are reached.

    ``rate`` in events a second, None for as fast as it goes. ``on_progress`` gets the running counts every few
    thousand records, at low rates several times a second. Raises ProduceError, and ValueError for a plan without
    employees; returns the final counts.
    """
    pace = Pace(rate, how.duration, stop or threading.Event(), how.speedup)
    with EventProducer(bootstrap, on_progress) as producer:
        stream = records(plan, seed, how.settled(rate, _today()))
        for number, (arrival, kind, value) in enumerate(stream, start=1):
            if not pace.go_on(arrival, producer.poll) or producer.counts.stopped:
                break
            producer.send(topic_of(kind), value, number)
    return producer.counts
