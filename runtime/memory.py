"""Python's garbage collector and the C library's memory, told about our way of working."""

from __future__ import annotations

import ctypes
import gc
import os

_YOUNG = 200_000  # a batch of records is tens of thousands of objects, all of which go by reference count

# glibc's malloc.h
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_MOST = 2**31 - 1  # bytes; as an int can say it
_AHEAD = 64 << 20  # bytes


def unhurried() -> None:
    """Call first of all: what is loaded at the start, programs and plans, all stays."""
    gc.set_threshold(_YOUNG, 20, 50)


def keep() -> None:
    """Call before Arrow is loaded: memory that was freed is used again, not given back to the system.

    Every batch takes tens of megabytes and frees them. By default such pieces come from the system and go back to it;
    to get a page and touch it first costs more than what a worker then does with the bytes in it, on virtual machines
    several times more. So a process keeps what it needed at most. Where the C library is not glibc nothing changes.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # the C library's, instead of one more of its own
    try:
        option = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    option(_ARENA_MAX, 1)  # one heap for all threads: only one of them runs at a time
    option(_MMAP_MAX, 0)  # pieces of any size come from it
    option(_TRIM_THRESHOLD, _MOST)
    option(_TOP_PAD, _AHEAD)


def give_back() -> None:
    """Call after something large and rare, such as restoring a state: what was freed goes back to the system, which
    ``keep`` lets happen at no other time.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return
    trim(0)


def settle() -> None:
    """Call once everything is loaded: what exists now stays, and new objects are looked through seldom.

    With the default thresholds each batch of records makes the collector walk the whole heap several times, which
    cost a quarter of a worker's time.
    """
    gc.collect()
    gc.freeze()
    unhurried()
