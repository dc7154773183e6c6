"""Memory that a process has freed is used again instead of being given back and fetched anew."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import resource, sys
if sys.argv[1] == "kept":
    from runtime.memory import keep
    keep()
import numpy as np, pyarrow as pa

def pages(turns):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(turns):
        pieces = [np.zeros(size << 20, np.uint8) for size in (1, 5, 40)]
        for piece in pieces:
            piece[::4096] = 1
        pa.concat_arrays([pa.array(pieces[1])] * 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages(3)
print(pages(10))
"""


def _pages(how: str) -> int:
    """That the system gave to a process while it took and freed the same pieces over and over."""
    return int(subprocess.run([sys.executable, "-c", _PROGRAM, how], check=True, capture_output=True, text=True).stdout)


def test_freed_memory_is_used_again():
    assert _pages("kept") < 2000 < _pages("not kept")
