"""What an event costs, and a person's state takes, as the company grows; and how long a start with that state takes.

``python -m benchmarks.scale [--employees N]… [--events N]``
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from benchmarks.check import check_sales
from benchmarks.own import Own, measure, wait_for
from benchmarks.processes import resident_bytes
from benchmarks.sales import HIGHEST, Columns, Expected, Workload, columns, plan_of, produce
from benchmarks.table import markdown, number
from benchmarks.worker import drained
from schemas.plan_file import load_plan

PLAN = Path("plans/benchmark-tiers.yaml")
_HEAD = (
    "employees", "steady events/s", "CPU µs/event", "towards the first", "bytes per employee", "restart until ready s",
    "and caught up s", "CPU s of that", "CPU s for the plan", "check",
)  # fmt: skip


def equal_tiers(made: Columns, most: int) -> tuple[int, int, int]:
    """Tiers (cents) that are reached about ``most`` times in all, so that a larger company has no more awards an event.

    Further apart than the largest sale: none passes two at once.
    """
    months = made.time_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    place = np.unique(months * (int(made.employee.max()) + 1) + made.employee, return_inverse=True)[1]
    sums = np.sort(np.bincount(place, made.cents * made.counts))
    low, high = HIGHEST, int(sums[-1])
    while low < high:
        first = (low + high) // 2
        reached = sum(len(sums) - int(np.searchsorted(sums, first + step * HIGHEST)) for step in range(3))
        low, high = (low, first) if reached <= most else (first + 1, high)
    first = -(-low // 100) * 100
    return first, first + HIGHEST, first + 2 * HIGHEST


def run(employees: int, events: int, awards: int) -> dict:
    """One size, with about so many awards; figures by name."""
    made = columns(Workload(events, employees))
    expected = Expected.of(made, equal_tiers(made, awards))
    with Own() as own:
        worker = own.start()
        worker.wait_ready()
        empty, before = resident_bytes(worker.pid), worker.cpu_seconds()
        own.apply(plan_of(load_plan(PLAN), employees, tiers=expected.tiers))
        wait_for("the plan", lambda: worker.total("kpistream_next_offset") > 0 and drained(worker), worker)
        plan_cpu = worker.cpu_seconds() - before
        worker.stop()
        produce(own.broker, "events.sales", made)  # ahead of the worker, or it folds a few at a time as they come
        worker = own.start()
        result = measure(events, worker)
        worker.stop()
        again = own.start()
        again.wait_ready()
        result["ready"] = time.time() - again.started
        wait_for("the restarted worker", lambda: drained(again), again)
        result["drained"] = time.time() - again.started
        result |= {"cpu": again.cpu_seconds(), "plan_cpu": plan_cpu}
        result["bytes"] = (resident_bytes(again.pid) - empty) / employees
        again.stop()
        return result | {"check": check_sales(own.settings, expected)}


@click.command()
@click.option("--employees", type=int, multiple=True, default=(1_000, 100_000, 1_000_000), show_default=True)
@click.option("--events", default=1_000_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(employees: tuple[int, ...], events: int, report: Path | None) -> None:
    """Measure and print the section."""
    rows: list[list[str]] = []
    first: float | None = None
    awards = min(events // 100, 4 * min(employees))  # of the six that each person of the smallest company can get
    for people in employees:
        click.echo(f"{people:,} employees …", err=True)
        try:
            result = run(people, events, awards)
        except Exception as error:  # the others are still of interest
            result = {"check": f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        if right := result["check"].startswith("ok"):
            first = first or result["cpu_us_per_event"]
        rows.append([number(people), *(figures(result, first) if right and first else [""] * 8), result["check"]])
        text = (
            f"## Growth\n\n{events:,} sales over 40 days, one KPI and three tiers, one worker with every stage. Bytes: "
            "resident memory of a worker that has loaded plan and state, less that of one that has neither.\n\n"
            f"{markdown(_HEAD, rows)}\n"
        )
        if report:
            report.write_text(text)
    click.echo(text)
    if not all(row[-1].startswith("ok") for row in rows):
        raise SystemExit(1)


def figures(result: dict, first: float) -> list[str]:
    """The cells of a right run."""
    cost = result["cpu_us_per_event"]
    return [
        number(result["steady_events_per_second"]), number(cost, 2), f"{cost / first:.2f} ×", number(result["bytes"]),
        number(result["ready"], 1), number(result["drained"], 1), number(result["cpu"], 1),
        number(result["plan_cpu"], 1),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
