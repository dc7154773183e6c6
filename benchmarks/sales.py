"""The benchmark's input: sale events of about 260 bytes, and what they must come to."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import dataclass, field

from confluent_kafka import Producer

from schemas.plan import Plan

START_MS = 1_764_547_200_000  # 2025-12-01 00:00 UTC
STEP_MS = 40
TIERS = (20_000_000, 40_000_000, 60_000_000)  # cents


def plan_of(base: Plan, employees: int, teams: int = 50) -> Plan:
    """``base`` with an organisation of that size: T0… in department D0, employees E000000… of role rep."""
    units = [
        {"id": f"T{team}", "employees": [{"id": f"E{one:06d}", "role": "rep"} for one in range(team, employees, teams)]}
        for team in range(min(teams, employees))
    ]
    organisation = {"company": "benchmark", "departments": [{"id": "D0", "teams": units}]}
    return Plan.model_validate(base.model_dump(exclude_none=True) | {"organisation": organisation})


@dataclass
class Expected:
    """Brute force over the events as they are made; cents by employee and month."""

    events: int = 0
    cents: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def awards(self) -> set[tuple[str, str, int]]:
        """(employee, month, tier index) of every tier that must be reached; sales only add up."""
        return {(*key, tier) for key, total in self.cents.items() for tier, bound in enumerate(TIERS) if total >= bound}


def produce_sales(
    bootstrap: str, topic: str, count: int, employees: int, seed: int = 7, span_days: int = 20
) -> Expected:
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
    dice, expected = random.Random(seed), Expected()
    step = span_days * 86_400_000 / count
    for number in range(count):
        employee = f"E{dice.randrange(employees):06d}"
        cents = dice.randrange(1000, 500_000)
        at = START_MS + int(number * step)
        seconds, ms = divmod(at, 1000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        value = (
            f'{{"specversion":"1.0","source":"shop","id":"{dice.getrandbits(64):016x}{number:08x}","type":"sale","time":"{stamp}.{ms:03d}Z",'
            f'"subject":"O{number}","data":{{"employee":"{employee}","amount":"{cents // 100}.{cents % 100:02d}",'
            f'"currency":"CNY",'
            f'"customer":"C{dice.randrange(100_000)}"}}}}'
        )
        producer.produce(topic, value.encode(), key=employee)
        if number % 10_000 == 0:
            producer.poll(0)
        key = employee, stamp[:7]
        expected.cents[key] += cents
        expected.counts[key] += 1
    producer.flush()
    expected.events = count
    return expected
