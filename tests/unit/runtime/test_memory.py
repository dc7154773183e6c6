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
from runtime.memory import give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20

def pages(turns):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(turns):
        piece = np.empty(40 << 20, np.uint8)
        piece[::4096] = 1
        del piece
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages(3)
print(pages(10))
pieces = [np.ones(1 << 20, np.uint8) for _ in range(200)]
kept, pieces = pieces[-1], None
held = resident()
give_back()
print(held - resident())
"""


def _run(how: str) -> tuple[int, int]:
    """How often the system gave memory to a process that took and freed the same piece over and over; of 200 MB that it
    freed at last, how many it then gave back.
    """
    done = subprocess.run([sys.executable, "-c", _PROGRAM, how], check=True, capture_output=True, text=True)
    pages, given_back = map(int, done.stdout.split())
    return pages, given_back


def test_freed_memory_is_used_again_until_it_is_given_back():
    (pages, given_back), (others, _) = _run("kept"), _run("not kept")
    assert pages < 50 < others
    assert given_back > 150
