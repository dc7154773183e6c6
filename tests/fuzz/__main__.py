"""``python -m tests.fuzz``: everything that parses bytes from outside, each target in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from random import SystemRandom

from tests.fuzz.fuzzing import Found, fuzz
from tests.fuzz.targets import TARGETS


def main(options: Namespace) -> int:
    """One target in this process; without one, all of them, one after the other."""
    if options.target:
        try:
            fed = fuzz(options.target, options.seed, options.seconds)
        except Found as found:
            print(found)
            return 1
        print(f"{options.target}: {fed} inputs, seed {options.seed}, nothing found")
        return 0
    wrong = 0
    for name in TARGETS:
        # of its own, since a parser in native code may take the process with it
        ended = subprocess.run([sys.executable, "-m", "tests.fuzz", "--target", name, "--seed", str(options.seed),
                                "--seconds", str(options.minutes * 60 / len(TARGETS))])  # fmt: skip
        if ended.returncode not in (0, 1):
            print(f"{name}: the process died with {ended.returncode}, seed {options.seed}")
        wrong += ended.returncode != 0
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--minutes", type=float, default=5)
    sys.exit(main(parser.parse_args()))
