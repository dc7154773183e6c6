"""A simulated company: a deterministic stream of events for a seed, in the order in which they arrive.

Sales with log-normal amounts and now and then a split, refunds of some of them days later, tickets, complaints,
survey answers that follow a person's quality, deliveries, defects, leads, visits, trainings; some events arrive
late, some twice. No clock, no global randomness: the same arguments give the same events.
"""
from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from infra.ingest.sim_clock import DAY_MS, events_of_day, midnight_ms, times_of_day
from infra.ingest.sim_events import Event, EventMaker
from infra.ingest.sim_people import activity_table, people_of, typical_sale
from schemas.plan import Plan


@dataclass(frozen=True, slots=True)
class Shares:
    """How often things go other than straight."""

    refund: float = 0.03
    split: float = 0.02
    late: float = 0.02
    duplicate: float = 0.01


USUAL = Shares()


def simulate(plan: Plan, seed: int, start: date, days: int | None = None, events_per_day: float | None = None,
             shares: Shares = USUAL) -> Iterator[Event]:
    """CloudEvents of the people of ``plan``, from ``start`` for ``days`` days (None: without end).

    ``events_per_day`` defaults to 8 for every employee. Raises ValueError where the plan has no employees.
    """
    return (event for _, event in arrivals(plan, seed, start, days, events_per_day, shares))


def arrivals(plan: Plan, seed: int, start: date, days: int | None = None, events_per_day: float | None = None,
             shares: Shares = USUAL) -> Iterator[tuple[int, Event]]:
    """As ``simulate``, each event with the simulated time (ms) at which it arrives, ascending."""
    company = _Company(plan, seed, start, events_per_day, shares)
    return company.run(start, days)


class _Company:
    """One run. Events that arrive later than they are made wait in a heap, ordered by arrival."""

    def __init__(self, plan: Plan, seed: int, start: date, events_per_day: float | None, shares: Shares):
        self.rng = Random(seed)
        self.people = people_of(plan, self.rng)
        if not self.people:
            raise ValueError("the plan's organisation has no employees to simulate")
        self.events_per_day = 8.0 * len(self.people) if events_per_day is None else events_per_day
        self.choices, self.sums = activity_table(self.people)
        self.zone, self.shares = ZoneInfo(plan.timezone), shares
        sellers = sum("sale" in person.activities for person in self.people)
        median = typical_sale(plan, self._sales_a_day() / sellers if sellers else 0.0)
        customers = max(50, len(self.people) * 4)
        maker = EventMaker(plan, f"/simulator/{start:%Y%m%d}-{seed}", self.rng, median, customers,
                           shares.split, shares.refund, self._refunded)
        self.make = {kind: maker.maker(kind) for kind in dict.fromkeys(kind for _, kind in self.choices)}
        self.waiting: list[tuple[int, int, Event]] = []
        self.order = count()
        self.end: float = math.inf

    def _sales_a_day(self) -> float:
        share, before = 0.0, 0.0
        for (_, kind), upto in zip(self.choices, self.sums, strict=True):
            share += upto - before if kind == "sale" else 0.0
            before = upto
        return share * self.events_per_day

    def run(self, start: date, days: int | None) -> Iterator[tuple[int, Event]]:
        """Events with their arrival; what is still to arrive after the last day comes at the end."""
        self.end = math.inf if days is None else midnight_ms(start + timedelta(days=days), self.zone)
        waiting, draw, choices, sums, make = self.waiting, self.rng.random, self.choices, self.sums, self.make
        last, late, twice = len(choices) - 1, self.shares.late, self.shares.late + self.shares.duplicate
        for number in count() if days is None else range(days):
            day = start + timedelta(days=number)
            for now in times_of_day(day, self.zone, events_of_day(day, self.events_per_day), self.rng):
                while waiting and waiting[0][0] <= now:
                    arrival, _, event = heappop(waiting)
                    yield arrival, event
                person, kind = choices[min(bisect_right(sums, draw()), last)]
                event = make[kind](person, now)
                chance = draw()
                if chance < late:
                    self._later(now + self._delay(8 * 3_600_000, 5 * DAY_MS), event)
                    continue
                yield now, event
                if chance < twice:
                    self._later(now + self._delay(1_800_000, DAY_MS), event)
        while waiting:
            arrival, _, event = heappop(waiting)
            yield arrival, event

    def _refunded(self, when: int, event: Event) -> None:
        """Refunds after the last simulated day are not waited for."""
        if when < self.end:
            self._later(when, event)

    def _later(self, arrival: int, event: Event) -> None:
        heappush(self.waiting, (arrival, next(self.order), event))

    def _delay(self, mean: int, most: int) -> int:
        return min(most, 1000 + int(-mean * math.log(1.0 - self.rng.random())))
