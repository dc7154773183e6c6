"""Every Prometheus metric of kpistream, declared once."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_STAGE = ("stage",)
_PARTITION = ("stage", "topic", "partition")

RECORDS = Counter("kpistream_records_total", "Kafka records folded", _PARTITION)
FOLD_SECONDS = Histogram(
    "kpistream_fold_seconds",
    "Time to fold one record batch",
    _STAGE,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
BATCH_RECORDS = Histogram(
    "kpistream_batch_records",
    "Records in one record batch",
    _STAGE,
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000),
)
PRODUCED = Counter("kpistream_produced_records_total", "Records acknowledged by Kafka", ("stage", "topic"))
PRODUCE_RETRIES = Counter("kpistream_produce_retries_total", "Sends that failed and were tried again", _STAGE)
NEXT_OFFSET = Gauge("kpistream_next_offset", "Offset the stage folds next", _PARTITION)
LAG = Gauge("kpistream_lag_records", "Records in the topic not folded, or stored, yet", _PARTITION)
CHECKPOINT_OFFSET = Gauge("kpistream_checkpoint_offset", "Next offset of the newest stored checkpoint", _PARTITION)
CHECKPOINT_TIME = Gauge("kpistream_checkpoint_timestamp_seconds", "When the newest checkpoint was stored", _STAGE)
CHECKPOINT_SECONDS = Histogram("kpistream_checkpoint_seconds", "Time to store one checkpoint", _STAGE)
CHECKPOINT_FAILURES = Counter("kpistream_checkpoint_failures_total", "Checkpoints that could not be stored", _STAGE)
UNSAVED_ROWS = Gauge("kpistream_unsaved_state_rows", "State rows waiting for a checkpoint", _STAGE)
ASSIGNED = Gauge("kpistream_assigned_partitions", "Partitions this process owns", _STAGE)
EVENTS = Counter("kpistream_events_total", "Events read from business topics")
FACTS = Counter("kpistream_facts_total", "Valid events passed on by intake")
DEAD_LETTERS = Counter("kpistream_dead_letters_total", "Records sent to dead letters", ("stage", "reason"))
AWARDS = Counter("kpistream_awards_total", "Awards seen on the awards topic", ("rule", "state"))
SINK_ROWS = Counter("kpistream_sink_rows_total", "Rows inserted into ClickHouse", ("table",))
SINK_SECONDS = Histogram("kpistream_sink_flush_seconds", "Time of one flush to ClickHouse")
SINK_FAILURES = Counter("kpistream_sink_failures_total", "Inserts that failed and were tried again")
ALERTS = Counter(
    "kpistream_alerts_total", "Alerts by what became of them; failed counts attempts", ("channel", "status")
)
ALERTS_PENDING = Gauge("kpistream_alerts_pending", "Alerts that are not delivered yet", ("channel",))
ALERTS_AGE = Gauge("kpistream_alerts_oldest_pending_seconds", "Age of the oldest undelivered alert", ("channel",))
ALERT_FAILURES_IN_A_ROW = Gauge(
    "kpistream_alerts_failures_in_a_row", "Failed attempts since a channel last worked", ("channel",)
)
ALERT_SECONDS = Histogram("kpistream_alert_attempt_seconds", "Time of one attempt at delivery", ("channel",))
ALERT_DELAY = Histogram(
    "kpistream_alert_delay_seconds",
    "From the award in Kafka to its accepted alert",
    ("channel",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 3600, 86400),
)
ALERTS_UNREADABLE = Counter("kpistream_alerts_unreadable_total", "Records of awards that are no award")


def given_up(stage: str, topic: str, partition: int) -> None:
    """The partition is another process's now: what stood here would contradict what that one says from now on."""
    for gauge in (NEXT_OFFSET, LAG, CHECKPOINT_OFFSET):
        gauge.remove(stage, topic, partition)
