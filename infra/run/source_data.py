"""What a run works on: a plan, and the commands that feed its events."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.ingest.import_mapping import (
    MappingError,
    detect_mapping,
    find_mapping,
    read_mapping,
    shipped_mappings,
)
from infra.ingest.importer import run_import, write_result
from infra.run import feed
from schemas.plan import Plan
from schemas.plan_file import load_plan

EXAMPLE_PLAN = Path(__file__).resolve().parents[2] / "plans" / "example.yaml"
#: Simulated events a second where nothing else is said.
RATE = 200.0


@dataclass(frozen=True)
class Options:
    """What ``kpistream run`` was asked for."""

    data: Path | None = None
    mapping: str | None = None
    plan: Path | None = None
    duration: float | None = None
    rate: float | None = None
    workers: int = 1
    seed: int = 1


@dataclass(frozen=True)
class SourceData:
    """A plan and the commands whose events it is for; ``notes`` say how they came about.

    ``events``: how many there are, None where there is no end to them.
    """

    plan: Plan
    commands: list[list[str]]
    notes: tuple[str, ...] = ()
    events: int | None = None


def simulated(options: Options) -> SourceData:
    """The company of a plan file, simulated; raises InvalidPlan, or OSError for the file."""
    file = options.plan or EXAMPLE_PLAN
    plan = load_plan(file)
    today = datetime.now(UTC).date()
    return SourceData(
        plan, feed.simulation(file, options.rate or RATE, options.seed, options.duration, today)
    )


def imported(options: Options, folder: Path) -> SourceData:
    """Files of another system, imported into ``folder``; raises MappingError, InvalidPlan, OSError."""
    mapping = read_mapping(find_mapping(options.mapping or _detected(options.data)))
    result = run_import(mapping, [options.data])
    write_result(result, folder)
    plan = load_plan(options.plan) if options.plan else result.plan
    notes = [f"{len(result.events):,} events of {options.data} by the mapping {mapping.mapping.mapping}"]
    if result.rejected:
        notes.append(f"{len(result.rejected):,} rows could not be used, listed in {folder / 'rejected.csv'}")
    return SourceData(
        plan, feed.recorded(folder / "events.jsonl", options.rate), tuple(notes), len(result.events)
    )


def _detected(folder: Path) -> str:
    found = detect_mapping(folder)
    if found is None:
        raise MappingError(
            f"No shipped mapping fits the files in {folder}: name one with --mapping, a file of your own or "
            f"one of {', '.join(shipped_mappings())}."
        )
    return found


def started_at() -> datetime:
    """Now, in local time: run folders are named for people."""
    return datetime.fromtimestamp(time.time())
