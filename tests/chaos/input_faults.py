"""Input that no business system should send."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

from confluent_kafka import Producer

from tests.chaos.expected import MAX_EVENT_BYTES
from tests.chaos.traffic import EMPLOYEES, TOPIC
from tests.chaos.world import World


def aborted_transactions(world: World, dice: Random, seconds: float) -> str:
    """A third of the traffic comes in transactions that are given up."""
    world.stop_traffic()
    world.start_traffic("--abort", "0.33")
    world.tend(seconds)
    said = world.stop_traffic()
    world.start_traffic()
    world.tend(4)  # records after the last markers, or nobody could be level with the end
    aborted = said.partition("aborted ")[2].split(" ")[0]
    return f"{aborted} transactions given up" if aborted.isdigit() and int(aborted) else ""


def poisoned_topic(world: World, dice: Random, seconds: float) -> str:
    """What no business system should send: random bytes, other JSON, tombstones, far too large records."""
    producer = Producer({"bootstrap.servers": world.stack.kafka.bootstrap, "message.max.bytes": 4 << 20})
    sent = 0
    for _ in range(5):
        for poison in (
            dice.randbytes(200), b"", b"{}", b"[]", b"null", b'{"type":"sale"', b"\xff\xfe{}", b'"' + b"x" * 1000,
            b"[" * 100_000, b'{"type": 1e999}', b"0" * (MAX_EVENT_BYTES + 1), None,
        ):  # fmt: skip
            producer.produce(TOPIC, poison, key=b"poison")
            sent += 1
        producer.flush(30)
        world.tend(seconds / 5)
    return f"{sent} records that are no events"


def far_past_and_future(world: World, dice: Random, seconds: float) -> str:
    """Sales of long ago count in their own month; what is more than 48 hours ahead, or no date, is refused."""
    producer = Producer({"bootstrap.servers": world.stack.kafka.bootstrap})
    now, sent = datetime.now(UTC), 0
    for _ in range(5):
        for when in (
            "1066-10-14T09:00:00Z", "1989-12-31T23:59:59Z", "1990-01-01T00:00:00Z", "1989-12-31T23:59:59-14:00",
            "2000-02-29T12:00:00-12:00", "2099-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z",
            "2023-02-29T12:00:00Z", "yesterday",
            (now + timedelta(hours=47)).isoformat(), (now + timedelta(hours=49)).isoformat(),
        ):  # fmt: skip
            sale = {"employee": f"E{dice.randrange(EMPLOYEES)}", "amount": "2100.00", "currency": "CNY"}
            event = {"specversion": "1.0", "source": "chaos", "id": f"{world.seed}-far-{sent}", "type": "sale"}
            producer.produce(TOPIC, json.dumps(event | {"time": when, "data": sale}))
            sent += 1
        producer.flush(30)
        world.tend(seconds / 5)
    return f"{sent} sales of other times"
