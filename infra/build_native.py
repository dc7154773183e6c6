"""Compiles the pieces of C; without a compiler it says what is missing, and everything works all the same.

    python -m infra.build_native
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import infra.local.native
import runtime.native
import schemas.native
from schemas.native import stamp

#: Sources and what becomes of them.
PIECES = {
    **{module.SOURCE: module.LIBRARY for module in (schemas.native, runtime.native, infra.local.native)},
    schemas.native.LOOKUPS: schemas.native.LOOKUPS_LIBRARY,
}
_OPTIONS = ("-O3", "-std=gnu11", "-Wall", "-Wextra", "-shared", "-fPIC")
_NEEDS = "a C compiler, libc6-dev and libxxhash-dev"


def build(source: Path, library: Path) -> str | None:
    """Compile where the library is missing or made of another source; what stands in the way, or None."""
    if library.exists() and stamp(source).encode() in library.read_bytes():
        library.touch()  # make goes by times
        return None
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return f"no C compiler; with {_NEEDS} events are read about three times as fast"
    made = library.with_suffix(f".{os.getpid()}")  # a process that starts meanwhile never sees half a library
    command = [compiler, *_OPTIONS, f"-Wl,--defsym={stamp(source)}=1", "-o", made, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return f"{source.name} was not compiled, which takes {_NEEDS}:\n{done.stderr.strip()}"
    made.replace(library)
    return None


if __name__ == "__main__":
    for problem in dict.fromkeys(build(*piece) for piece in PIECES.items()):
        if problem:
            print(problem, file=sys.stderr)
