"""What an award's bound says of the smallest sample that it asks for: written by the stages, read by what tells it."""

from __future__ import annotations

import re

_SAMPLE = re.compile(r" \(at least (\d+)\)")


def sample_text(least: int) -> str:
    """What follows a bound that asks for so many; '' for none."""
    return f" (at least {least})" if least else ""


def sampled(bound: str) -> tuple[str, str]:
    """One bound without it, and the least sample that it asks for, '' for none."""
    found = _SAMPLE.search(bound)
    return (bound[: found.start()], found[1]) if found else (bound, "")


def without_samples(bounds: str) -> str:
    """All that is asked for of one award, without samples."""
    return _SAMPLE.sub("", bounds)
