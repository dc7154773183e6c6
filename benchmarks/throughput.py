"""One worker process through the whole path: intake → crediting → performance → awards acknowledged → checkpoint.

``python -m benchmarks.throughput [--plan FILE] [--events N] [--employees N] [--simulate] [--profile FILE]``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import click

from benchmarks.check import check_sales
from benchmarks.own import Own, measure, produce_events
from benchmarks.sales import plan_of, produce_sales
from infra.ingest.sim_records import Limits, records
from schemas.plan_file import load_plan


@click.command()
@click.option("--plan", "plan_file", type=click.Path(exists=True, path_type=Path), default="plans/benchmark-tiers.yaml")
@click.option("--events", default=1_000_000)
@click.option("--employees", default=2_000)
@click.option("--simulate", is_flag=True, help="The simulator's mix for the plan as it is, instead of sales.")
@click.option("--profile", type=click.Path(path_type=Path), help="py-spy flame graph of the worker.")
def main(plan_file: Path, events: int, employees: int, simulate: bool, profile: Path | None) -> None:
    """Measure, check, print one JSON line."""
    plan, expected = load_plan(plan_file), None
    with Own() as own:
        if simulate:
            own.apply(plan)
            stream = records(plan, 1, Limits(start=date(2026, 1, 1), count=events, days=90).settled(None, date.today()))
            produce_events(own.broker, ((kind, value) for _, kind, value in stream))
        else:
            own.apply(plan_of(plan, employees))
            expected = produce_sales(own.broker, "events.sales", events, employees)
        click.echo(f"{events} events produced", err=True)
        worker = own.start()
        if profile:
            time.sleep(1)  # the process becomes the worker in its first moments, which a profiler does not survive
            spy = Path(sys.executable).parent / "py-spy"
            subprocess.Popen([spy, "record", "-f", "raw", "-o", profile, "-p", str(worker.pid), "-d", "30"])
        result = measure(events, worker)
        result |= {"plan": plan_file.name, "employees": employees, "cores": os.cpu_count()}
        result["check"] = check_sales(own.settings, expected) if expected else "not checked"
        worker.stop()
        click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
