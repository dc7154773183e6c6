"""``python -m tests.chaos``: faults on real servers under traffic, and a report; exit code 1 if anything is wrong."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

from tests.chaos.faults import FAULTS
from tests.chaos.trial import run, table


@contextmanager
def _small_disk(size: str) -> Iterator[Path]:
    """A folder on a file system of its own, where we may mount one; else a plain temporary folder."""
    with tempfile.TemporaryDirectory(prefix="kpistream-chaos-") as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", name], capture_output=True
        ).returncode == 0  # fmt: skip
        try:
            yield Path(name)
        finally:
            if mounted:
                subprocess.run(["umount", name], check=False)


def main(options: Namespace) -> int:
    """Run, print the table, write it where asked."""
    unknown = [name for name in options.fault or () if name not in FAULTS]
    if unknown:
        print(f"unknown faults: {', '.join(unknown)}; there are: {', '.join(FAULTS)}", file=sys.stderr)
        return 2
    print(f"seed {options.seed}", flush=True)
    with _small_disk("3g") as folder:
        trials = run(
            folder, options.fault or list(FAULTS), options.seconds, options.rate, options.seed,
            lambda text: print(text, flush=True),
        )  # fmt: skip
    report = table(trials)
    print(report)
    if options.report:
        options.report.write_text(report + "\n")
    return 1 if any(one.result == "FAILED" for one in trials) else 0


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--fault", action="append", help="this one only; may be given several times")
    parser.add_argument("--seconds", type=float, default=15, help="about how long a fault lasts")
    parser.add_argument("--rate", type=float, default=400, help="business events a second")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000))
    parser.add_argument("--report", type=Path, help="file for the table")
    sys.exit(main(parser.parse_args()))
