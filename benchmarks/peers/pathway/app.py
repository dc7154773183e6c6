"""Pathway: group-bys on its Rust engine; changes of the aggregates as retractions and additions, once a second."""

import os

import pathway as pw

TIERS = [int(tier) for tier in os.environ["BENCH_TIERS"].split(",")]
KAFKA = {"bootstrap.servers": os.environ["BENCH_BROKER"]}


class Event(pw.Schema):
    """What the job needs of an event."""

    type: str
    time: str
    employee: str
    amount: str


events = pw.io.kafka.read(
    KAFKA | {"group.id": os.environ["BENCH_GROUP"], "auto.offset.reset": "earliest"},
    topic=os.environ["BENCH_TOPIC"],
    format="json",
    schema=Event,
    json_field_paths={"employee": "/data/employee", "amount": "/data/amount"},
    autocommit_duration_ms=1000,
)
sales = events.filter(events.type == "sale")
rows = sales.select(
    sales.employee, month=sales.time.str.slice(0, 7), cents=sales.amount.str.replace(".", "").str.parse_int()
)
sums = rows.groupby(rows.employee, rows.month).reduce(
    rows.employee, rows.month, cents=pw.reducers.sum(rows.cents), count=pw.reducers.count()
)
pw.io.kafka.write(sums, KAFKA, topic_name=os.environ["BENCH_KPIS"], format="json")
reached = sums.select(
    sums.employee,
    sums.month,
    tier=pw.apply_with_type(lambda cents: tuple(tier for tier in TIERS if cents >= tier), tuple[int, ...], sums.cents),
).flatten(pw.this.tier)
awards = reached.groupby(reached.employee, reached.month, reached.tier).reduce(
    reached.employee, reached.month, reached.tier
)
pw.io.kafka.write(awards, KAFKA, topic_name=os.environ["BENCH_AWARDS"], format="json")
if __name__ == "__main__":
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
