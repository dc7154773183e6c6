"""Two workers on two cores against one on one.

``python -m benchmarks.two_workers [--events N]``. Each worker is tied to a core of its own. Kafka and ClickHouse are
tied to the last cores where there are more than two. Where there are two, nothing is left to put them out of the way:
they share the workers' cores in either run, so that one core with all that a worker needs stands against two; and a
run of one worker with Kafka and ClickHouse free to use the other core tells what a second one adds beside that.
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


def run(
    workload: Workload, made: Columns, expected: Expected, cores: list[int], servers: list[int]
) -> tuple[Steady, str]:
    """(rate and CPU of all, check) of a worker on each of ``cores``, with Kafka and ClickHouse on ``servers``."""
    with Own() as own:
        for pid in (own.stack.kafka.pid, own.stack.clickhouse.pid):
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), set(servers))
        own.apply(plan_of(load_plan(PLAN), workload.employees, tiers=workload.tiers))
        produce(own.broker, "events.sales", made)
        results = BlockResults(own.broker, KPI_UPDATES.name)
        workers: list[Worker] = []
        for core in cores:
            with on_core({core}):
                workers.append(own.start(worker_id=f"bench-{core}"))
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


def placements(cores: list[int]) -> list[tuple[str, list[int], list[int]]]:
    """(where Kafka and ClickHouse run, cores of the workers, cores of those two) of each run."""
    apart = cores[2:]
    found = [
        ("apart" if apart else "on the same core", cores[:1], apart or cores[:1]),
        ("apart" if apart else "on the same cores", cores[:2], apart or cores[:2]),
    ]
    return found if apart else [*found, ("on the other core too", cores[:1], cores)]


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
    for where, on, servers in placements(sorted(os.sched_getaffinity(0))):
        click.echo(f"{len(on)} workers, Kafka and ClickHouse {where} …", err=True)
        try:
            warm, check = run(workload, made, expected, on, servers)
        except click.ClickException as error:
            warm, check = Steady(), f"failed: {' '.join(error.message.split())[:300]}"
        if not check.startswith("ok"):
            warm = Steady()
        rate = warm.events_per_second
        first = rate if first is None else first
        ratio = f"{rate / first:.2f} ×" if rate and first else ""
        rows.append([number(len(on)), where, number(rate), ratio, number(warm.cpu_us_per_event, 2), check])
        head = ["workers", "Kafka and ClickHouse", "warm events/s", "towards the first", "CPU µs/event of all", "check"]
        text = (
            f"## Two workers\n\n{events:,} sales, {employees:,} employees, each worker tied to a core of its own."
            f"\n\n{markdown(head, rows)}\n"
        )
        if report:
            report.write_text(text)
    click.echo(text)
    if not all(row[-1].startswith("ok") for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
