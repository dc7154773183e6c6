"""Business events without end: ``python -m tests.chaos.traffic BOOTSTRAP --rate 400 --seed 7``, until SIGTERM.

Sales of employees E0 to E199 in three months, others for each of ten seeds;
some refunded, some refunds ahead of their sale, some records twice.
With ``--abort`` they come in transactions, of which that share is given up.
"""

from __future__ import annotations

import json
import signal
import time
from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Iterator
from random import Random

from confluent_kafka import Producer

TOPIC = "events.sales"
EMPLOYEES = 200
_BATCH_SECONDS = 0.05


def months(seed: int) -> tuple[str, ...]:
    """The months that the events of a seed lie in: of another year than those of the nine before it."""
    return tuple(f"{2017 + seed % 10}-0{month}" for month in (3, 4, 5))


def events(seed: int) -> Iterator[bytes]:
    """Records in the order they are sent."""
    dice, within = Random(seed), months(seed)
    recent: deque[bytes] = deque(maxlen=500)
    number = 0
    while True:
        number += 1
        when = f"{dice.choice(within)}-{dice.randint(1, 28):02d}T{dice.randint(0, 23):02d}:30:00Z"
        cents = dice.randint(1_000, 50_000)
        id = f"{seed}-{number}"
        sale = _event("sale", id, when, cents, employee=f"E{dice.randrange(EMPLOYEES)}")
        refund = None
        if dice.random() < 0.06:
            refund = _event("refund", f"{id}-back", when, dice.choice([cents, cents // 2]), sale_id=id)
        sent = [one for one in (sale, refund) if one is not None]
        if refund and dice.random() < 0.2:
            sent.reverse()
        if recent and dice.random() < 0.04:
            sent.append(dice.choice(recent))
        recent.extend(sent)
        yield from sent


def _event(type: str, id: str, when: str, cents: int, **more: str) -> bytes:
    data = {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": "CNY"} | more
    event = {"specversion": "1.0", "source": "chaos", "id": id, "type": type, "time": when, "data": data}
    return json.dumps(event).encode()


def main(options: Namespace) -> None:
    """Send until told to end, then until everything sent is acknowledged; says how many transactions were given up."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    settings = {
        "bootstrap.servers": options.bootstrap, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 5,
        "message.timeout.ms": 60_000 if options.abort else 300_000, "partitioner": "random",
    }  # fmt: skip
    if options.abort:
        settings["transactional.id"] = f"chaos-{options.seed}"
    producer = Producer(settings)
    if options.abort:
        producer.init_transactions(60)
    records, dice, aborted = events(options.seed), Random(options.seed), 0
    started, sent = time.monotonic(), 0
    while going:
        due = int((time.monotonic() - started) * options.rate) - sent
        if options.abort:
            producer.begin_transaction()
        for _ in range(due):
            producer.produce(TOPIC, next(records))
        sent += due
        if not options.abort:
            producer.poll(0)
        elif dice.random() < options.abort:
            producer.flush(60)  # what was never sent leaves no trace in the log
            producer.abort_transaction(60)
            aborted += 1
        else:
            producer.commit_transaction(60)
        time.sleep(_BATCH_SECONDS)
    left = producer.flush(120)
    print(f"sent {sent} aborted {aborted} left {left}", flush=True)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("--rate", type=float, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--abort", type=float, default=0.0)
    main(parser.parse_args())
