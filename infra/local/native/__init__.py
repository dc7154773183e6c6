"""Ends the embedded ClickHouse at a write that fails, in C. Optional; without it a full disk may damage its tables."""

from pathlib import Path

SOURCE = Path(__file__).with_name("failed_writes.c")
#: What infra/build_native.py makes of it; loaded before libchdb.so (LD_PRELOAD).
LIBRARY = SOURCE.with_suffix(".so")
