"""Quotients of columns of integers, rounded exactly: int64 where it provably fits, Python's integers otherwise."""

from __future__ import annotations

import numpy as np

#: What stays below it in magnitude can be doubled in int64.
SAFE = 2**62


def largest(values: np.ndarray) -> int:
    """The greatest magnitude, at least 1."""
    return int(np.abs(values).max(initial=1))


def product(*factors: np.ndarray | int) -> np.ndarray:
    """The product by row, as int64 or as Python's integers."""
    most = 1
    for factor in factors:
        most *= abs(factor) if isinstance(factor, int) else largest(factor)
    made, *others = factors if most < SAFE else (np.asarray(factor).astype(object) for factor in factors)
    for factor in others:
        made = made * factor
    return made


def half_up(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    """int64: the integers next to top ÷ below (above 0), halves away from zero."""
    if 2 * largest(top) + largest(below) >= SAFE:
        top, below = top.astype(object), below.astype(object)
    nearest = (2 * np.abs(top) + below) // (2 * below)
    return np.where(top < 0, -nearest, nearest).astype(np.int64)
