"""``python -m tests.simulation SEED`` plays one history again; ``--minutes N`` plays fresh ones for N minutes."""

from __future__ import annotations

import argparse
import sys
import time
from random import SystemRandom

from tests.simulation.histories import random_history, shortened
from tests.simulation.oracle import judge


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="play this history")
    parser.add_argument("--minutes", type=float, default=1.0, help="or fresh ones for so long")
    wanted = parser.parse_args()
    if wanted.seed is not None:
        return _play(wanted.seed)
    end, played = time.monotonic() + wanted.minutes * 60, 0
    while time.monotonic() < end:
        seed = SystemRandom().randrange(2**32)
        if _play(seed, quiet=True):
            return 1
        played += 1
        print(f"\r{played} histories, nothing wrong", end="", flush=True)
    print()
    return 0


def _play(seed: int, quiet: bool = False) -> int:
    history = random_history(seed)
    wrong = judge(history.run())
    if wrong:
        print(f"\nseed {seed}: " + "\n  ".join(wrong))
        short = shortened(random_history(seed))
        print(f"shortened to {len(short.values)} events and these faults:")
        print("\n".join(f"  {fault}" for fault in short.faults), *map(bytes.decode, short.values), sep="\n  ")
    elif not quiet:
        print(f"seed {seed}: {len(history.values)} events, {len(history.faults)} faults, nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
