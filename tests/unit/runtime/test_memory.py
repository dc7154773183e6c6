"""Memory that a process has freed is used again instead of being given back and fetched anew."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import resource, sys
if sys.argv[1] == "kept":
    from runtime.memory import keep
    keep()
import numpy as np

def pages(turns):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(turns):
        piece = np.empty(40 << 20, np.uint8)
        piece[::4096] = 1
        del piece
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages(3)
print(pages(10))
"""


def _pages(how: str) -> int:
    """How often the system gave memory to a process that took and freed the same piece over and over."""
    return int(subprocess.run([sys.executable, "-c", _PROGRAM, how], check=True, capture_output=True, text=True).stdout)


def test_freed_memory_is_used_again():
    assert _pages("kept") < 50 < _pages("not kept")
