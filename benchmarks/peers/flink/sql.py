"""Flink SQL: a grouped sum in mini-batches, and a running sum by which awards are found; argument: connector's jar."""

import os
import sys

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

TIERS = ", ".join(f"CAST({tier} AS BIGINT)" for tier in os.environ["BENCH_TIERS"].split(","))
BROKER = f"'properties.bootstrap.servers' = '{os.environ['BENCH_BROKER']}'"
STATEMENTS = (
    f"""CREATE TABLE events (id STRING, type STRING, `time` STRING, data ROW<employee STRING, amount DECIMAL(18, 2)>,
        employee AS data.employee, cents AS CAST(data.amount * 100 AS BIGINT), `month` AS SUBSTRING(`time`, 1, 7),
        processed AS PROCTIME())
    WITH ('connector' = 'kafka', 'topic' = '{os.environ["BENCH_TOPIC"]}', {BROKER}, 'format' = 'json',
        'properties.group.id' = '{os.environ["BENCH_GROUP"]}', 'scan.startup.mode' = 'earliest-offset')""",
    f"""CREATE TABLE awards (employee STRING, `month` STRING, tier BIGINT, event STRING)
    WITH ('connector' = 'kafka', 'topic' = '{os.environ["BENCH_AWARDS"]}', {BROKER}, 'key.format' = 'raw',
        'key.fields' = 'employee', 'value.format' = 'json')""",
    f"""CREATE TABLE kpis (employee STRING, `month` STRING, cents BIGINT, `count` BIGINT,
        PRIMARY KEY (employee, `month`) NOT ENFORCED)
    WITH ('connector' = 'upsert-kafka', 'topic' = '{os.environ["BENCH_KPIS"]}', {BROKER}, 'key.format' = 'json',
        'value.format' = 'json')""",
    "CREATE VIEW sales AS SELECT * FROM events WHERE type = 'sale'",
    """CREATE VIEW with_total AS SELECT employee, id, `month`, cents, SUM(cents) OVER (PARTITION BY employee, `month`
        ORDER BY processed ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total FROM sales""",
)
INSERTS = (
    "INSERT INTO kpis SELECT employee, `month`, SUM(cents), COUNT(*) FROM sales GROUP BY employee, `month`",
    f"""INSERT INTO awards SELECT employee, `month`, tier, id
        FROM with_total CROSS JOIN UNNEST(ARRAY[{TIERS}]) AS tiers (tier)
        WHERE total - cents < tier AND total >= tier""",
)


def main(jar: str) -> None:
    """Run until the process is ended."""
    settings = Configuration()
    for name, value in {
        "pipeline.jars": f"file://{jar}",
        "parallelism.default": "2",
        "state.backend.type": "rocksdb",
        "execution.checkpointing.interval": "1s",
        "execution.checkpointing.mode": "AT_LEAST_ONCE",
        "execution.checkpointing.dir": f"file://{os.environ['BENCH_STATE']}",
        "execution.checkpointing.incremental": "true",
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": "1s",
        "table.exec.mini-batch.size": "50000",
        "table.local-time-zone": "UTC",
    }.items():
        settings.set_string(name, value)
    environment = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(settings).build()
    tables = TableEnvironment.create(environment)
    for statement in STATEMENTS:
        tables.execute_sql(statement)
    inserts = tables.create_statement_set()
    for statement in INSERTS:
        inserts.add_insert_sql(statement)
    inserts.execute().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
