"""How fast this machine is just now: the raw ceiling's rate, beside figures that have no other system beside them.

Machines differ, and one and the same by half within an hour. What a run takes is therefore told as a share of the
ceiling before and after it too, and as what that share is where the ceiling stands at ``NOMINAL``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from benchmarks.peers.registry import PEERS
from benchmarks.sales import Workload
from benchmarks.same_job import Bench, run_peer
from benchmarks.table import number
from infra.local.stack import LocalStack

#: Events/s of aiokafka getmany + msgspec on the machine for which absolute targets were set.
NOMINAL = 446_000
_EVENTS = 1_500_000
_LIMIT = 120.0  # seconds for one run

#: Columns of ``beside``.
HEAD = ("ceiling, events/s", "of the ceiling", f"at a ceiling of {NOMINAL:,}/s")


def ceiling(beside_events: int) -> float | None:
    """Warm events/s of aiokafka getmany + msgspec, on servers of its own; None beside too few events for a rate."""
    peer = next(peer for peer in PEERS if peer.name == "msgspec")
    with tempfile.TemporaryDirectory() as folder, LocalStack() as stack:
        run = run_peer(Bench(stack, Path(folder), Workload(min(_EVENTS, 4 * beside_events))), peer, _LIMIT)
    if not run.right:
        raise click.ClickException(f"the ceiling: {run.check}")
    return run.warm.events_per_second


def beside(rate: float, before: float | None, after: float | None) -> list[str]:
    """Of HEAD: for a rate between two runs of the ceiling."""
    if before is None or after is None:
        return [""] * len(HEAD)
    mean = (before + after) / 2
    return [number(mean), f"{rate / mean:.3f}", number(rate / mean * NOMINAL)]
