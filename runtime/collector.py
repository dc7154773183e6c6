"""Python's garbage collector, told about our way of working."""

from __future__ import annotations

import gc

_YOUNG = 200_000  # a batch of records is tens of thousands of objects, all of which go by reference count


def unhurried() -> None:
    """Call first of all: what is loaded at the start, programs and plans, all stays."""
    gc.set_threshold(_YOUNG, 20, 50)


def settle() -> None:
    """Call once everything is loaded: what exists now stays, and new objects are looked through seldom.

    With the default thresholds each batch of records makes the collector walk the whole heap several times, which
    cost a quarter of a worker's time.
    """
    gc.collect()
    gc.freeze()
    unhurried()
