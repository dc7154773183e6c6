"""Arrow columns for blocks."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def dictionary_column(values: list[str]) -> pa.DictionaryArray:
    """``values`` dictionary-encoded."""
    return pa.array(values, pa.string()).dictionary_encode()


def coded_column(codes: np.ndarray, names: list[str]) -> pa.DictionaryArray:
    """Names by ``codes`` dictionary-encoded; only names in use go into the dictionary."""
    used, local = np.unique(codes, return_inverse=True)
    return pa.DictionaryArray.from_arrays(
        pa.array(local.astype(np.int32)), pa.array([names[code] for code in used.tolist()], pa.string())
    )
