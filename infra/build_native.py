"""Compiles schemas/native/events.c; without a compiler it says what is missing, and everything works all the same.

    python -m infra.build_native
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from schemas.native import LIBRARY, SOURCE

_OPTIONS = ("-O3", "-std=gnu11", "-Wall", "-Wextra", "-shared", "-fPIC")
_NEEDS = "a C compiler, libc6-dev and libxxhash-dev"


def build() -> str | None:
    """Compile where the library is missing or older than its source; what stands in the way, or None."""
    if LIBRARY.exists() and LIBRARY.stat().st_mtime >= SOURCE.stat().st_mtime:
        return None
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return f"no C compiler; with {_NEEDS} events are read about three times as fast"
    made = LIBRARY.with_suffix(f".{os.getpid()}")  # a process that starts meanwhile never sees half a library
    done = subprocess.run([compiler, *_OPTIONS, "-o", made, SOURCE], capture_output=True, text=True)
    if done.returncode:
        return f"{SOURCE.name} was not compiled, which takes {_NEEDS}:\n{done.stderr.strip()}"
    made.replace(LIBRARY)
    return None


if __name__ == "__main__":
    if problem := build():
        print(problem, file=sys.stderr)
