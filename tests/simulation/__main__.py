"""``python -m tests.simulation SEED`` plays one history again; ``--minutes N`` plays fresh ones, on every core."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from random import SystemRandom

from runtime.memory import settle
from tests.simulation.histories import history_of, shortened
from tests.simulation.oracle import judge

_TOGETHER = 20  # histories that a process plays before it reports


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="play this history")
    parser.add_argument("--minutes", type=float, default=1.0, help="or fresh ones for so long")
    wanted = parser.parse_args()
    if wanted.seed is None:
        return _soak(wanted.minutes)
    return 1 if _explained(wanted.seed) else 0


def _soak(minutes: float) -> int:
    end, played = time.monotonic() + minutes * 60, 0
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, initializer=settle) as pool:
        under_way = {pool.submit(_played) for _ in range(cores)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                failed = one.result()
                if failed is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                    print(f"\nto play it again: python -m tests.simulation {failed}", flush=True)
                    _explained(failed)
                    return 1
                played += _TOGETHER
                if time.monotonic() < end:
                    under_way.add(pool.submit(_played))
            print(f"\r{played} histories, nothing wrong", end="", flush=True)
    print()
    return 0


def _played() -> int | None:
    """The first seed of some fresh ones with something wrong."""
    for _ in range(_TOGETHER):
        seed = SystemRandom().randrange(2**32)
        try:
            if judge(history_of(seed).run()):
                return seed
        except Exception:  # shows when it is played again, where its seed is known
            return seed
    return None


def _explained(seed: int) -> list[str]:
    """What is wrong with a history; says so, and prints what is left of it when all that is not needed is left out."""
    history = history_of(seed)
    wrong = judge(history.run())
    if wrong:
        print(f"\nseed {seed}: " + "\n  ".join(wrong))
        short = shortened(history_of(seed))
        print(f"shortened to {len(short.values)} events and these faults:")
        print("\n".join(f"  {fault}" for fault in short.faults), *map(bytes.decode, short.values), sep="\n  ")
    else:
        stages = "all stages" if len(history.stages) > 1 else history.stages[0]
        print(f"seed {seed}: {stages}, {len(history.values)} events, {len(history.faults)} faults, nothing wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
