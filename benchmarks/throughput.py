"""One worker process through the whole path: intake → crediting → performance → awards acknowledged → checkpoint.

``python -m benchmarks.throughput [--plan FILE] [--events N] [--employees N] [--simulate]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks.check import check_sales
from benchmarks.sales import plan_of, produce_sales
from benchmarks.worker import Worker, drained
from infra.clickhouse.migrate import migrate
from infra.control_topic import apply_plan
from infra.ingest.sim_records import Limits, produce_simulation
from infra.local.stack import LocalStack
from infra.settings import Settings
from infra.topic_admin import create_topics
from schemas.plan_file import load_plan
from sinks.connection import from_settings

PARTITIONS = 4


def measure(worker: Worker, events: int) -> dict:
    """Time from the first event folded until everything is folded, acknowledged and in a checkpoint."""
    samples = []
    started = started_cpu = None
    while True:
        if (code := worker.exit_code()) is not None:
            raise click.ClickException(f"the worker ended with {code}")
        done = worker.total("kpistream_events_total")
        now = time.perf_counter()
        if started is None and done:
            started, started_cpu, first = now, worker.cpu_seconds(), done
        samples.append((now, done))
        if done >= events and drained(worker):
            break
        time.sleep(0.25)
    seconds, cpu = time.perf_counter() - started, worker.cpu_seconds() - started_cpu
    steady = [(at, n) for at, n in samples if 0.1 * events < n < events]
    rate = (steady[-1][1] - steady[0][1]) / (steady[-1][0] - steady[0][0]) if len(steady) > 4 else float("nan")
    return {
        "events": events,
        "seconds": round(seconds, 2),
        "events_per_second": round((events - first) / seconds),
        "steady_events_per_second": round(rate) if rate == rate else None,
        "cpu_seconds": round(cpu, 2),
        "cpu_us_per_event": round(cpu / (events - first) * 1e6, 2),
    }


@click.command()
@click.option("--plan", "plan_file", type=click.Path(exists=True, path_type=Path), default="plans/benchmark-tiers.yaml")
@click.option("--events", default=1_000_000)
@click.option("--employees", default=2_000)
@click.option("--simulate", is_flag=True, help="The simulator's mix for the plan as it is, instead of sales.")
@click.option("--profile", type=click.Path(path_type=Path), help="py-spy flame graph of the worker.")
def main(plan_file: Path, events: int, employees: int, simulate: bool, profile: Path | None) -> None:
    """Measure, check, print one JSON line."""
    plan = load_plan(plan_file)
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder) / "stack") as stack:
        environment = stack.connection.environment() | {"KPISTREAM_PARTITIONS": str(PARTITIONS)}
        os.environ.update(environment)
        settings = Settings()
        create_topics(settings)
        migrate(from_settings(settings))
        if simulate:
            apply_plan(settings, plan)
            produce_simulation(settings.kafka_bootstrap, plan, how=Limits(count=events))
            expected = None
        else:
            plan = plan_of(plan, employees)
            apply_plan(settings, plan)
            expected = produce_sales(settings.kafka_bootstrap, "events.sales", events, employees)
        click.echo(f"{events} events produced", err=True)
        worker = Worker(environment, Path(folder) / "worker.log")
        if profile:
            subprocess.Popen(
                [
                    Path(sys.executable).parent / "py-spy",
                    "record",
                    "-f",
                    "raw",
                    "-o",
                    profile,
                    "-p",
                    str(worker.pid),
                    "-d",
                    "30",
                ]
            )
        try:
            result = measure(worker, events)
        except click.ClickException:
            click.echo((Path(folder) / "worker.log").read_text()[-4000:], err=True)
            raise
        result |= {"plan": plan_file.name, "employees": employees, "cores": os.cpu_count()}
        result["check"] = check_sales(settings, expected) if expected else "not checked"
        worker.stop()
        click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
