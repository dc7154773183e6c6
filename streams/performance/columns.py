"""Arrow columns for blocks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def dictionary_column(values: list[str]) -> pa.DictionaryArray:
    """``values`` dictionary-encoded."""
    return pa.array(values, pa.string()).dictionary_encode()


def coded_column(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
    """Names by ``codes`` dictionary-encoded; only names in use go into the dictionary."""
    used, local = numbered(codes, len(names))
    return pa.DictionaryArray.from_arrays(
        pa.array(local.astype(np.int32)), pa.array([names[code] for code in used.tolist()], pa.string())
    )


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
