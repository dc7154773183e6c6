"""``make bench-quick``: kpistream against the raw ceiling in the same run, before and after it.

Fails when it has become slower than ``bound.json`` allows: ``rate`` is kpistream's warm events/s over the ceiling's
(aiokafka getmany + msgspec), ``cpu`` the ceiling's CPU per event over kpistream's. docs/benchmarks.md says how they
were chosen.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.peers.registry import PEERS
from benchmarks.runs import Outcome
from benchmarks.sales import Workload
from benchmarks.same_job import Bench, report, run_own, run_peer
from infra.local.stack import LocalStack

BOUND = Path(__file__).with_name("bound.json")
_LIMIT = 120.0  # seconds for one run


def ratios(own: Outcome, ceilings: list[Outcome]) -> dict[str, float]:
    """Rate and CPU against the mean of the ceiling's runs; both are better when larger. Wrong runs have none."""
    runs = [own, *ceilings]
    if not all(one.right and one.warm.events_per_second and one.warm.cpu_us_per_event for one in runs):
        return {}
    rate = sum(one.warm.events_per_second for one in ceilings) / len(ceilings)
    cpu = sum(one.warm.cpu_us_per_event for one in ceilings) / len(ceilings)
    return {"rate": own.warm.events_per_second / rate, "cpu": cpu / own.warm.cpu_us_per_event}


def problems(found: Mapping[str, float], bound: Mapping[str, float]) -> list[str]:
    """What is below its bound, a sentence each."""
    if not found:
        return ["a run was wrong, or too short for a rate"]
    return [
        f"{name}: {found[name]:.3f} of the ceiling, expected at least {least}"
        for name, least in bound.items()
        if found[name] < least
    ]


@click.command()
@click.option("--events", default=1_500_000, show_default=True)
def main(events: int) -> None:
    """Run the three, print the table and the verdict."""
    ceiling = next(peer for peer in PEERS if peer.name == "msgspec")
    workload = Workload(events)
    with tempfile.TemporaryDirectory() as folder, LocalStack() as stack:
        bench = Bench(stack, Path(folder), workload)
        before = run_peer(bench, ceiling, _LIMIT)
        own = run_own(bench, _LIMIT, workers=1)
        after = run_peer(bench, replace(ceiling, name="msgspec-again"), _LIMIT)
    click.echo(report([before, own, after], workload))
    found, bound = ratios(own, [before, after]), json.loads(BOUND.read_text())
    click.echo(", ".join(f"{name} {value:.3f} of the ceiling (bound {bound[name]})" for name, value in found.items()))
    if wrong := problems(found, bound):
        raise SystemExit("; ".join(wrong))


if __name__ == "__main__":
    main()
