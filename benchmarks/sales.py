"""The benchmark's input: sale events of about 260 bytes, made from arrays of random numbers, the same for a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from confluent_kafka import Producer

from schemas.plan import Plan

START_MS = 1_764_547_200_000  # 2025-12-01 00:00 UTC
DAY_MS = 86_400_000
#: Cents of the tiers in plans/benchmark-tiers.yaml.
TIERS = (20_000_000, 40_000_000, 60_000_000)
LOWEST, HIGHEST = 1_000, 500_000  # cents of a sale
_PIECE = 100_000  # events made into text at a time


@dataclass(frozen=True)
class Workload:
    """What the events are like. ``zipf`` is the exponent of the employees' shares, 0 for equal ones; ``others`` the
    share of events of a type that no KPI counts. Tiers are in cents, sums of a calendar month in UTC.
    """

    events: int
    employees: int = 2_000
    zipf: float = 0.0
    others: float = 0.0
    days: int = 40
    tiers: tuple[int, ...] = TIERS
    seed: int = 7

    @staticmethod
    def spread(events: int, employees: int = 2_000, **more) -> Workload:
        """With tiers that employees reach all along the run: at a quarter, half and three quarters of a mean month.

        Further apart than the largest sale, so that none passes two at once: which of them is then told depends on
        the system.
        """
        workload = Workload(events, employees, **more)
        months = 1 + (workload.days > 31) + (workload.days > 62)
        mean = events * (1 - workload.others) * (LOWEST + HIGHEST) / 2 / employees / months
        tiers = tuple(100 * round(max(mean / 4, HIGHEST) * step / 100) for step in (1, 2, 3))
        return Workload(events, employees, tiers=tiers, **more)


@dataclass
class Columns:
    """The random part of every event, one array a field, in the order of time."""

    employee: np.ndarray
    cents: np.ndarray
    time_ms: np.ndarray
    counts: np.ndarray  # whether the event is a sale
    customer: np.ndarray
    identity: np.ndarray  # uint64, first half of the id

    def id_of(self, number: int) -> str:
        """``id`` of event ``number``."""
        return f"{int(self.identity[number]):016x}{number:08x}"


def columns(workload: Workload) -> Columns:
    """All of a workload's numbers; the same arguments always give the same."""
    dice, count = np.random.Generator(np.random.PCG64(workload.seed)), workload.events
    shares = np.arange(1, workload.employees + 1, dtype=float) ** -workload.zipf
    return Columns(
        employee=np.searchsorted(np.cumsum(shares) / shares.sum(), dice.random(count)).clip(max=workload.employees - 1),
        cents=dice.integers(LOWEST, HIGHEST, count),
        time_ms=START_MS + np.arange(count) * (workload.days * DAY_MS) // max(count, 1),
        counts=dice.random(count) >= workload.others,
        customer=dice.integers(0, 100_000, count),
        identity=dice.integers(0, 1 << 64, count, dtype=np.uint64),
    )


def records(made: Columns) -> Iterator[tuple[list[str], list[bytes]]]:
    """Keys (the employee) and values of the Kafka records, a piece at a time."""
    for first in range(0, len(made.cents), _PIECE):
        piece = slice(first, first + _PIECE)
        times = np.datetime_as_string(made.time_ms[piece].astype("datetime64[ms]")).tolist()
        keys = [f"E{one:06d}" for one in made.employee[piece].tolist()]
        rows = zip(
            range(first, first + len(keys)), keys, made.cents[piece].tolist(), times, made.counts[piece].tolist(),
            made.customer[piece].tolist(), made.identity[piece].tolist(), strict=True,
        )  # fmt: skip
        yield keys, [_text(*row).encode() for row in rows]


def _text(number: int, employee: str, cents: int, time: str, sale: bool, customer: int, identity: int) -> str:
    what = f'"amount":"{cents // 100}.{cents % 100:02d}","currency":"CNY"' if sale else f'"minutes":{cents % 100}'
    kind = "sale" if sale else "visit"
    return (
        f'{{"specversion":"1.0","source":"shop","id":"{identity:016x}{number:08x}","type":"{kind}",'
        f'"time":"{time}Z","subject":"O{number}","data":{{"employee":"{employee}",{what},"customer":"C{customer}",'
        f'"product":"P{cents % 1000:03d}","channel":"store"}}}}'
    )


@dataclass
class Expected:
    """Brute force over the events, one after the other. Keys are (employee, month); amounts in cents."""

    tiers: tuple[int, ...] = TIERS
    events: int = 0
    cents: dict[tuple[str, str], int] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    #: (employee, month, index of the tier) → number of the event that reached it
    reached: dict[tuple[str, str, int], int] = field(default_factory=dict)

    @cached_property
    def sales(self) -> int:
        """Events that count."""
        return sum(self.counts.values())

    def awards(self) -> set[tuple[str, str, int]]:
        """(employee, month, tier index) of every tier that must be reached; sales only add up."""
        return set(self.reached)

    @classmethod
    def of(cls, made: Columns, tiers: tuple[int, ...] = TIERS, order: np.ndarray | None = None) -> Expected:
        """Add everything up, in another ``order`` of the events' numbers where one is given."""
        result = cls(tiers, len(made.cents))
        numbers = np.flatnonzero(made.counts) if order is None else order
        employees, sums = made.employee[numbers].tolist(), made.cents[numbers].tolist()
        months = np.datetime_as_string(made.time_ms[numbers].astype("datetime64[ms]"), unit="M").tolist()
        for number, employee, month, cents in zip(numbers.tolist(), employees, months, sums, strict=True):
            key = f"E{employee:06d}", month
            before = result.cents.get(key, 0)
            result.cents[key] = after = before + cents
            result.counts[key] = result.counts.get(key, 0) + 1
            for tier, bound in enumerate(tiers):
                if before < bound <= after:
                    result.reached[*key, tier] = number
        return result


def plan_of(base: Plan, employees: int, teams: int = 50, tiers: tuple[int, ...] | None = None) -> Plan:
    """``base`` with an organisation of that size: T0… in department D0, employees E000000… of role rep.

    With ``tiers`` (cents) the first award's tiers are those, and months are UTC's, which every peer can tell.
    """
    units = [
        {"id": f"T{team}", "employees": [{"id": f"E{one:06d}", "role": "rep"} for one in range(team, employees, teams)]}
        for team in range(min(teams, employees))
    ]
    organisation = {"company": "benchmark", "departments": [{"id": "D0", "teams": units}]}
    content = base.model_dump(exclude_none=True) | {"organisation": organisation}
    if tiers:
        content["timezone"] = "UTC"
        content["awards"][0]["tiers"] = [{"value": bound // 100} for bound in tiers]
    return Plan.model_validate(content)


def produce(bootstrap: str, topic: str, made: Columns) -> None:
    """Fill ``topic``; lz4, keyed by employee, librdkafka's default partitioner."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "batch.num.messages": 50_000,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    for keys, values in records(made):
        for key, value in zip(keys, values, strict=True):
            producer.produce(topic, value, key)
        producer.poll(0)
        while len(producer) > 800_000:
            producer.poll(0.1)
    if left := producer.flush(120):
        raise RuntimeError(f"{left} records did not reach Kafka")


def produce_sales(
    bootstrap: str, topic: str, count: int, employees: int, seed: int = 7, span_days: int = 20
) -> Expected:
    """Fill ``topic`` with ``count`` sales and say what they must come to."""
    made = columns(Workload(count, employees, days=span_days, seed=seed))
    produce(bootstrap, topic, made)
    return Expected.of(made)
