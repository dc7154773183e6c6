"""Faust as its guide teaches it: an agent that takes one event after the other, a table in RocksDB, a timer."""

import os
import sys

import faust
import orjson

TIERS = [int(tier) for tier in os.environ["BENCH_TIERS"].split(",")]
app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_BROKER']}",
    store="rocksdb://?driver=rocksdict",
    datadir=os.environ["BENCH_STATE"],
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    topic_allow_declare=True,
)


class Data(faust.Record):
    employee: str
    amount: str = "0"


class Event(faust.Record, serializer="json"):
    id: str
    type: str
    time: str
    data: Data


sales = app.topic(os.environ["BENCH_TOPIC"], value_type=Event)
awards = app.topic(os.environ["BENCH_AWARDS"])
totals = app.Table("totals", partitions=int(os.environ["BENCH_PARTITIONS"]), default=lambda: [0, 0])
changed: dict[str, tuple[int, int]] = {}


@app.agent(sales)
async def aggregate(stream):
    """Sum and count by employee and month, and the tiers that an event reaches."""
    async for event in stream:
        if event.type != "sale":
            continue
        month = event.time[:7]
        key = f"{event.data.employee}|{month}"
        before, count = totals[key]
        after = before + int(event.data.amount.replace(".", ""))
        totals[key] = [after, count + 1]
        changed[key] = (after, count + 1)
        for tier in TIERS:
            if before < tier <= after:
                award = {"employee": event.data.employee, "month": month, "tier": tier, "event": event.id}
                await awards.send(key=event.data.employee, value=award)


@app.timer(1.0)
async def upsert():
    """What changed in the last second, to ClickHouse."""
    rows = []
    while changed:
        key, (cents, count) = changed.popitem()
        employee, month = key.split("|")
        rows.append({"employee": employee, "month": month, "cents": cents, "count": count})
    if rows:
        body = b"\n".join(map(orjson.dumps, rows))
        async with app.http_client.post(os.environ["BENCH_INSERT"], data=body) as answer:
            answer.raise_for_status()


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "--loglevel", "warn", "--without-web"]
    app.main()
