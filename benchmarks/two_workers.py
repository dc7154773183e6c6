"""Two workers on two cores against one on one.

``python -m benchmarks.two_workers [--events N]``. Each worker is tied to a core of its own. Kafka and ClickHouse run on
whatever is left: tied to the last core where there are more than two, else they share both cores with the workers, and
the CPU per event says more than the rate.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.check import check_sales
from benchmarks.own import Own, wait_for
from benchmarks.results import BlockResults
from benchmarks.sales import Columns, Expected, Workload, columns, plan_of, produce
from benchmarks.steady import Steady, steady
from benchmarks.table import markdown, number
from benchmarks.worker import Worker
from schemas.plan_file import load_plan
from schemas.topics import KPI_UPDATES

PLAN = Path("plans/benchmark-tiers.yaml")


@contextmanager
def on_core(cores: set[int]) -> Iterator[None]:
    """What is started within is tied to these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(workload: Workload, made: Columns, expected: Expected, count: int) -> tuple[Steady, str]:
    """(rate and CPU of all, check) of so many workers."""
    cores = sorted(os.sched_getaffinity(0))
    with Own() as own:
        if len(cores) > 2:
            for pid in (own.stack.kafka.pid, own.stack.clickhouse.pid):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setaffinity(int(thread), set(cores[2:]))
        own.apply(plan_of(load_plan(PLAN), workload.employees, tiers=workload.tiers))
        produce(own.broker, "events.sales", made)
        results = BlockResults(own.broker, KPI_UPDATES.name)
        workers: list[Worker] = []
        for number_ in range(count):
            with on_core({cores[number_ % len(cores)]}):
                workers.append(own.start(worker_id=f"bench-{number_}"))
        cpu: list[tuple[float, float]] = []

        def all_counted() -> bool:
            cpu.append((time.time() * 1000, sum(worker.cpu_seconds() for worker in workers)))
            return results.total() >= expected.sales

        wait_for("the last sum", all_counted, *workers)
        warm = steady(results.series(), cpu)
        results.close()
        for worker in workers:
            worker.stop()
        return warm, check_sales(own.settings, expected)


@click.command()
@click.option("--events", default=1_000_000, show_default=True)
@click.option("--employees", default=2_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(events: int, employees: int, report: Path | None) -> None:
    """Measure and print the section."""
    workload = Workload.spread(events, employees)
    made = columns(workload)
    expected = Expected.of(made, workload.tiers)
    rows, first = [], None
    for count in (1, 2):
        click.echo(f"{count} workers …", err=True)
        try:
            warm, check = run(workload, made, expected, count)
        except click.ClickException as error:
            warm, check = Steady(), f"failed: {' '.join(error.message.split())[:300]}"
        if not check.startswith("ok"):
            warm = Steady()
        rate = warm.events_per_second
        first = rate if count == 1 else first
        ratio = f"{rate / first:.2f} ×" if rate and first else ""
        rows.append([number(count), number(rate), ratio, number(warm.cpu_us_per_event, 2), check])
        head = ["workers", "warm events/s", "towards one", "CPU µs/event of all", "check"]
        servers = "on the others" if (os.cpu_count() or 1) > 2 else "share these cores"
        text = (
            f"## Two workers\n\n{events:,} sales, {employees:,} employees, each worker tied to a core of its own; "
            f"Kafka and ClickHouse {servers}.\n\n{markdown(head, rows)}\n"
        )
        if report:
            report.write_text(text)
    click.echo(text)
    if not all(row[-1].startswith("ok") for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
