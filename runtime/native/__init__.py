"""Kafka's record batches to columns, in C. Optional; without it records come as objects, slower."""

from pathlib import Path

SOURCE = Path(__file__).with_name("records.c")
#: What infra/build_native.py makes of it.
LIBRARY = SOURCE.with_suffix(".so")
