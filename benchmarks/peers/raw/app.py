"""The ceiling: one Python process that only reads, ``aiokafka getmany``, and with ``msgspec`` decodes and adds up.

No awards, no output, no state that survives. What came when is written to a file: nobody could tell otherwise.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer


class Data(msgspec.Struct):
    employee: str
    amount: str = ""


class Event(msgspec.Struct):
    id: str
    type: str
    time: str
    data: Data


async def main(add_up: bool, events: int) -> None:
    """Read ``events`` records."""
    decode = msgspec.json.Decoder(Event).decode
    totals: dict[tuple[str, str], list[int]] = {}
    consumer = AIOKafkaConsumer(
        os.environ["BENCH_TOPIC"],
        bootstrap_servers=os.environ["BENCH_BROKER"],
        group_id=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
    )
    await consumer.start()
    seen, series = 0, []
    while seen < events:
        for records in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
            if add_up:
                for record in records:
                    event = decode(record.value)
                    if event.type == "sale":
                        key = event.data.employee, event.time[:7]
                        cents = int(event.data.amount.replace(".", ""))
                        if (total := totals.get(key)) is None:
                            totals[key] = [cents, 1]
                        else:
                            total[0] += cents
                            total[1] += 1
            seen += len(records)
        series.append((time.time() * 1000, seen))
    await consumer.stop()
    part = Path(os.environ["BENCH_RESULT"]).with_suffix(".part")
    sums = [[*key, *total] for key, total in totals.items()]
    part.write_text(json.dumps({"series": series, "totals": sums if add_up else None}))
    part.rename(os.environ["BENCH_RESULT"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] == "msgspec", int(os.environ["BENCH_EVENTS"])))
