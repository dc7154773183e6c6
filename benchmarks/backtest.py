"""Backtest: the plan for a whole company over simulated events, without servers, in one process.

``python -m benchmarks.backtest [--events N] [--employees N]``
"""

# ruff: noqa: E402
from __future__ import annotations

from runtime.memory import keep, unhurried

unhurried()  # before Arrow is loaded, as kpistream's commands do
keep()

import resource
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from benchmarks.ceiling import HEAD, beside, ceiling
from benchmarks.table import markdown, number
from infra.ingest.sim_records import Limits, records
from schemas.plan import Plan
from schemas.plan_file import load_plan
from streams.backtest import Backtest, BacktestResult

PLAN = Path("plans/company.yaml")
DAYS = 90
_START = date(2026, 1, 1)


def grown(plan: Plan, employees: int) -> Plan:
    """``plan`` with about so many employees: every team has its people over and over again.

    What was revoked can be awarded again, so that what stands in the end does not hang on the order of the events,
    which differs with the partitions.
    """
    content = plan.model_dump(exclude_none=True)
    teams = [team for department in content["organisation"]["departments"] for team in department["teams"]]
    people = sum(len(team["employees"]) for team in teams)
    times = max(round(employees / people), 1)
    for team in teams:
        team["employees"] = [
            one | {"id": f"{one['id']}-{copy}"} if copy else one for copy in range(times) for one in team["employees"]
        ]
    for award in content["awards"]:
        if award["kind"] in ("tiers", "threshold") and award.get("settle", "live") == "live":
            award["rearm"] = True
    return Plan.model_validate(content)


def simulated(plan: Plan, events: int, seed: int = 1) -> list[tuple[str, bytes]]:
    """(event type, JSON) of events over 90 days: refunds, splits, duplicates and late events among them."""
    how = Limits(start=_START, days=DAYS, count=events).settled(None, _START)
    return [(kind, value) for _, kind, value in records(plan, seed, how)]


@dataclass(frozen=True)
class Timed:
    """A backtest's result and what it took."""

    result: BacktestResult
    seconds: float
    cpu_seconds: float


def backtest(plan: Plan, events: list[tuple[str, bytes]]) -> Timed:
    """Fold them all."""
    began, cpu = time.perf_counter(), time.process_time()
    run = Backtest()
    run.apply(plan)
    run.feed(value for _, value in events)
    result = run.finish()
    return Timed(result, time.perf_counter() - began, time.process_time() - cpu)


@click.command()
@click.option("--events", default=500_000, show_default=True)
@click.option("--employees", default=2_000, show_default=True)
@click.option("--report", type=click.Path(path_type=Path))
def main(events: int, employees: int, report: Path | None) -> None:
    """Measure and print the section."""
    plan = grown(load_plan(PLAN), employees)
    made, before = simulated(plan, events), ceiling(events)
    timed = backtest(plan, made)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    after = ceiling(events)
    row = [
        number(events), number(timed.seconds, 1), number(events / timed.seconds),
        number(timed.cpu_seconds / events * 1e6, 2), number(megabytes),
        *beside(events / timed.seconds, before, after),
        f"{len(timed.result.awards):,} awards, {len(timed.result.earnings):,} earning lines",
    ]  # fmt: skip
    text = (
        f"## Backtest\n\n`{PLAN}` with {employees:,} employees, {DAYS} days, in one process, without servers.\n\n"
        + markdown(["events", "s", "events/s", "CPU µs/event", "MB with the events", *HEAD, "gave"], [row])
        + "\n"
    )
    if report:
        report.write_text(text)
    click.echo(text)


if __name__ == "__main__":
    main()
