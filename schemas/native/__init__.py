"""The one piece of code that is not Python: events in JSON to columns. Optional; without it the same comes slower."""

from pathlib import Path

SOURCE = Path(__file__).with_name("events.c")
#: What infra/build_native.py makes of it.
LIBRARY = SOURCE.with_suffix(".so")
