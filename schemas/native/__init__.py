"""Code that is not Python: events to columns, names and keys to numbers. Optional; without it the same comes slower."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path

SOURCE = Path(__file__).with_name("events.c")
#: What infra/build_native.py makes of it.
LIBRARY = SOURCE.with_suffix(".so")
LOOKUPS = Path(__file__).with_name("lookups.c")
LOOKUPS_LIBRARY = LOOKUPS.with_suffix(".so")


def stamp(source: Path) -> str:
    """The symbol by which a library shows that it was made of ``source`` as it is."""
    return f"kpistream_{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"


def load(library: Path, source: Path) -> ctypes.CDLL | None:
    """The library; None where it is missing or was made of another source: its callers would read wrong memory."""
    try:
        loaded = ctypes.CDLL(str(library))
    except OSError:
        return None
    return loaded if hasattr(loaded, stamp(source)) else None
