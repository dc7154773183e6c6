"""Quix Streams: a streaming dataframe with state in RocksDB and its changelog, a batching sink for the aggregates."""

import os
import urllib.request

import orjson
from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch

TIERS = [int(tier) for tier in os.environ["BENCH_TIERS"].split(",")]


class ClickHouseSink(BatchingSink):
    """The last value of each key in a batch; a batch ends with each commit."""

    def write(self, batch: SinkBatch) -> None:
        last = {(item.value["employee"], item.value["month"]): item.value for item in batch}
        body = b"\n".join(map(orjson.dumps, last.values()))
        urllib.request.urlopen(os.environ["BENCH_INSERT"], data=body).read()


def step(event: dict, state) -> dict:
    """Add one sale to its month."""
    data, month = event["data"], event["time"][:7]
    before, count = state.get(month, (0, 0))
    after = before + int(data["amount"].replace(".", ""))
    state.set(month, (after, count + 1))
    return {
        "employee": data["employee"], "month": month, "cents": after, "count": count + 1, "event": event["id"],
        "reached": [tier for tier in TIERS if before < tier <= after],
    }  # fmt: skip


app = Application(
    broker_address=os.environ["BENCH_BROKER"],
    consumer_group=os.environ["BENCH_GROUP"],
    auto_offset_reset="earliest",
    processing_guarantee="at-least-once",
    commit_interval=1.0,
    state_dir=os.environ["BENCH_STATE"],
    loglevel="WARNING",
)
sales = app.topic(os.environ["BENCH_TOPIC"], key_deserializer="str", value_deserializer="json")
awards = app.topic(os.environ["BENCH_AWARDS"], key_serializer="str", value_serializer="json")

sums = app.dataframe(sales).filter(lambda event: event["type"] == "sale").apply(step, stateful=True)
sums.filter(lambda row: row["reached"]).apply(
    lambda row: [
        {"employee": row["employee"], "month": row["month"], "tier": tier, "event": row["event"]}
        for tier in row["reached"]
    ],
    expand=True,
).to_topic(awards, key=lambda award: award["employee"])
sums.apply(lambda row: {name: row[name] for name in ("employee", "month", "cents", "count")}).sink(ClickHouseSink())

if __name__ == "__main__":
    app.run()
