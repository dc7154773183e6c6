"""What the dashboard shows, row by row: titles, units and PromQL.

Every query returns series on a pipeline that runs; what shows nothing until something fails says so by
``or vector(0)``. Groups are recognised by their stage, as in infra/prometheus/rules.yml.
"""

from __future__ import annotations

from dataclasses import dataclass

_OURS = '{consumergroup=~".+-(intake|crediting|performance|rollups|sink|alerts)"}'
#: kpistream-crediting → crediting
_STAGE = '"stage", "$1", "consumergroup", ".+-(.+)"'


@dataclass(frozen=True)
class Query:
    """PromQL and how its series are named."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """``kind`` is stat (the newest value, red from ``red`` on) or timeseries."""

    title: str
    help: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    red: float | None = None


def _stat(title: str, help: str, expr: str, unit: str = "short", red: float | None = None) -> Panel:
    return Panel(title, help, (Query(expr),), unit, "stat", 4, red)


def _percentile(metric: str, by: str = "") -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile(0.95, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))"


def _by_stage(metric: str, how: str = "sum") -> str:
    return f"{how} by (stage) (label_replace({metric}{_OURS}, {_STAGE}))"


OVERVIEW = (
    _stat("Events per second", "What intake reads", "sum(rate(kpistream_events_total[$__rate_interval]))", "cps"),
    _stat("Records behind", "All stages together", f"sum(kafka_consumergroup_lag_sum{_OURS})", red=10_000),
    _stat("Longest wait", "Age of the oldest record that a stage has yet to commit",
          f"max(kpistream_consumergroup_lag_seconds{_OURS})", "s", red=60),
    _stat("Dead letters", "In the last hour",
          'sum(delta(kafka_topic_partition_current_offset{topic="dead-letters"}[1h]))', red=1),
    _stat("Awards", "Seen since the workers started, without those taken back",
          'sum(kpistream_awards_total{state!="revoked"})'),
    _stat("Processes down", "Of those that Prometheus scrapes", 'sum(up{job=~"kpistream-.+"} == bool 0)', red=1),
)  # fmt: skip

LAG = (
    Panel("Records behind", "Not committed yet, by stage",
          (Query(_by_stage("kafka_consumergroup_lag_sum"), "{{stage}}"),)),
    Panel("Records behind by partition", "Of the stages' input; -1: nothing committed yet",
          (Query('kafka_consumergroup_lag{consumergroup=~".+-(intake|crediting|performance|rollups)"}',
                 "{{consumergroup}} {{topic}}/{{partition}}"),)),
    Panel("Members by group", "0: nobody reads",
          (Query(_by_stage("kafka_consumergroup_members"), "{{stage}}"),)),
    Panel("Processes up", "1 while a process answers Prometheus",
          (Query('up{job=~"kpistream-.+"}', "{{job}} {{instance}}"),)),
)  # fmt: skip

THROUGHPUT = (
    Panel("Records per second", "Folded, by stage",
          (Query("sum by (stage) (rate(kpistream_records_total[$__rate_interval]))", "{{stage}}"),), "cps"),
    Panel("Events per second", "Read by intake, and those that were valid",
          (Query("sum(rate(kpistream_events_total[$__rate_interval]))", "in"),
           Query("sum(rate(kpistream_facts_total[$__rate_interval]))", "valid")), "cps"),
    Panel("Time to fold a batch", "95 % are faster",
          (Query(_percentile("kpistream_fold_seconds", "stage"), "{{stage}}"),), "s"),
    Panel("Rows into ClickHouse per second", "By table",
          (Query("sum by (table) (rate(kpistream_sink_rows_total[$__rate_interval]))", "{{table}}"),), "cps"),
)  # fmt: skip

FRESHNESS = (
    Panel("Seconds behind", "Age of the oldest record a stage has not committed; the sink's is the tables' age",
          (Query(_by_stage("kpistream_consumergroup_lag_seconds", "max"), "{{stage}}"),), "s"),
    Panel("Time to load", "Of one flush to ClickHouse, 95 % are faster",
          (Query(_percentile("kpistream_sink_flush_seconds"), "flush"),), "s"),
)  # fmt: skip

DEAD_LETTERS = (
    Panel("Dead letters", "In five minutes, by the topic's offsets",
          (Query('sum(delta(kafka_topic_partition_current_offset{topic="dead-letters"}[5m]))', "dead letters"),)),
    Panel("Dead letters by reason", "Since the workers started",
          (Query("sum by (stage, reason) (kpistream_dead_letters_total)", "{{stage}}: {{reason}}"),)),
)  # fmt: skip

CHECKPOINTS = (
    Panel("Age of the newest checkpoint", "Of the partition with the oldest one; grows while a stage is idle",
          (Query("max by (stage) (kpistream_checkpoint_age_seconds)", "{{stage}}"),), "s"),
    Panel("Time to store a checkpoint", "95 % are faster",
          (Query(_percentile("kpistream_checkpoint_seconds", "stage"), "{{stage}}"),), "s"),
    Panel("Failures against ClickHouse", "Per second: inserts of the sink, checkpoints, and whether it answers",
          (Query("sum(rate(kpistream_sink_failures_total[$__rate_interval]))", "inserts"),
           Query("sum(rate(kpistream_checkpoint_failures_total[$__rate_interval])) or vector(0)", "checkpoints"),
           Query("1 - max(kpistream_lag_exporter_clickhouse_up)", "away (1)"))),
    Panel("State rows not stored yet", "Held in memory until the next checkpoint",
          (Query("sum by (stage) (kpistream_unsaved_state_rows)", "{{stage}}"),)),
)  # fmt: skip

AWARDS = (
    Panel("Awards by state", "Announcements since the workers started",
          (Query("sum by (state) (kpistream_awards_total)", "{{state}}"),)),
    Panel("Awards by rule", "Announcements since the workers started",
          (Query("sum by (rule) (kpistream_awards_total)", "{{rule}}"),)),
)  # fmt: skip

ALERTS = (
    Panel("Alerts", "Since the process started, by channel and what became of them",
          (Query("sum by (channel, status) (kpistream_alerts_total)", "{{channel}}: {{status}}"),)),
    Panel("Oldest alert not delivered", "By channel; 0: all are",
          (Query("max by (channel) (kpistream_alerts_oldest_pending_seconds)", "{{channel}}"),), "s"),
)  # fmt: skip

RECONCILIATION = (
    Panel("Values that differ", "From a recomputation from the credits, by KPI and level; anything but 0 is a fault",
          (Query("sum by (kpi, level) (kpistream_reconcile_differences)", "{{kpi}} {{level}}"),)),
    Panel("Drift", "Streamed less recomputed, of each value that differs",
          (Query("kpistream_reconcile_drift or vector(0)", "{{kpi}} {{level}} {{entity}} {{period}}"),)),
)  # fmt: skip

ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    ("Overview", OVERVIEW),
    ("Lag", LAG),
    ("Throughput", THROUGHPUT),
    ("Freshness", FRESHNESS),
    ("Dead letters", DEAD_LETTERS),
    ("Checkpoints", CHECKPOINTS),
    ("Awards", AWARDS),
    ("Alerts", ALERTS),
    ("Reconciliation", RECONCILIATION),
)
