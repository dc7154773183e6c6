"""``make bench``: every benchmark, one after another, one JSON line each."""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    ("one KPI, three tiers", ["--events", "1000000"]),
    ("the example plan", ["--plan", "plans/example.yaml", "--simulate", "--events", "500000"]),
)


def main() -> None:
    """Run them; a failed one fails the whole."""
    for title, arguments in RUNS:
        print(f"# {title}", flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks.throughput", *arguments], check=True)


main()
