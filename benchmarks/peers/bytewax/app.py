"""Bytewax: a dataflow with a stateful step by key, batches of a second to ClickHouse, awards to Kafka."""

import os
import urllib.request
from datetime import timedelta

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition

TIERS = [int(tier) for tier in os.environ["BENCH_TIERS"].split(",")]
BROKERS = [os.environ["BENCH_BROKER"]]


class _Insert(StatelessSinkPartition):
    def write_batch(self, items) -> None:
        last = {(row["employee"], row["month"]): row for _, rows in items for row in rows}
        body = b"\n".join(map(orjson.dumps, last.values()))
        urllib.request.urlopen(os.environ["BENCH_INSERT"], data=body).read()


class ClickHouseSink(DynamicSink):
    """Inserts the last value of each key in a batch."""

    def build(self, step_id, worker_index, worker_count) -> _Insert:
        return _Insert()


def parse(message):
    """(employee, event) of a sale, nothing of other events."""
    event = orjson.loads(message.value)
    return [(event["data"]["employee"], event)] if event["type"] == "sale" else []


def step(months, event):
    """Add one sale to its month."""
    months = months or {}
    employee, month = event["data"]["employee"], event["time"][:7]
    before, count = months.get(month, (0, 0))
    after = before + int(event["data"]["amount"].replace(".", ""))
    months[month] = (after, count + 1)
    rows = [{"employee": employee, "month": month, "cents": after, "count": count + 1}]
    rows += [
        {"employee": employee, "month": month, "tier": tier, "event": event["id"]}
        for tier in TIERS
        if before < tier <= after
    ]
    return months, rows


flow = Dataflow("peer")
messages = kafka.input("in", flow, brokers=BROKERS, topics=[os.environ["BENCH_TOPIC"]], batch_size=10_000)
sums = op.stateful_flat_map("sums", op.flat_map("parse", messages.oks, parse), step)
parts = op.branch("awards or sums", sums, lambda item: "tier" in item[1])
awards = op.map("message", parts.trues, lambda item: KafkaSinkMessage(item[0].encode(), orjson.dumps(item[1])))
kafka.output("out", awards, brokers=BROKERS, topic=os.environ["BENCH_AWARDS"])
rows = op.map("row", parts.falses, lambda item: (str(hash(item[0]) % 2), item[1]))
op.output("insert", op.collect("second", rows, timeout=timedelta(seconds=1), max_size=500_000), ClickHouseSink())
