"""Arrow columns for blocks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from schemas.interning import Interner


def dictionary_column(values: list[str]) -> pa.DictionaryArray:
    """``values`` dictionary-encoded."""
    return pa.array(values, pa.string()).dictionary_encode()


def coded_column(codes: np.ndarray, names: Interner) -> pa.DictionaryArray:
    """Names by ``codes`` dictionary-encoded; only names in use go into the dictionary."""
    used, local = numbered(codes, len(names))
    return pa.DictionaryArray.from_arrays(pa.array(local.astype(np.int32)), names.column(used))


def distinct(values: np.ndarray) -> np.ndarray:
    """The unique ``values``, ascending. Made for what is almost in order, such as sorted arrays one after the other:
    numpy's ``unique`` puts each value into a hash set first, which takes thirty times as long for 100,000 of them.
    """
    ordered = np.sort(values, kind="stable")
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def stable_order(values: np.ndarray, below: int) -> np.ndarray:
    """The order of ``values`` (0 to ``below``) by value and place. Numbers that hold both are sorted several times
    faster than numpy finds a stable order.
    """
    bits = len(values).bit_length()
    if below >= 1 << (63 - bits):
        return np.argsort(values, kind="stable")
    return np.sort(values.astype(np.int64) << bits | np.arange(len(values))) & (1 << bits) - 1


def among(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Bool per value: whether it is one of ``wanted``, which are unique and ascending."""
    if not len(wanted):
        return np.zeros(len(values), bool)
    return wanted[np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)] == values


def numbered(values: np.ndarray, below: int) -> tuple[np.ndarray, np.ndarray]:
    """The unique ``values`` (0 to ``below``), ascending, and which of them each is; without sorting where there are not
    many more that could be.
    """
    if below > 20 * len(values) + 1000:
        return np.unique(values, return_inverse=True)
    seen = np.zeros(below, bool)
    seen[values] = True
    unique = np.flatnonzero(seen)
    place = np.empty(below, np.int64)
    place[unique] = np.arange(len(unique))
    return unique, place[values]
