"""What a fold costs by how many rows it gets: CPU of each stage's fold alone, without servers.

``python -m benchmarks.small_folds [--rows N]… [--stage NAME --profile]``: sales to one KPI with twenty tiers, one block
a fold; the same folds several times over from an empty state, of each the least time.
"""

from __future__ import annotations

import cProfile
import itertools
import pstats
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from benchmarks.sales import Workload, columns, plan_of, records
from benchmarks.table import markdown, number
from runtime.memory import settle
from runtime.record_columns import RecordColumns
from runtime.records import Out, RecordBatch
from schemas.blocks import kind_header
from schemas.control import KIND as CONTROL
from schemas.control import PlanApplied, encode_control
from schemas.event_types import EventTypes
from schemas.plan import Plan
from schemas.plan_file import load_plan
from streams.backtest import MemoryRecord
from streams.crediting.stage import Crediting
from streams.intake import Intake
from streams.performance.stage import Performance
from streams.rollups.stage import Rollups

EMPLOYEES = 1_000
#: Cents: every tenth sale, more or less, reaches one. What comes before the folds that are measured makes it so.
_TIERS = tuple(2_500_000 * step for step in range(1, 21))
_BEFORE = 10_000
_TIME = 1_790_000_000_000  # of the records: a broker's clock, later than the events
#: Folds by rows: enough that a rare costly one does not decide.
_FOLDS = {25: 100, 100: 50, 1_000: 10, 20_000: 1}
STAGES = ("intake", "crediting", "performance", "updates", "rollups")


class Pipeline:
    """One partition of every stage; what a stage puts out is the next one's batch."""

    def __init__(self, plan: Plan) -> None:
        self._folds = {"crediting": Crediting(0, 1), "performance": Performance(0, 1), "rollups": Rollups(0)}
        self._intake = Intake(1, EventTypes(plan.events))
        self._offsets: dict[str, int] = {}
        control = [Out("", encode_control(PlanApplied(id="p", plan=plan)), headers=kind_header(CONTROL))]
        for stage, fold in self._folds.items():
            fold.fold(self._batch(stage, control))
        self._folds["performance"].updates()

    def feed(self, values: RecordColumns, timed: Callable) -> None:
        """Fold events through all stages, each by ``timed(stage, function, *arguments)``."""
        facts = timed("intake", self._intake.fold, RecordBatch("events.sales", 0, values))
        credits = timed("crediting", self._folds["crediting"].fold, self._batch("crediting", _blocks(facts, "facts")))
        batch = self._batch("performance", _blocks(credits, "credits"))
        timed("performance", self._folds["performance"].fold, batch)
        updates = timed("updates", self._folds["performance"].updates)
        timed("rollups", self._folds["rollups"].fold, self._batch("rollups", updates))

    def _batch(self, stage: str, outs: list[Out]) -> RecordBatch:
        first = self._offsets.get(stage, 0)
        self._offsets[stage] = first + len(outs)
        made = [MemoryRecord(first + at, out.value, out.headers, None, _TIME) for at, out in enumerate(outs)]
        return RecordBatch(stage, 0, made)


def _blocks(outs: list[Out], topic: str) -> list[Out]:
    return [out for out in outs if out.topic == topic]


def batches(rows: int, folds: int) -> list[RecordColumns]:
    """The events of every fold, as the source hands them over; the first, not measured, is of what came before."""
    made = columns(Workload(_BEFORE + rows * folds, EMPLOYEES, days=20))
    values = [value for _, piece in records(made) for value in piece]
    bounds = [0, *range(_BEFORE, len(values) + 1, rows)]
    return [
        RecordColumns.of([MemoryRecord(at, values[at], timestamp=_TIME) for at in range(first, end)])
        for first, end in itertools.pairwise(bounds)
    ]


def measure(plan: Plan, rows: int, folds: int, repeats: int) -> dict[str, float]:
    """Microseconds of CPU a fold by stage: of each fold the least of ``repeats``, then the mean of all folds."""
    given = batches(rows, folds)
    least: dict[str, np.ndarray] = {}
    for _ in range(repeats):
        pipeline, taken = Pipeline(plan), {stage: [] for stage in STAGES}

        def timed(stage: str, function: Callable, *arguments, taken=taken):
            began = time.process_time_ns()
            result = function(*arguments)
            taken[stage].append(time.process_time_ns() - began)
            return result

        for values in given:
            pipeline.feed(values, timed)
        for stage, times in taken.items():
            least[stage] = np.minimum(least.get(stage, np.inf), times[1:])
    return {stage: float(times.mean()) / 1_000 for stage, times in least.items()}


def profile(plan: Plan, rows: int, folds: int, stage: str) -> None:
    """Where the time of one stage's folds goes."""
    profiler, pipeline = cProfile.Profile(time.process_time), Pipeline(plan)

    def timed(name: str, function: Callable, *arguments):
        return profiler.runcall(function, *arguments) if name == stage else function(*arguments)

    before, *given = batches(rows, folds)
    pipeline.feed(before, lambda _, function, *arguments: function(*arguments))
    for values in given:
        pipeline.feed(values, timed)
    pstats.Stats(profiler).sort_stats("cumtime").print_stats(45)


@click.command()
@click.option("--rows", type=int, multiple=True, default=tuple(_FOLDS), show_default=True)
@click.option("--repeats", default=5, show_default=True)
@click.option("--stage", type=click.Choice(STAGES), default="crediting", help="Whose profile.")
@click.option("--profile", "profiled", is_flag=True, help="Print a profile of one stage instead.")
@click.option("--plan", "path", type=click.Path(path_type=Path), default=Path("plans/benchmark-tiers.yaml"))
def main(rows: tuple[int, ...], repeats: int, stage: str, profiled: bool, path: Path) -> None:
    """Measure; a table of µs a fold and a row."""
    plan = plan_of(load_plan(path), EMPLOYEES, tiers=_TIERS)
    settle()
    if profiled:
        for count in rows:
            profile(plan, count, _FOLDS.get(count, 20), stage)
        return
    table = []
    for count in rows:
        found = measure(plan, count, _FOLDS.get(count, 20), repeats)
        table.append([number(count), *(f"{found[one]:,.0f}; {found[one] / count:.2f}" for one in STAGES)])
    click.echo(markdown(["rows", *(f"{one}: µs a fold; a row" for one in STAGES)], table))


if __name__ == "__main__":
    main()
